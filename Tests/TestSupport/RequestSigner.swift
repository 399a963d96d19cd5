import ProxyCore

/// Signs requests as a client does (contract section 5); the code is made from SHA-256 by RFC 2104, without the daemon's
/// own verifier.
public struct RequestSigner: Sendable {
    /// The client's token.
    public var token: String
    /// Unix seconds.
    public var timestamp: Int64
    /// The nonce.
    public var nonce: String

    /// Makes a signer.
    public init(token: String, timestamp: Int64, nonce: String) {
        (self.token, self.timestamp, self.nonce) = (token, timestamp, nonce)
    }

    /// The three fields of a request.
    public func fields(_ method: String, _ target: String, _ body: String = "") -> [(String, String)] {
        let digest = String(decoding: Self.digest(Array(body.utf8)).hexadecimal, as: UTF8.self)
        let message = [method, target, digest, String(self.timestamp), self.nonce].joined(separator: "\n")
        return [
            ("X-KMI-Timestamp", String(self.timestamp)), ("X-KMI-Nonce", self.nonce),
            ("X-KMI-Signature", Self.code(of: Array(message.utf8), key: Array(self.token.utf8))),
        ]
    }

    /// HMAC-SHA-256 in hexadecimal digits.
    static func code(of message: [UInt8], key: [UInt8]) -> String {
        let block = 64
        var key = key.count > block ? Self.bytes(Self.digest(key)) : key
        key += [UInt8](repeating: 0, count: block - key.count)
        let inner = Self.bytes(Self.digest(key.map { $0 ^ 0x36 } + message))
        return String(decoding: Self.digest(key.map { $0 ^ 0x5C } + inner).hexadecimal, as: UTF8.self)
    }

    private static func digest(_ bytes: [UInt8]) -> BodyDigest {
        var digest = BodyDigest()
        bytes.withUnsafeBytes { digest.update($0) }
        return digest
    }

    private static func bytes(_ digest: BodyDigest) -> [UInt8] {
        let digits = digest.hexadecimal.map { $0 < 0x61 ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
