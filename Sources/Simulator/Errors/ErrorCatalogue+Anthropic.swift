extension ErrorCatalogue {
    /// Anthropic.
    static let anthropic: KeyValuePairs<String, TypedError> = [
        "anthropic.invalid_request_error": Self.anthropic(400, "invalid_request_error", "The request is invalid."),
        "anthropic.prompt_too_long": Self.anthropic(
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum"
        ),
        "anthropic.credit_balance": Self.anthropic(
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
                + "purchase credits."
        ),
        "anthropic.spend_limit": Self.anthropic(
            400,
            "invalid_request_error",
            "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."
        ),
        "anthropic.invalid_signature": Self.anthropic(
            400,
            "invalid_request_error",
            "messages.1.content.0: Invalid `signature` in `thinking` block"
        ),
        "anthropic.authentication_error": Self.anthropic(401, "authentication_error", "invalid x-api-key"),
        "anthropic.billing_error": Self.anthropic(
            402,
            "billing_error",
            "There is an issue with your billing or payment information."
        ),
        "anthropic.permission_error": Self.anthropic(
            403,
            "permission_error",
            "Your API key does not have permission to use the specified resource."
        ),
        "anthropic.oauth_only": Self.anthropic(
            403,
            "permission_error",
            "This credential is only authorized for use with Claude Code and cannot be used for other API requests."
        ),
        "anthropic.not_found_error": Self.anthropic(404, "not_found_error", "The requested resource was not found."),
        "anthropic.conflict_error": Self.anthropic(409, "conflict_error", "The resource was changed meanwhile."),
        "anthropic.request_too_large": Self.anthropic(
            413,
            "request_too_large",
            "Request exceeds the maximum allowed number of bytes."
        ),
        "anthropic.rate_limit_error": Self.anthropic(
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit of 50 requests per minute."
        ),
        "anthropic.acceleration_limit": Self.anthropic(
            429,
            "rate_limit_error",
            "Your organization's traffic grew too fast. Please raise it gradually."
        ),
        "anthropic.unified_limit": Self.anthropic(
            429,
            "rate_limit_error",
            "This request would exceed your account's rate limit. Please try again later.",
            headers: [
                .init("anthropic-ratelimit-unified-status", "rejected"),
                .init("anthropic-ratelimit-unified-5h-status", "rejected"),
                .init("anthropic-ratelimit-unified-5h-reset", "4102444800"),
                .init("anthropic-ratelimit-unified-7d-status", "allowed"),
                .init("anthropic-ratelimit-unified-7d-reset", "4102444800"),
                .init("anthropic-ratelimit-unified-reset", "4102444800"),
            ]
        ),
        "anthropic.api_error": Self.anthropic(500, "api_error", "Internal server error"),
        "anthropic.timeout_error": Self.anthropic(504, "timeout_error", "The request timed out."),
        "anthropic.overloaded_error": Self.anthropic(529, "overloaded_error", "Overloaded"),
    ]

    private static func anthropic(
        _ status: Int,
        _ type: String,
        _ message: String,
        headers: [AnswerScript.HeaderLine] = []
    ) -> TypedError {
        TypedError(status: status, shape: .anthropic, type: type, message: message, headers: headers)
    }
}
