internal import Crypto

/// The SHA-256 of a body (FIPS 180-4), made while the body comes in.
public struct BodyDigest: Sendable {
    private var hash = SHA256()

    /// Makes the digest of nothing.
    public init() {}

    /// Takes the next piece.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.hash.update(bufferPointer: bytes)
    }

    /// The digest of all pieces, as 64 lower-case hexadecimal digits.
    public var hexadecimal: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return self.hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
