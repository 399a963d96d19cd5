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
        "gemini.api_key_invalid.wrapped": Self.wrapped(
            Self.google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
        ),
        "gemini.unauthenticated": Self.google(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials."
        ),
        "gemini.thought_signature": Self.google(
            400,
            "INVALID_ARGUMENT",
            "Function call is missing a thought_signature in functionCall parts."
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
        "gemini.resource_exhausted.spending_cap": Self.google(
            429,
            "RESOURCE_EXHAUSTED",
            "Your project has exceeded its monthly spending cap."
        ),
        "gemini.resource_exhausted.text": Self.google(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details. Please retry in 38.9s."
        ),
        "gemini.internal.context": Self.google(500, "INTERNAL", "Input context is too long."),
        "gemini.internal": Self.google(500, "INTERNAL", "An internal error has occurred."),
        "gemini.unavailable": Self.google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "gemini.deadline_exceeded": Self.google(504, "DEADLINE_EXCEEDED", "Deadline expired before completion."),
    ]

    private static func wrapped(_ error: TypedError) -> TypedError {
        var error = error
        error.shape = .wrappedGoogle
        return error
    }

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
}
