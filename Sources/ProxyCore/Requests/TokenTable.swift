internal import Crypto

/// The tokens that callers may show, as keyed SHA-256 digests (HMAC, RFC 2104): the tokens themselves are not kept
///
///
/// A lookup hashes what was shown and compares it with every entry, without leaving early and without a branch that
/// depends on a digest, so that its time tells nothing but the number of entries (K-022).
public struct TokenTable: Sendable {
    /// The length of a digest in bytes.
    public static let digestLength = 32

    /// A code that has the key and the prefix already: half of the work that each lookup would do again.
    private let begun: HMAC<SHA256>
    /// The digests, one after the other.
    private var digests: [UInt8] = []

    /// The number of entries.
    public var count: Int { self.digests.count / Self.digestLength }

    /// Makes an empty table whose digests are made with the installation's key.
    public init(key: [UInt8]) {
        self.begun = Self.begin(key)
    }

    /// Adds a token behind the others.
    public mutating func append(token: some Collection<UInt8>) {
        self.digests.append(contentsOf: Self.digest(of: token, self.begun))
    }

    /// Adds the digest of a token behind the others; `false`, and nothing is added, if it does not have 32 bytes.
    public mutating func append(digest: [UInt8]) -> Bool {
        guard digest.count == Self.digestLength else { return false }
        self.digests.append(contentsOf: digest)
        return true
    }

    /// The digest of a token, made with the installation's key.
    public static func digest(of token: some Collection<UInt8>, key: [UInt8]) -> [UInt8] {
        self.digest(of: token, self.begin(key))
    }

    private static func begin(_ key: [UInt8]) -> HMAC<SHA256> {
        // The prefix keeps these digests apart from others that are made with the same key.
        var code = HMAC<SHA256>(key: SymmetricKey(data: key))
        code.update(data: Array("kmi client token\0".utf8))
        return code
    }

    private static func digest(of token: some Collection<UInt8>, _ begun: HMAC<SHA256>) -> [UInt8] {
        var code = begun
        code.update(data: Array(token))
        return Array(code.finalize())
    }

    /// The index of the entry whose token was shown; the last one if several are the same.
    public func index(of credential: ClientCredential) -> Int? {
        let shown = Self.digest(of: credential.bytes, self.begun)
        var match = -1
        for entry in 0..<self.count {
            var difference: UInt8 = 0
            for offset in 0..<Self.digestLength {
                difference |= self.digests[entry * Self.digestLength + offset] ^ shown[offset]
            }
            // All ones where nothing differs, else all zeros: the borrow of `difference - 1` reaches the upper bits
            // only from zero.
            let mask = (Int(difference) - 1) >> 8
            match = (match & ~mask) | (entry & mask)
        }
        return match < 0 ? nil : match
    }
}
