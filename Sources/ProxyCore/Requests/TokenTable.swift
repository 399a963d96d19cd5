internal import Crypto

/// The tokens that callers may show, as SHA-256 digests: the tokens themselves are not kept.
///
/// A lookup hashes what was shown and compares it with every entry, without leaving early and without a branch that
/// depends on a digest, so that its time tells nothing but the number of entries (K-022).
public struct TokenTable: Sendable {
    private static let digestLength = 32

    /// The digests, one after the other.
    private var digests: [UInt8] = []

    /// The number of entries.
    public var count: Int { self.digests.count / Self.digestLength }

    /// Makes an empty table.
    public init() {}

    /// Makes a table of tokens; the index of a token is its place here.
    public init(tokens: some Sequence<[UInt8]>) {
        for token in tokens { self.append(token: token) }
    }

    /// Makes a table of SHA-256 digests; `nil` if one does not have 32 bytes.
    public init?(digests: some Sequence<[UInt8]>) {
        for digest in digests {
            guard digest.count == Self.digestLength else { return nil }
            self.digests.append(contentsOf: digest)
        }
    }

    /// Adds a token behind the others.
    public mutating func append(token: some Collection<UInt8>) {
        self.digests.append(contentsOf: Self.digest(of: token))
    }

    /// The SHA-256 digest of a token.
    public static func digest(of token: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array(token))
        return Array(hash.finalize())
    }

    /// The index of the entry whose token was shown; the last one if several are the same.
    public func index(of credential: ClientCredential) -> Int? {
        let shown = Self.digest(of: credential.bytes)
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
