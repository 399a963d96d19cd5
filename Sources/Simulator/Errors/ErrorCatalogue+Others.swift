extension ErrorCatalogue {
    /// DeepSeek.
    static let deepSeek: KeyValuePairs<String, TypedError> = [
        "deepseek.authentication_error": Self.relative(
            401,
            "authentication_error",
            "invalid_request_error",
            "Authentication Fails, Your api key is invalid"
        ),
        "deepseek.insufficient_balance": Self.relative(
            402,
            "unknown_error",
            "invalid_request_error",
            "Insufficient Balance"
        ),
        "deepseek.content_risk": Self.relative(
            400,
            "invalid_request_error",
            "invalid_request_error",
            "Content Exists Risk"
        ),
        "deepseek.context_length": Self.relative(
            400,
            "invalid_request_error",
            "invalid_request_error",
            "This model's maximum context length is 131072 tokens."
        ),
        "deepseek.invalid_parameters": Self.relative(
            422,
            "invalid_request_error",
            "invalid_request_error",
            "Invalid parameters"
        ),
        "deepseek.rate_limit": Self.relative(
            429,
            "rate_limit_error",
            "rate_limit_error",
            "Too many concurrent requests of this account"
        ),
        "deepseek.server_error": Self.relative(500, "server_error", "server_error", "Internal server error"),
        "deepseek.overloaded": Self.relative(503, "service_unavailable_error", nil, "Service is too busy"),
    ]

    /// OpenRouter.
    static let openRouter: KeyValuePairs<String, TypedError> = [
        "openrouter.invalid_request": Self.openRouter(400, "Invalid request"),
        "openrouter.context_length_exceeded": Self.openRouter(
            400,
            "This endpoint's maximum context length is 128000 tokens.",
            metadata: ["error_type": "context_length_exceeded"]
        ),
        "openrouter.max_tokens_exceeded": Self.openRouter(
            400,
            "max_tokens is too large for this endpoint.",
            metadata: ["error_type": "max_tokens_exceeded"]
        ),
        "openrouter.string_too_long": Self.openRouter(
            400,
            "A text of the request is too long.",
            metadata: ["error_type": "string_too_long"]
        ),
        "openrouter.no_credentials": Self.openRouter(401, "No auth credentials found"),
        "openrouter.insufficient_credits": Self.openRouter(402, "Insufficient credits"),
        "openrouter.in_flight_budget": Self.openRouter(
            402,
            "Too many requests in flight for the remaining credits",
            metadata: ["limit_source": "openrouter_in_flight_budget"]
        ),
        "openrouter.moderation": Self.openRouter(
            403,
            "Your input was flagged",
            metadata: ["reasons": ["violence"], "flagged_input": "example", "provider_name": "Simulated"]
        ),
        "openrouter.forbidden": Self.openRouter(403, "This key may not use the model"),
        "openrouter.timeout": Self.openRouter(408, "Request timed out"),
        "openrouter.rate_limit": Self.openRouter(
            429,
            "Rate limit exceeded: limit_rpm",
            headers: [
                .init("X-RateLimit-Limit", "20"), .init("X-RateLimit-Remaining", "0"),
                .init("X-RateLimit-Reset", "4102444800000"),
            ]
        ),
        "openrouter.free_daily": Self.openRouter(
            429,
            "Rate limit exceeded: free-models-per-day",
            headers: [.init("X-RateLimit-Limit", "50"), .init("X-RateLimit-Remaining", "0")],
            resets: [.init(name: "X-RateLimit-Reset", ahead: 21_600, form: .headerMilliseconds)]
        ),
        "openrouter.server_error": Self.openRouter(500, "Internal Server Error"),
        "openrouter.bad_gateway": Self.openRouter(502, "Provider returned error"),
        "openrouter.no_provider": Self.openRouter(503, "No provider available that meets the routing requirements"),
    ]

    /// Servers on the own machine.
    static let local: KeyValuePairs<String, TypedError> = [
        "local.loading": Self.relative(503, "unavailable_error", nil, "Loading model"),
        "local.queue_full": Self.relative(
            503, "server_busy", nil, "server busy, please try again. maximum pending requests exceeded"),
        "local.context_length": Self.relative(
            400,
            "exceed_context_size_error",
            nil,
            "the request exceeds the available context size. try increasing the context size or enable context shift"
        ),
        "local.too_many_requests": Self.relative(429, "rate_limit_error", nil, "Too many requests"),
        "local.invalid_request": Self.relative(400, "invalid_request_error", nil, "The request is invalid."),
        "local.not_found": Self.relative(404, "not_found_error", nil, "File Not Found"),
        "local.unauthorized": Self.relative(401, "authentication_error", nil, "Invalid API Key"),
        "local.server_error": Self.relative(500, "server_error", nil, "Internal server error"),
    ]

    /// Others that speak OpenAI's dialect.
    static let compatible: KeyValuePairs<String, TypedError> = [
        "compatible.content_filter": TypedError(
            status: 400,
            shape: .openAI,
            code: "content_filter",
            message: "The response was filtered.",
            details: [.init(name: "innererror", value: ["code": "ResponsibleAIPolicyViolation"])]
        ),
        "compatible.data_inspection_failed": Self.relative(
            400,
            "data_inspection_failed",
            "data_inspection_failed",
            "Input data may contain inappropriate content."
        ),
        "compatible.tokens_limit_reached": Self.relative(
            413,
            "invalid_request_error",
            "tokens_limit_reached",
            "Request body too large for the model."
        ),
        "compatible.context_text": Self.relative(
            422,
            "unprocessable",
            nil,
            "Please reduce the length of the messages."
        ),
        "compatible.policy_text": Self.relative(403, "blocked", nil, "Flagged as violating our usage policy."),
        "compatible.too_many_requests": Self.relative(429, "limit", nil, "Too many requests"),
    ]

    private static func relative(_ status: Int, _ type: String, _ code: String?, _ message: String) -> TypedError {
        TypedError(status: status, shape: .relative, type: type, code: code, message: message)
    }

    private static func openRouter(
        _ status: Int,
        _ message: String,
        metadata: JSONValue? = nil,
        headers: [AnswerScript.HeaderLine] = [],
        resets: [TypedError.Reset] = []
    ) -> TypedError {
        TypedError(
            status: status,
            shape: .openRouter,
            type: status == 429 ? "rate_limit_error" : "api_error",
            message: message,
            details: metadata.map { [JSONValue.Member(name: "metadata", value: $0)] } ?? [],
            headers: headers,
            resets: resets
        )
    }
}
