import Logging
import ProxyCore

/// Finds out who sends a request, and refuses whoever may not call its route.
struct CallerCheck {
    /// A caller who may go on.
    struct Admitted {
        /// Who it is.
        let caller: Caller
        /// The token that was shown; `nil` for none.
        let credential: ClientCredential?
    }

    let gateway: Gateway
    let snapshot: GatewaySnapshot
    let connection: ConnectionInfo
    let headers: HeaderFields
    /// Where the request comes from.
    let origin: CallerOrigin
    let logger: Logger

    init(
        _ gateway: Gateway, _ snapshot: GatewaySnapshot, _ connection: ConnectionInfo, _ headers: HeaderFields,
        logger: Logger
    ) {
        (self.gateway, self.snapshot, self.connection) = (gateway, snapshot, connection)
        (self.headers, self.logger) = (headers, logger)
        self.origin = CallerOrigin(
            connection.transport, headers: headers, trustedProxies: snapshot.configuration.auth.trustedProxies)
    }

    /// Lets a caller in whose credential is what a route asks for.
    func admit(to policy: RoutePolicy) throws(ProxyFault) -> Admitted {
        switch policy {
        case .open:
            return self.admitted(nil)
        case .inference:
            if let admitted = try self.showing(.inference) { return admitted }
            return try self.withoutToken()
        case .metrics:
            guard !self.connection.isLocal else { return self.admitted(nil) }
            guard let admitted = try self.showing(.metrics) else { throw self.unauthorized("no token") }
            return admitted
        }
    }

    /// The client whose token was shown, which has to be good for something; `nil` if none was shown.
    ///
    /// The lookup compares digests that are in memory and reaches no network, so nothing of it needs to be rationed or
    /// remembered.
    private func showing(_ scope: Configuration.Client.Scope) throws(ProxyFault) -> Admitted? {
        switch ClientCredential.extract(from: self.headers) {
        case .none:
            return nil
        case .refused(let reason):
            throw self.unauthorized("credential \(reason.rawValue)")
        case .presented(let credential):
            guard let client = self.snapshot.client(showing: credential) else {
                throw self.unauthorized("unknown token")
            }
            if let expires = client.expires, expires <= self.gateway.time.wallTime() {
                throw self.unauthorized("expired token", of: client.name)
            }
            guard client.scopes.contains(scope) else {
                throw ProxyFault(.forbidden, message: "The token is not for \(scope.rawValue).")
            }
            return Admitted(caller: Caller(client: client, from: self.origin), credential: credential)
        }
    }

    /// A caller of the data plane without a token.
    private func withoutToken() throws(ProxyFault) -> Admitted {
        let auth = self.snapshot.configuration.auth
        // A signature is keyed with a token.
        guard auth.hmac == .off else { throw self.unauthorized("no token") }
        if let userID = self.origin.userID {
            guard auth.sameUserSocket, userID == self.gateway.userID else { throw self.unauthorized("no token") }
        } else if auth.requireToken {
            throw self.unauthorized("no token")
        }
        return self.admitted(nil)
    }

    private func admitted(_ client: Configuration.Client?) -> Admitted {
        Admitted(caller: Caller(client: client, from: self.origin), credential: nil)
    }

    /// Tells log and audit of a caller who failed to show who it is.
    func unauthorized(_ reason: String, of client: ClientName? = nil, message: String? = nil) -> ProxyFault {
        self.gateway.tell(
            CallerIncident(.authenticationFailed, origin: self.origin.identity(), client: client, reason: reason),
            "caller not authorised", ["event": "auth_failed"], to: self.logger)
        return ProxyFault(.unauthorized, message: message)
    }
}

extension GatewaySnapshot {
    /// The client whose token was shown.
    func client(showing credential: ClientCredential) -> Configuration.Client? {
        self.tokens.index(of: credential).flatMap { index in
            self.tokenOwners.indices.contains(index) ? self.clients[self.tokenOwners[index]] : nil
        }
    }
}
