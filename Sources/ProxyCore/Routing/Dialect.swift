/// The family of API that a request speaks.
///
/// The raw values are the values of the metrics label `dialect`.
public enum Dialect: String, CaseIterable, Sendable, Hashable {
    /// OpenAI: chat completions, completions, responses, embeddings and whatever else is not one of the others.
    case openai
    /// Anthropic Messages.
    case anthropic
    /// Gemini's native methods (`models/NAME:generateContent` and its like).
    case gemini
    /// A request that never got as far as a dialect.
    case other

    /// Whether the proxy's own errors have the Anthropic envelope; all other dialects get the OpenAI one.
    public var usesAnthropicEnvelope: Bool { self == .anthropic }

    /// The dialect of a request: a path in `messages` or an `anthropic-version` header is Anthropic, a native method
    /// of Gemini is Gemini, everything else is OpenAI.
    ///
    /// `rest` is what follows the route's prefix in the path, its leading slash included.
    public static func of(rest: some StringProtocol, headers: HeaderFields) -> Dialect {
        if TargetJoining.isMessages(rest) || headers.contains("anthropic-version") { return .anthropic }
        return self.isGeminiMethod(rest) ? .gemini : .openai
    }

    /// The dialect of the answer to a request that was refused before its route was known.
    ///
    /// `target` is the raw request target.
    public static func ofUnrouted(target: String, headers: HeaderFields) -> Dialect {
        if headers.contains("anthropic-version") { return .anthropic }
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        return path.split(separator: UInt8(ascii: "/")).dropFirst(path.first == UInt8(ascii: "/") ? 0 : 1)
            .contains { $0.elementsEqual("messages".utf8) } ? .anthropic : .openai
    }

    private static let geminiMethods = [
        ":generateContent", ":streamGenerateContent", ":countTokens", ":embedContent", ":batchEmbedContents",
        ":batchGenerateContent", ":predict", ":predictLongRunning", ":generateAnswer",
    ]

    private static func isGeminiMethod(_ rest: some StringProtocol) -> Bool {
        self.geminiMethods.contains { rest.hasSuffix($0) }
    }
}
