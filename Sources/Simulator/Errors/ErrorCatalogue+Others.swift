extension ErrorCatalogue {
    /// Gemini, in the shape of its native API.
    static let gemini: KeyValuePairs<String, TypedError> = [
        "gemini.api_key_invalid": Self.google(
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
            details: [Self.errorInfo("API_KEY_INVALID")]
        ),
        "gemini.api_key_expired": Self.google(
            400,
            "INVALID_ARGUMENT",
            "API key expired. Please renew the API key.",
            details: [Self.errorInfo("API_KEY_INVALID")]
        ),
        "gemini.invalid_argument": Self.google(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
        "gemini.context_length": Self.google(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576)."
        ),
        "gemini.failed_precondition": Self.google(
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use without a billing account linked."
        ),
        "gemini.consumer_suspended": Self.google(
            403,
            "PERMISSION_DENIED",
            "Permission denied: Consumer 'api_key:…' has been suspended.",
            details: [Self.errorInfo("CONSUMER_SUSPENDED")]
        ),
        "gemini.permission_denied": Self.google(403, "PERMISSION_DENIED", "The caller does not have permission."),
        "gemini.not_found": Self.google(404, "NOT_FOUND", "models/none is not found for API version v1beta."),
        "gemini.resource_exhausted.per_minute": Self.exhausted("GenerateRequestsPerMinutePerProjectPerModel", "36s"),
        "gemini.resource_exhausted.per_day": Self.exhausted("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "36s"),
        "gemini.resource_exhausted.tokens": Self.exhausted("GenerateContentInputTokensPerModelPerMinute", "38.9s"),
        "gemini.resource_exhausted.limit_zero": Self.google(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details. Quota exceeded for metric: "
                + "generate_content_free_tier_requests, limit: 0",
            details: [Self.quotaFailure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")]
        ),
        "gemini.resource_exhausted.spend": Self.google(
            429,
            "RESOURCE_EXHAUSTED",
            "Your prepayment credits are depleted. Please manage your project and billing."
        ),
        "gemini.internal": Self.google(500, "INTERNAL", "An internal error has occurred."),
        "gemini.unavailable": Self.google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "gemini.deadline_exceeded": Self.google(504, "DEADLINE_EXCEEDED", "Deadline expired before completion."),
    ]

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
        "openrouter.timeout": Self.openRouter(408, "Request timed out"),
        "openrouter.rate_limit": Self.openRouter(
            429,
            "Rate limit exceeded: limit_rpm",
            headers: [
                .init("X-RateLimit-Limit", "20"), .init("X-RateLimit-Remaining", "0"),
                .init("X-RateLimit-Reset", "4102444800000"),
            ]
        ),
        "openrouter.free_daily": Self.openRouter(429, "Rate limit exceeded: free-models-per-day"),
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
        "local.unauthorized": Self.relative(401, "authentication_error", nil, "Invalid API Key"),
        "local.server_error": Self.relative(500, "server_error", nil, "Internal server error"),
    ]

    private static func google(
        _ status: Int,
        _ type: String,
        _ message: String,
        details: [JSONValue] = []
    ) -> TypedError {
        let members = details.isEmpty ? [] : [JSONValue.Member(name: "details", value: .array(details))]
        return TypedError(status: status, shape: .google, type: type, message: message, details: members)
    }

    private static func errorInfo(_ reason: String) -> JSONValue {
        [
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": .string(reason),
            "domain": "googleapis.com",
        ]
    }

    private static func quotaFailure(_ quota: String) -> JSONValue {
        [
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [
                [
                    "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
                    "quotaId": .string(quota),
                ]
            ],
        ]
    }

    private static func exhausted(_ quota: String, _ delay: String) -> TypedError {
        Self.google(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details. Please retry in \(delay).",
            details: [
                Self.quotaFailure(quota),
                ["@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": .string(delay)],
            ]
        )
    }

    private static func relative(_ status: Int, _ type: String, _ code: String?, _ message: String) -> TypedError {
        TypedError(status: status, shape: .relative, type: type, code: code, message: message)
    }

    private static func openRouter(
        _ status: Int,
        _ message: String,
        metadata: JSONValue? = nil,
        headers: [AnswerScript.HeaderLine] = []
    ) -> TypedError {
        TypedError(
            status: status,
            shape: .openRouter,
            type: status == 429 ? "rate_limit_error" : "api_error",
            message: message,
            details: metadata.map { [JSONValue.Member(name: "metadata", value: $0)] } ?? [],
            headers: headers
        )
    }
}
