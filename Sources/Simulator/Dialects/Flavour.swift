/// Whose manners an OpenAI-like answer has where providers differ.
enum Flavour: Sendable, Equatable {
    case openAI
    case moonshot
    case deepSeek
    case openRouter

    /// Chosen by the path where it belongs to one provider, else by the beginning of the model's name.
    init(model: String, target: String) {
        let name = model.lowercased()
        if target.hasPrefix("/coding/") || ["kimi", "moonshot", "k3"].contains(where: name.hasPrefix) {
            self = .moonshot
        } else if name.hasPrefix("deepseek") {
            self = .deepSeek
        } else if target.hasPrefix("/api/") {
            self = .openRouter
        } else {
            self = .openAI
        }
    }
}

/// The families of APIs.
enum Dialect: Sendable, Equatable {
    case openAI
    case anthropic
    case gemini
}
