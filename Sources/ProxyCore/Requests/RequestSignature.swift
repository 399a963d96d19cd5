internal import Crypto

/// The signature of a request, as its three header fields say (`auth.hmac`, contract section 5, K-041).
///
/// Signed is, with HMAC-SHA-256 (RFC 2104) keyed with the client's token as it was sent: the method, the request target
/// as it was sent, the SHA-256 of the body in lower-case hexadecimal digits, the timestamp and the nonce, joined by
/// single line feeds.
public struct RequestSignature: Sendable, Equatable {
    /// Why a signature is refused, for the log.
    public enum Refusal: String, Error, Sendable, CaseIterable {
        /// One of the three fields is not there.
        case missing = "signature missing"
        /// One of the fields is there twice.
        case repeated = "signature repeated"
        /// The timestamp is no number of seconds.
        case timestamp = "signature timestamp malformed"
        /// The nonce does not have 16 to 64 visible ASCII characters.
        case nonce = "signature nonce malformed"
        /// The signature does not have 64 hexadecimal digits.
        case code = "signature malformed"
        /// The timestamp is more than 300 s away from the present time.
        case skew = "signature out of time"
        /// The signature is not that of the request.
        case wrong = "signature wrong"
        /// The nonce was used before.
        case replay = "signature used before"
    }

    /// The field of the time: Unix seconds.
    public static let timestampField = "X-KMI-Timestamp"
    /// The field of the nonce.
    public static let nonceField = "X-KMI-Nonce"
    /// The field of the signature.
    public static let signatureField = "X-KMI-Signature"
    /// How far the timestamp may be from the present time, in whole seconds to both sides.
    public static let tolerance: Int64 = 300
    /// How many characters a nonce may have.
    public static let nonceLengths = 16...64

    /// The timestamp, in seconds since the epoch.
    public let seconds: Int64
    /// The nonce.
    public let nonce: String
    private let timestamp: String
    private let code: [UInt8]

    /// From when on no request with this timestamp is taken any more.
    public var expires: WallTime { WallTime(microseconds: (self.seconds + Self.tolerance + 1) * 1_000_000) }

    /// Reads the fields of a request.
    public init(_ headers: HeaderFields) throws(Refusal) {
        let timestamp = try Self.single(Self.timestampField, in: headers)
        let nonce = try Self.single(Self.nonceField, in: headers)
        let signature = try Self.single(Self.signatureField, in: headers)
        // Twelve digits reach past the year 30000 and overflow nothing.
        guard (1...12).contains(timestamp.utf8.count), timestamp.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(timestamp)
        else { throw .timestamp }
        guard Self.nonceLengths.contains(nonce.utf8.count), nonce.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .nonce
        }
        guard let code = Self.bytes(signature) else { throw .code }
        (self.seconds, self.timestamp, self.nonce, self.code) = (seconds, timestamp, nonce, code)
    }

    /// Refuses a signature that is too old, or from too far ahead.
    ///
    /// Whole seconds are compared: the fraction of the present one does not count.
    public func checkTime(_ now: WallTime) throws(Refusal) {
        let present = now.microseconds / 1_000_000
        guard abs(present - self.seconds) <= Self.tolerance else { throw .skew }
    }

    /// Refuses a signature that is not that of the request.
    ///
    /// The comparison takes the same time wherever a difference is.
    ///
    /// - Parameters:
    ///   - method: The method as it was sent.
    ///   - target: The request target as it was sent.
    ///   - body: The digest of the body.
    ///   - token: The client's token.
    public func check(method: String, target: String, body: BodyDigest, token: [UInt8]) throws(Refusal) {
        let message = Self.message(
            method: method, target: target, body: body, timestamp: self.timestamp, nonce: self.nonce)
        guard
            HMAC<SHA256>.isValidAuthenticationCode(
                self.code, authenticating: message, using: SymmetricKey(data: token))
        else { throw .wrong }
    }

    /// What is signed.
    static func message(
        method: String, target: String, body: BodyDigest, timestamp: String, nonce: String
    ) -> [UInt8] {
        let digest = String(decoding: body.hexadecimal, as: UTF8.self)
        return Array([method, target, digest, timestamp, nonce].joined(separator: "\n").utf8)
    }

    private static func single(_ name: String, in headers: HeaderFields) throws(Refusal) -> String {
        let values = headers.all(name)
        guard let value = values.first else { throw .missing }
        guard values.count == 1 else { throw .repeated }
        return value
    }

    /// The bytes that 64 hexadecimal digits of either case stand for.
    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = digits[index].hexadecimalValue, let low = digits[index + 1].hexadecimalValue else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
