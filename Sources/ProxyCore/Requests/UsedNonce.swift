internal import Crypto

/// A nonce of a signed request, as far as it has to be remembered: a digest of it and of whose it is.
public struct UsedNonce: Sendable, Hashable {
    /// The length of a digest in bytes.
    public static let digestLength = 16

    /// The client that has signed.
    public let client: ClientName
    /// The first 16 bytes of the SHA-256 of client and nonce.
    public let digest: [UInt8]
    /// When it need not be remembered any more, because no request with its timestamp is taken.
    public let expires: WallTime

    /// Takes what was remembered; `nil` if the digest has another length.
    public init?(client: ClientName, digest: [UInt8], expires: WallTime) {
        guard digest.count == Self.digestLength else { return nil }
        (self.client, self.digest, self.expires) = (client, digest, expires)
    }

    /// The nonce of a signature.
    public init(of signature: RequestSignature, by client: ClientName) {
        var hash = SHA256()
        // Names of clients have no zeros.
        hash.update(data: Array("kmi nonce\0\(client)\0\(signature.nonce)".utf8))
        self.client = client
        self.digest = Array(hash.finalize().prefix(Self.digestLength))
        self.expires = signature.expires
    }
}
