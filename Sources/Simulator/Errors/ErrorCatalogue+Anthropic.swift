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
        "anthropic.rate_limit_error.tokens": Self.anthropic(
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
            headers: [
                .init("anthropic-ratelimit-requests-limit", "50"),
                .init("anthropic-ratelimit-requests-remaining", "49"),
                .init("anthropic-ratelimit-input-tokens-limit", "30000"),
                .init("anthropic-ratelimit-input-tokens-remaining", "0"),
            ],
            resets: [
                .init(name: "anthropic-ratelimit-requests-reset", ahead: 2, form: .headerDate),
                .init(name: "anthropic-ratelimit-input-tokens-reset", ahead: 30, form: .headerDate),
            ]
        ),
        "anthropic.workspace_spend_limit": Self.anthropic(
            429,
            "rate_limit_error",
            "You have reached your workspace's monthly spend limit."
        ),
        "anthropic.unified_limit": Self.unified("5h", "five_hour", resetAhead: 3_600),
        "anthropic.unified_limit.weekly": Self.unified("7d", "seven_day", resetAhead: 172_800),
        "anthropic.content_filter": Self.anthropic(
            400,
            "invalid_request_error",
            "Output blocked by content filtering policy"
        ),
        "anthropic.api_error": Self.anthropic(500, "api_error", "Internal server error"),
        "anthropic.timeout_error": Self.anthropic(504, "timeout_error", "The request timed out."),
        "anthropic.overloaded_error": Self.anthropic(529, "overloaded_error", "Overloaded"),
    ]

    private static func anthropic(
        _ status: Int,
        _ type: String,
        _ message: String,
        headers: [AnswerScript.HeaderLine] = [],
        resets: [TypedError.Reset] = []
    ) -> TypedError {
        TypedError(status: status, shape: .anthropic, type: type, message: message, headers: headers, resets: resets)
    }

    /// A window of a plan that is used up; the other one is not.
    private static func unified(_ window: String, _ claim: String, resetAhead: Int) -> TypedError {
        let prefix = "anthropic-ratelimit-unified-"
        let other = window == "5h" ? "7d" : "5h"
        return Self.anthropic(
            429,
            "rate_limit_error",
            "This request would exceed your account's rate limit. Please try again later.",
            headers: [
                .init(prefix + "status", "rejected"), .init(prefix + "representative-claim", claim),
                .init(prefix + window + "-status", "rejected"), .init(prefix + other + "-status", "allowed"),
            ],
            resets: [
                .init(name: prefix + window + "-reset", ahead: resetAhead, form: .headerSeconds),
                .init(name: prefix + other + "-reset", ahead: 10_800, form: .headerSeconds),
                .init(name: prefix + "reset", ahead: resetAhead, form: .headerSeconds),
            ]
        )
    }
}
