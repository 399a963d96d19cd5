import Crypto
import Foundation

/// What an answer depends on: the request without its credential.
struct RequestFacts: Sendable {
    /// The method.
    let method: String
    /// The target, byte for byte.
    let target: String
    /// The header fields in their order.
    let headers: [AnswerScript.HeaderLine]
    /// The body, if it was JSON.
    let body: JSONValue?
    /// Length of the body in bytes.
    let bodyLength: Int
    /// SHA-256 of the body, hexadecimal.
    let bodyDigest: String
    /// What the path means.
    let route: Route
    /// Which family of APIs the answer belongs to.
    let dialect: Dialect
    /// The value of the model member, or an empty text.
    let model: String
    /// What identifies the request's meaning: a hash that leaves out `stream`, so that plain and streamed answers have
    /// the same identifiers, and `stream_options`, because a proxy may ask for the usage on the way; the order of
    /// members does not matter either.
    let identity: [UInt8]

    /// Collects the facts.
    init(
        method: String,
        target: String,
        headers: [AnswerScript.HeaderLine],
        body: JSONValue?,
        bodyLength: Int,
        bodyDigest: String
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.bodyLength = bodyLength
        self.bodyDigest = bodyDigest
        self.route = Route(target: target)
        let hasVersion = headers.contains { $0.name.lowercased() == "anthropic-version" }
        if case .generateContent(let model, _) = self.route {
            self.dialect = .gemini
            self.model = model
        } else {
            let isMessages = hasVersion || self.route == .messages || self.route == .countTokens
            self.dialect = isMessages ? .anthropic : .openAI
            self.model = body?["model"]?.string ?? ""
        }
        let meaning = body?.removing(["stream", "stream_options"]).sorted.bytes ?? Array(target.utf8)
        self.identity = Array(
            SHA256.hash(data: meaning + Array(bodyLength > BodyCollector.wholeLimit ? bodyDigest.utf8 : "".utf8)))
    }

    /// Whether the answer is asked for as a stream.
    var isStream: Bool {
        if case .generateContent(_, let isStream) = self.route { return isStream }
        return self.body?["stream"]?.bool ?? false
    }

    /// Whether a stream of the OpenAI dialect shall tell the usage.
    var includesUsage: Bool {
        self.body?["stream_options"]?["include_usage"]?.bool ?? false
    }

    /// An identifier that depends on nothing but the request: the prefix and `length` characters.
    func identifier(_ prefix: String, length: Int = 24) -> String {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        let bytes = Array(SHA512.hash(data: Array(prefix.utf8) + self.identity))
        return prefix + String((0..<length).map { alphabet[Int(bytes[$0 % bytes.count]) % alphabet.count] })
    }

    /// Tokens of the input: a quarter of the bytes of all its texts, rounded up, at least one.
    var inputTokens: Int {
        let names = ["messages", "input", "prompt", "system", "instructions", "tools", "contents", "systemInstruction"]
        let bytes = names.reduce(0) { $0 + (self.body?[$1].map(Self.textBytes) ?? 0) }
        return max(1, (bytes + 3) / 4)
    }

    /// How many of the input's tokens came from a cache: a quarter.
    var cachedTokens: Int {
        self.inputTokens / 4
    }

    private static func textBytes(_ value: JSONValue) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .array(let elements): elements.reduce(0) { $0 + Self.textBytes($1) }
        case .object(let members): members.reduce(0) { $0 + Self.textBytes($1.value) }
        case .omitted(let bytes): bytes
        case .null, .bool, .integer, .number: 0
        }
    }
}
