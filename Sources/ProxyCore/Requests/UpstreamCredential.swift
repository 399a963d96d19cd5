/// The header field in which a provider takes its key.
public enum UpstreamCredential: Sendable, Hashable {
    /// The field `Authorization: Bearer KEY`.
    case bearer
    /// The field `x-api-key: KEY`.
    case xAPIKey
    /// The field `x-goog-api-key: KEY`.
    case xGoogAPIKey

    /// The form that a kind of provider takes at an address: Anthropic and the Anthropic path of DeepSeek take
    /// `x-api-key`, Gemini takes `x-goog-api-key` everywhere but below its `/openai` path, all others take Bearer.
    public static func form(kind: ProviderKind, joined: TargetJoining.Joined) -> UpstreamCredential {
        switch kind {
        case .anthropic: .xAPIKey
        case .deepSeek: joined.usesAnthropicBase ? .xAPIKey : .bearer
        case .gemini: self.isBelowOpenAI(joined.target) ? .bearer : .xGoogAPIKey
        case .kimi, .moonshot, .openAI, .openRouter, .local, .compatible: .bearer
        }
    }

    /// The field with a key in it.
    ///
    /// The text of the key is a copy that nobody zeroes; it lives as long as the request.
    public func field(key: String) -> HeaderFields.Field {
        switch self {
        case .bearer: HeaderFields.Field(name: "Authorization", value: "Bearer " + key)
        case .xAPIKey: HeaderFields.Field(name: "x-api-key", value: key)
        case .xGoogAPIKey: HeaderFields.Field(name: "x-goog-api-key", value: key)
        }
    }

    private static func isBelowOpenAI(_ target: String) -> Bool {
        let path = target.prefix { $0 != "?" }
        return path.split(separator: "/").contains("openai")
    }
}
