/// The typed errors of the providers by name, as scenarios call them.
enum ErrorCatalogue {
    /// All of them.
    static let all: [String: TypedError] = {
        var all: [String: TypedError] = [:]
        let lists = [
            Self.kimi, Self.moonshot, Self.openAI, Self.anthropic, Self.gemini, Self.deepSeek, Self.openRouter,
            Self.local, Self.compatible,
        ]
        for (name, error) in lists.joined() { all[name] = error }
        return all
    }()

    /// The error that a provider of this dialect sends in mid-stream when it is overloaded.
    static func streamDefault(for facts: RequestFacts) -> TypedError {
        switch facts.dialect {
        case .anthropic: Self.named("anthropic.overloaded_error")
        case .gemini: Self.named("gemini.unavailable")
        case .openAI: Self.named("openai.server_is_overloaded")
        }
    }

    /// The error that fits a status when nothing else was said.
    static func usual(status: Int, for facts: RequestFacts) -> TypedError {
        let anthropic = [
            400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
            404: "not_found_error", 409: "conflict_error", 413: "request_too_large", 429: "rate_limit_error",
            500: "api_error", 504: "timeout_error", 529: "overloaded_error",
        ]
        if facts.dialect == .anthropic {
            let type = anthropic[status] ?? (status < 500 ? "invalid_request_error" : "api_error")
            var error = Self.named("anthropic.\(type)")
            error.status = status
            return error
        }
        let openAI = [
            401: "invalid_api_key", 403: "region_not_supported", 404: "model_not_found",
            429: "rate_limit_exceeded", 503: "server_is_overloaded",
        ]
        var error = Self.named("openai.\(openAI[status] ?? (status < 500 ? "invalid_request_error" : "server_error"))")
        error.status = status
        return error
    }

    /// The error of that name; an unknown name, which the reader of scenarios refuses, is a plain 500.
    static func named(_ name: String) -> TypedError {
        Self.all[name]
            ?? TypedError(status: 500, shape: .openAI, type: "server_error", message: "Unknown error \(name).")
    }
}
