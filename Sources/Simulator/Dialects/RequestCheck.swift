/// Finds what a provider would refuse in a request before it answers.
enum RequestCheck {
    /// The refusal, or `nil` for a request that is good.
    static func refusal(
        of facts: RequestFacts,
        credential: String?,
        invalidCredentials: [String],
        models: [String]?
    ) -> TypedError? {
        if let method = facts.route.method, method != facts.method, !(method == "GET" && facts.method == "HEAD") {
            return Self.wrongMethod(method, facts)
        }
        if facts.route.needsCredential {
            guard let credential, !credential.isEmpty else { return Self.missingCredential(facts) }
            if credential == "bad-key" || invalidCredentials.contains(where: { Glob.matches($0, credential) }) {
                return Self.wrongCredential(facts)
            }
        }
        guard facts.route.method == "POST" else { return nil }
        guard let body = facts.body, body.members != nil else {
            return Self.invalid("We could not parse the JSON body of your request.", nil, facts)
        }
        return Self.missingMember(body, facts) ?? Self.wrongMember(body, facts) ?? Self.refusedModel(models, facts)
    }

    /// The refusal of a model that does not exist.
    static func unknownModel(_ model: String, _ facts: RequestFacts) -> TypedError {
        if facts.dialect == .gemini { return ErrorCatalogue.named("gemini.not_found") }
        if facts.dialect == .anthropic {
            var error = ErrorCatalogue.named("anthropic.not_found_error")
            error.message = "model: \(model)"
            return error
        }
        if Flavour(model: model, target: facts.target) == .moonshot {
            return ErrorCatalogue.named("moonshot.resource_not_found_error")
        }
        var error = ErrorCatalogue.named("openai.model_not_found")
        error.message = "The model `\(model)` does not exist or you do not have access to it."
        return error
    }

    private static func refusedModel(_ models: [String]?, _ facts: RequestFacts) -> TypedError? {
        let isListed = models?.contains(facts.model) ?? true
        guard !isListed || facts.model == "no-such-model" else { return nil }
        return Self.unknownModel(facts.model, facts)
    }

    private static func missingMember(_ body: JSONValue, _ facts: RequestFacts) -> TypedError? {
        let needed: [String] =
            switch facts.route {
            case .chatCompletions, .countTokens: ["model", "messages"]
            case .messages: ["model", "messages", "max_tokens"]
            case .completions: ["model", "prompt"]
            case .embeddings, .responses: ["model", "input"]
            case .generateContent: ["contents"]
            case .models, .model, .kimiUsages, .balance, .echo: []
            }
        guard let missing = needed.first(where: { (body[$0] ?? .null).isNull }) else { return nil }
        let text =
            facts.dialect == .anthropic
            ? "\(missing): Field required" : "Missing required parameter: '\(missing)'."
        return Self.invalid(text, missing, facts)
    }

    private static func wrongMember(_ body: JSONValue, _ facts: RequestFacts) -> TypedError? {
        func wrong(_ name: String, _ expected: String) -> TypedError {
            let found = body[name]?.kind ?? "nothing"
            let text =
                facts.dialect == .anthropic
                ? "\(name): Input should be \(expected)"
                : "Invalid type for '\(name)': expected \(expected), but got \(found) instead."
            var error = Self.invalid(text, name, facts)
            if facts.dialect == .openAI { error.code = "invalid_type" }
            return error
        }
        if facts.dialect == .gemini {
            let isList = body["contents"]?.array.map { !$0.isEmpty } ?? false
            return isList ? nil : Self.invalid("contents is not specified", nil, facts)
        }
        if body["model"]?.string == nil { return wrong("model", "a text") }
        if let stream = body["stream"], !stream.isNull, stream.bool == nil { return wrong("stream", "a truth value") }
        if let most = body["max_tokens"], !most.isNull {
            guard let most = most.int, most >= 1 else { return wrong("max_tokens", "a whole number of at least 1") }
        }
        guard let messages = body["messages"] else { return nil }
        if case .omitted = messages { return nil }
        guard let list = messages.array, !list.isEmpty else {
            return wrong("messages", "a list with at least one message")
        }
        for (index, message) in list.enumerated() where message["role"]?.string == nil {
            return Self.invalid(
                "Missing required parameter: 'messages[\(index)].role'.",
                "messages[\(index)].role",
                facts
            )
        }
        return nil
    }

    private static func invalid(_ text: String, _ parameter: String?, _ facts: RequestFacts) -> TypedError {
        if facts.dialect == .gemini {
            var error = ErrorCatalogue.named("gemini.invalid_argument")
            error.message = text
            return error
        }
        var error = ErrorCatalogue.named(
            facts.dialect == .anthropic ? "anthropic.invalid_request_error" : "openai.invalid_request_error"
        )
        error.message = text
        error.parameter = parameter
        if parameter != nil, facts.dialect == .openAI { error.code = "missing_required_parameter" }
        return error
    }

    private static func missingCredential(_ facts: RequestFacts) -> TypedError {
        if facts.dialect == .anthropic {
            var error = ErrorCatalogue.named("anthropic.authentication_error")
            error.message = "x-api-key header is required"
            return error
        }
        var error = Self.wrongCredential(facts)
        if error.shape == .openAI {
            error.code = nil
            error.message =
                "You didn't provide an API key. You need to provide your API key in an Authorization header using "
                + "Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
        }
        return error
    }

    private static func wrongCredential(_ facts: RequestFacts) -> TypedError {
        if facts.dialect == .gemini { return ErrorCatalogue.named("gemini.api_key_invalid") }
        let flavour = Flavour(model: facts.model, target: facts.target)
        if flavour == .moonshot { return ErrorCatalogue.named("kimi.invalid_authentication_error") }
        if facts.dialect == .anthropic { return ErrorCatalogue.named("anthropic.authentication_error") }
        switch flavour {
        case .deepSeek: return ErrorCatalogue.named("deepseek.authentication_error")
        case .openRouter: return ErrorCatalogue.named("openrouter.no_credentials")
        case .openAI, .moonshot: return ErrorCatalogue.named("openai.invalid_api_key")
        }
    }

    private static func wrongMethod(_ method: String, _ facts: RequestFacts) -> TypedError {
        var error = Self.invalid("Only \(method) requests are accepted.", nil, facts)
        error.status = 405
        if facts.dialect == .openAI { error.code = "method_not_supported" }
        error.headers = [.init("allow", method)]
        return error
    }
}
