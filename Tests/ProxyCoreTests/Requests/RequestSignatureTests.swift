import ProxyCore
import Testing

/// Signed requests (contract section 5, K-041).
struct RequestSignatureTests {
    /// A request whose signature was made by another implementation (Python's `hmac` and `hashlib`).
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var method = "POST"
        let target: String
        var body: [UInt8] = Array("{}".utf8)
        var timestamp = "1767225600"
        let nonce: String
        var token = "token-of-ci"
        let signature: String
    }

    private static let vectors = [
        Vector(
            testDescription: "a chat", target: "/v1/chat/completions",
            body: Array(#"{"model":"m","messages":[]}"#.utf8),
            nonce: "0123456789abcdef",
            signature: "0985defffc3a234122e0691c519307c98b60efe9d2ce6c397ad16911fd8c8ca1"),
        Vector(
            testDescription: "no body", method: "GET", target: "/v1/models", body: [], nonce: "nonce-of-sixteen",
            signature: "85934d4ae4e1f8bff883aa29c591966866dc9596d21af5dcc63b84f6e1278d65"),
        Vector(
            testDescription: "a query", target: "/v1/chat/completions?a=1&b=%2F",
            nonce: String(repeating: "n", count: 64),
            signature: "6554fe1870affc82c0b6dd80959a58539504fa117f5ab015c3caa2870b6b7e57"),
        Vector(
            testDescription: "an empty query", target: "/v1/x?", nonce: "!~#$%&'()*+,-./:",
            signature: "12e99dbff750543359b7e8e103a061477971832e8e02f7363fc91063d59e8e9c"),
        Vector(
            testDescription: "a long token", method: "PUT", target: "/p/kimi//x;y", body: [0, 0xFF, 0x0A],
            timestamp: "001767225600", nonce: "0123456789abcdef", token: String(repeating: "t", count: 200),
            signature: "67a23b7961ebc98112a43c035b29dc4c2a0d4b5a5cf1c25419c49216bccf4db9"),
    ]

    private static func fields(_ vector: Vector) -> HeaderFields {
        [
            "X-KMI-Timestamp": vector.timestamp, "X-KMI-Nonce": vector.nonce, "X-KMI-Signature": vector.signature,
        ]
    }

    private static func digest(_ bytes: [UInt8], pieces: Int = 1) -> BodyDigest {
        var digest = BodyDigest()
        let size = max(1, (bytes.count + pieces - 1) / pieces)
        for start in stride(from: 0, to: bytes.count, by: size) {
            bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { digest.update($0) }
        }
        return digest
    }

    private static func refusal(_ body: () throws(RequestSignature.Refusal) -> Void) -> RequestSignature.Refusal? {
        do throws(RequestSignature.Refusal) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private static func refusal(
        of vector: Vector, method: String? = nil, target: String? = nil, body: [UInt8]? = nil, token: String? = nil,
        _ changes: [(String, String)] = []
    ) -> RequestSignature.Refusal? {
        var fields = Self.fields(vector)
        for (name, value) in changes { fields.replace(name: name, value: value) }
        return self.refusal { () throws(RequestSignature.Refusal) in
            let signature = try RequestSignature(fields)
            try signature.check(
                method: method ?? vector.method, target: target ?? vector.target,
                body: Self.digest(body ?? vector.body), token: Array((token ?? vector.token).utf8))
        }
    }

    @Test("takes what another implementation has signed, in digits of either case (K-041)", arguments: vectors)
    func takes(vector: Vector) throws {
        #expect(Self.refusal(of: vector) == nil)
        #expect(Self.refusal(of: vector, [("X-KMI-Signature", vector.signature.uppercased())]) == nil)
        let signature = try RequestSignature(Self.fields(vector))
        for pieces in [2, 3, 1_000] {
            try signature.check(
                method: vector.method, target: vector.target, body: Self.digest(vector.body, pieces: pieces),
                token: Array(vector.token.utf8))
        }
    }

    @Test("refuses it with anything changed that is signed (K-041)", arguments: vectors)
    func refusesChanges(vector: Vector) {
        #expect(Self.refusal(of: vector, method: "DELETE") == .wrong)
        #expect(Self.refusal(of: vector, method: vector.method.lowercased()) == .wrong)
        #expect(Self.refusal(of: vector, target: vector.target + "x") == .wrong)
        #expect(Self.refusal(of: vector, target: "/" + vector.target) == .wrong)
        #expect(Self.refusal(of: vector, target: vector.target + "?a=2") == .wrong)
        #expect(Self.refusal(of: vector, body: vector.body + [0x20]) == .wrong)
        #expect(Self.refusal(of: vector, token: vector.token + "x") == .wrong)
        #expect(Self.refusal(of: vector, token: "") == .wrong)
        #expect(Self.refusal(of: vector, [("X-KMI-Timestamp", "1767225601")]) == .wrong)
        #expect(Self.refusal(of: vector, [("X-KMI-Nonce", vector.nonce.uppercased() + "x")]) != nil)
        let last = vector.signature.hasSuffix("0") ? "1" : "0"
        #expect(Self.refusal(of: vector, [("X-KMI-Signature", String(vector.signature.dropLast()) + last)]) == .wrong)
        let first = vector.signature.hasPrefix("0") ? "1" : "0"
        #expect(Self.refusal(of: vector, [("X-KMI-Signature", first + vector.signature.dropFirst())]) == .wrong)
    }

    @Test(
        "reads its fields strictly (K-041)",
        arguments: [
            ("X-KMI-Timestamp", nil, .missing), ("X-KMI-Nonce", nil, .missing), ("X-KMI-Signature", nil, .missing),
            ("X-KMI-Timestamp", "", .timestamp), ("X-KMI-Timestamp", "+1767225600", .timestamp),
            ("X-KMI-Timestamp", "-1", .timestamp), ("X-KMI-Timestamp", "1767225600.0", .timestamp),
            ("X-KMI-Timestamp", "0x1", .timestamp), ("X-KMI-Timestamp", "1767225600123456", .timestamp),
            ("X-KMI-Timestamp", "١", .timestamp),
            ("X-KMI-Nonce", String(repeating: "n", count: 15), .nonce),
            ("X-KMI-Nonce", String(repeating: "n", count: 65), .nonce), ("X-KMI-Nonce", "", .nonce),
            ("X-KMI-Nonce", "0123456789 abcdef", .nonce), ("X-KMI-Nonce", "0123456789abcdé", .nonce),
            ("X-KMI-Signature", "", .code), ("X-KMI-Signature", String(repeating: "a", count: 63), .code),
            ("X-KMI-Signature", String(repeating: "a", count: 65), .code),
            ("X-KMI-Signature", String(repeating: "g", count: 64), .code),
            ("X-KMI-Signature", String(repeating: "é", count: 32), .code),
        ] as [(String, String?, RequestSignature.Refusal)])
    func isStrict(name: String, value: String?, refusal: RequestSignature.Refusal) {
        var fields = Self.fields(Self.vectors[0])
        fields.remove(name)
        if let value { fields.add(name: name, value: value) }
        #expect(Self.refusal { () throws(RequestSignature.Refusal) in _ = try RequestSignature(fields) } == refusal)
        var twice = Self.fields(Self.vectors[0])
        twice.add(name: name, value: twice.first(name) ?? "")
        #expect(Self.refusal { () throws(RequestSignature.Refusal) in _ = try RequestSignature(twice) } == .repeated)
    }

    @Test("nonces of 16 and of 64 characters are taken (K-041)", arguments: [16, 64])
    func nonceLengths(length: Int) throws {
        var fields = Self.fields(Self.vectors[0])
        fields.replace(name: "X-KMI-Nonce", value: String(repeating: "n", count: length))
        #expect(try RequestSignature(fields).nonce.count == length)
    }

    @Test(
        "a timestamp may be 300 whole seconds away, to both sides (K-041)",
        arguments: [(0, true), (300, true), (-300, true), (301, false), (-301, false), (86_400, false)])
    func timeOfSignature(seconds: Int64, isTaken: Bool) throws {
        let signature = try RequestSignature(Self.fields(Self.vectors[0]))
        for fraction in [0, 999_999] as [Int64] {
            let now = WallTime(microseconds: (1_767_225_600 + seconds) * 1_000_000 + fraction)
            let refusal = Self.refusal { () throws(RequestSignature.Refusal) in try signature.checkTime(now) }
            #expect(refusal == (isTaken ? nil : .skew))
            // A nonce is remembered for as long as its request would be taken.
            #expect((now < signature.expires) == (seconds <= 300))
        }
    }
}
