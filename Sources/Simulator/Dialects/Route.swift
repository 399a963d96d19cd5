import Foundation

/// What a path of the simulator means.
enum Route: Sendable, Equatable {
    case chatCompletions
    case completions
    case embeddings
    case responses
    case messages
    case countTokens
    /// Google's own dialect, which names the model in the path.
    case generateContent(model: String, isStream: Bool)
    case models
    case model(String)
    case kimiUsages
    case balance(Balance)
    /// Anything else: the answer tells what arrived.
    case echo

    /// Services whose balance can be asked.
    enum Balance: Sendable, Equatable {
        case moonshot
        case deepSeek
        case openRouterKey
        case openRouterCredits
    }

    /// Where providers mount their APIs, the longest first, so that none hides another.
    static let prefixes = [
        "/v1beta/openai", "/anthropic/v1", "/openai/v1", "/coding/v1", "/api/v1", "/v1", "",
    ]

    /// The route of a target in origin form; the query does not matter.
    init(target: String) {
        let path = String(target.prefix { $0 != "?" })
        if let native = Self.native(path) {
            self = native
            return
        }
        guard let prefix = Self.prefixes.first(where: { path.hasPrefix($0 + "/") }) else {
            self = .echo
            return
        }
        let rest = String(path.dropFirst(prefix.count + 1))
        switch rest {
        case "chat/completions": self = .chatCompletions
        case "completions": self = .completions
        case "embeddings": self = .embeddings
        case "responses": self = .responses
        case "messages": self = .messages
        case "messages/count_tokens": self = .countTokens
        case "models": self = .models
        case "usages" where prefix == "/coding/v1": self = .kimiUsages
        case "users/me/balance": self = .balance(.moonshot)
        case "user/balance": self = .balance(.deepSeek)
        case "key" where prefix == "/api/v1": self = .balance(.openRouterKey)
        case "credits" where prefix == "/api/v1": self = .balance(.openRouterCredits)
        default:
            let model = rest.hasPrefix("models/") ? String(rest.dropFirst("models/".count)) : ""
            self = model.isEmpty ? .echo : .model(model.removingPercentEncoding ?? model)
        }
    }

    private static func native(_ path: String) -> Route? {
        guard path.hasPrefix("/v1beta/models/") else { return nil }
        let parts = path.dropFirst("/v1beta/models/".count).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        let model = String(parts[0])
        switch parts[1] {
        case "generateContent": return .generateContent(model: model, isStream: false)
        case "streamGenerateContent": return .generateContent(model: model, isStream: true)
        default: return nil
        }
    }

    /// The method that this route takes, or `nil` where any will do.
    var method: String? {
        switch self {
        case .chatCompletions, .completions, .embeddings, .responses, .messages, .countTokens, .generateContent: "POST"
        case .models, .model, .kimiUsages, .balance: "GET"
        case .echo: nil
        }
    }

    /// Whether a credential is asked for.
    var needsCredential: Bool {
        self != .echo
    }
}
