internal import Crypto

/// The tokens that callers may show, as keyed SHA-256 digests (HMAC, RFC 2104): the tokens themselves are not kept
///
///
/// A lookup hashes what was shown and compares it with every entry, without leaving early and without a branch that
/// depends on a digest, so that its time tells nothing but the number of entries (K-022).
public struct TokenTable: Sendable {
    /// The length of a digest in bytes.
    public static let digestLength = 32

    private let key: SymmetricKey
    /// The digests, one after the other.
    private var digests: [UInt8] = []

    /// The number of entries.
    public var count: Int { self.digests.count / Self.digestLength }

    /// Makes an empty table whose digests are made with the installation's key.
    public init(key: [UInt8]) {
        self.key = SymmetricKey(data: key)
    }

    /// Adds a token behind the others.
    public mutating func append(token: some Collection<UInt8>) {
        self.digests.append(contentsOf: Self.digest(of: token, key: self.key))
    }

    /// Adds the digest of a token behind the others; `false`, and nothing is added, if it does not have 32 bytes.
    public mutating func append(digest: [UInt8]) -> Bool {
        guard digest.count == Self.digestLength else { return false }
        self.digests.append(contentsOf: digest)
        return true
    }

    /// The digest of a token, made with the installation's key.
    public static func digest(of token: some Collection<UInt8>, key: [UInt8]) -> [UInt8] {
        self.digest(of: token, key: SymmetricKey(data: key))
    }

    private static func digest(of token: some Collection<UInt8>, key: SymmetricKey) -> [UInt8] {
        // The prefix keeps these digests apart from others that are made with the same key.
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array("kmi client token\0".utf8))
        code.update(data: Array(token))
        return Array(code.finalize())
    }

    /// The index of the entry whose token was shown; the last one if several are the same.
    public func index(of credential: ClientCredential) -> Int? {
        let shown = Self.digest(of: credential.bytes, key: self.key)
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
