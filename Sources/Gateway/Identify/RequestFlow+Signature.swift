import NIOCore
import ProxyCore

/// A signature whose request has not arrived whole.
struct OpenSignature {
    /// What the header says.
    let signature: RequestSignature
    /// The token that it is keyed with.
    let token: [UInt8]
    /// The client whose token it is.
    let client: ClientName
    /// The body so far.
    var body = BodyDigest()

    /// The nonce, as it is remembered.
    var nonce: UsedNonce { UsedNonce(of: self.signature, by: self.client) }
}

/// Signed requests (contract section 5, K-041).
///
/// What the header alone tells is checked with the credential, the signature itself once the body is there and before
/// anything of it goes on. A nonce belongs to one request at a time from then on, and is used up as soon as something is
/// done for that; a request that is refused before gives it back.
extension RequestFlow {
    /// Reads and checks the fields of the signature, where one is asked for.
    func openSignature(
        of admitted: CallerCheck.Admitted, _ check: CallerCheck
    ) throws(ProxyFault) -> OpenSignature? {
        guard self.snapshot.configuration.auth.hmac == .required else { return nil }
        guard let client = admitted.caller.name, let credential = admitted.credential else {
            throw check.unauthorized("no token")
        }
        let open: OpenSignature
        do throws(RequestSignature.Refusal) {
            let signature = try RequestSignature(self.head.headers)
            try signature.checkTime(self.gateway.time.wallTime())
            open = OpenSignature(signature: signature, token: credential.bytes, client: client)
        } catch {
            throw self.refused(error, of: client, check)
        }
        // One that is known already need not send its body first.
        if self.gateway.nonces.isUsed(open.nonce) { throw self.refused(.replay, of: client, check) }
        return open
    }

    /// Takes a piece of the body into the digest that is signed.
    func sign(_ piece: ByteBuffer) {
        guard self.signature != nil else { return }
        piece.withUnsafeReadableBytes { self.signature?.body.update($0) }
    }

    /// Checks the signature of a request that is there as a whole, and makes its nonce its own.
    func confirmSignature() throws(ProxyFault) {
        guard let open = self.signature else { return }
        self.signature = nil
        let check = self.callerCheck
        let now = self.gateway.time.wallTime()
        do throws(RequestSignature.Refusal) {
            try open.signature.check(
                method: self.head.method, target: self.head.target, body: open.body, token: open.token)
            // The body may have taken its time.
            try open.signature.checkTime(now)
        } catch {
            throw self.refused(error, of: open.client, check)
        }
        let nonce = open.nonce
        switch self.gateway.nonces.reserve(nonce, at: now) {
        case .reserved: self.nonce = nonce
        case .used: throw self.refused(.replay, of: open.client, check)
        case .tooOld: throw self.refused(.skew, of: open.client, check)
        case .full(let wait):
            throw ProxyFault(
                .overloaded, message: "Too many signed requests of late: their nonces have to be remembered.",
                retryAfter: max(1, Int(wait.seconds.rounded(.up))))
        }
    }

    /// Something is done for the request: its nonce is used up, and outlives the process.
    func spendNonce() {
        guard let nonce = self.nonce else { return }
        self.nonce = nil
        self.gateway.observer.nonceUsed(nonce, at: self.gateway.time.wallTime())
    }

    /// Nothing was done for the request: its nonce may come again.
    func returnNonce() {
        guard let nonce = self.nonce else { return }
        self.nonce = nil
        self.gateway.nonces.release(nonce)
    }

    private func refused(
        _ refusal: RequestSignature.Refusal, of client: ClientName, _ check: CallerCheck
    ) -> ProxyFault {
        check.unauthorized(
            refusal.rawValue, of: client, message: "The request is not signed as it has to be: \(refusal.rawValue).")
    }
}
