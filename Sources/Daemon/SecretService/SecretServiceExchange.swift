import Crypto
import ProxyCore

/// This side of the agreement on a key for one session with the Secret Service: Diffie and Hellman in the group of
/// ``OakleyGroup`` (Secret Service specification, "Transfer of Secrets": `dh-ietf1024-sha256-aes128-cbc-pkcs7`).
struct SecretServiceExchange: Sendable {
    /// What the specification calls this way of agreeing; the other one, `plain`, is never used.
    static let algorithm = "dh-ietf1024-sha256-aes128-cbc-pkcs7"

    /// The size of an exponent: 256 bits, more than twice the strength of the group (as RFC 3526 section 8 reckons
    /// it), and a quarter of the work of one of 1024 bits.
    static let exponentSize = 32

    /// What the other side is told: 128 bytes.
    let publicKey: [UInt8]
    private let exponent: Secret

    /// Draws a key pair.
    init() {
        var random = SystemRandomNumberGenerator()
        var words = (0..<Self.exponentSize / 8).map { _ in random.next() }
        defer { words.withUnsafeMutableBytes { $0.erase() } }
        self.init(exponent: words.withUnsafeBytes { Secret(bytes: $0) })
    }

    /// Makes a key pair of an exponent of at most 128 bytes, big-endian.
    init(exponent: Secret) {
        self.exponent = exponent
        let power = OakleyGroup.power(OakleyGroup.generator, exponent)
        self.publicKey = power?.withBytes { Array($0) } ?? []
    }

    /// What the two sides have agreed upon; `nil` if what the other one sent is no public key.
    func session(with publicKey: [UInt8]) -> SecretServiceSession? {
        guard OakleyGroup.isPublicKey(publicKey) else { return nil }
        let digits = Array(publicKey.drop { $0 == 0 })
        guard let common = OakleyGroup.power(digits, self.exponent) else { return nil }
        // The common number with all its leading zeros, no salt and no further information.
        let input = common.withBytes { SymmetricKey(data: $0) }
        return SecretServiceSession(
            key: HKDF<SHA256>.deriveKey(inputKeyMaterial: input, outputByteCount: BlockChaining.blockSize))
    }
}

/// A key that this side and the Secret Service have agreed upon: what goes over the bus is encrypted with it.
struct SecretServiceSession: Sendable {
    /// A secret as it goes over the bus.
    struct Sealed: Sendable, Equatable {
        /// The initialisation vector.
        var parameters: [UInt8]
        /// The encrypted secret.
        var value: [UInt8]
    }

    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    /// Encrypts a secret.
    func seal(_ secret: Secret) throws(SecretServiceFailure) -> Sealed {
        var random = SystemRandomNumberGenerator()
        let words = (random.next(), random.next())
        return try self.seal(secret, vector: withUnsafeBytes(of: words) { Array($0) })
    }

    /// Encrypts a secret with a vector of 16 bytes, which may be used once only.
    func seal(_ secret: Secret, vector: [UInt8]) throws(SecretServiceFailure) -> Sealed {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(
            capacity: BlockChaining.paddedCount(secret.count))
        buffer.initialize(repeating: 0)
        defer {
            UnsafeMutableRawBufferPointer(buffer).erase()
            buffer.deallocate()
        }
        secret.withBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
        do throws(CryptoKitError) {
            try BlockChaining.encrypt(buffer, count: secret.count, key: self.key, vector: vector)
        } catch {
            throw SecretServiceFailure(.unusable, "a secret cannot be encrypted for the Secret Service")
        }
        return Sealed(parameters: vector, value: Array(buffer))
    }

    /// Decrypts a secret.
    func open(_ sealed: Sealed) throws(SecretServiceFailure) -> Secret {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: sealed.value.count)
        _ = buffer.initialize(from: sealed.value)
        defer {
            UnsafeMutableRawBufferPointer(buffer).erase()
            buffer.deallocate()
        }
        do throws(CryptoKitError) {
            let count = try BlockChaining.decrypt(buffer, key: self.key, vector: sealed.parameters)
            return Secret(bytes: buffer[..<count])
        } catch {
            throw SecretServiceFailure(.unusable, "what the Secret Service sent cannot be decrypted")
        }
    }
}
