extension BuiltInRule {
    /// Types and codes that mean the same wherever they are used.
    static let shared: [BuiltInRule] = [
        BuiltInRule(
            name: "billing",
            names: [
                "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
                "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached",
                "billing_not_active", "billing_error", "exceeded_current_quota_error",
            ],
            errorClass: .providerBilling),
        BuiltInRule(name: "plan_window", names: ["usage_limit_reached"], errorClass: .providerQuotaExhausted),
        BuiltInRule(
            name: "key",
            names: [
                "invalid_api_key", "account_deactivated", "authentication_error", "invalid_authentication_error",
                "incorrect_api_key_error",
            ],
            errorClass: .providerAuthFailed),
        BuiltInRule(
            name: "overloaded",
            names: [
                "engine_overloaded_error", "overloaded_error", "server_is_overloaded", "service_unavailable_error",
                "unavailable_error",
            ],
            errorClass: .providerOverloaded),
        BuiltInRule(
            name: "rate",
            names: ["rate_limit_exceeded", "slow_down", "rate_limit_reached_error", "rate_limit_error"],
            errorClass: .providerRateLimited),
        BuiltInRule(
            name: "rejected",
            names: [
                "context_length_exceeded", "string_above_max_length", "content_policy_violation", "cyber_policy",
                "invalid_prompt", "unsupported_value", "previous_response_not_found", "max_tokens_exceeded",
                "string_too_long", "content_filter", "request_too_large", "not_found_error",
                "resource_not_found_error", "conflict_error", "responsibleaipolicyviolation",
                "data_inspection_failed", "safety", "recitation", "tokens_limit_reached", "context_too_long",
            ],
            errorClass: .providerRejected),
        BuiltInRule(
            name: "forbidden", names: ["permission_error", "permission_denied_error"], errorClass: .providerForbidden),
        BuiltInRule(name: "timeout", names: ["timeout_error"], errorClass: .providerTimeout),
        BuiltInRule(
            name: "server", statuses: [500], names: ["api_error", "server_error", "unexpected_output"],
            errorClass: .providerServerError),
        // Elsewhere the status decides, because the word covers too much.
        BuiltInRule(
            name: "invalid_request", statuses: [400, 404, 409, 413, 422], names: ["invalid_request_error"],
            errorClass: .providerRejected),
    ]

    /// Texts, the last resort: for errors that name nothing that is known.
    static let sharedTexts: [BuiltInRule] = [
        BuiltInRule(
            name: "text.too_long", statuses: [400, 413, 422, 429, 500],
            texts: [
                "maximum context length is", "exceed context limit", "longer than the model's context length",
                "input tokens exceed the configured limit", "exceeds the available context size",
                "exceeds the maximum number of tokens allowed",
                "string too long. expected a string with maximum length", "please reduce the length of the messages",
                "prompt is too long",
            ],
            errorClass: .providerRejected),
        BuiltInRule(
            name: "text.policy", statuses: [400, 403, 413, 422, 429],
            texts: [
                "content_policy_violation", "responsibleaipolicyviolation", "violating our usage policy",
                "rejected as a result of our safety system",
            ],
            errorClass: .providerRejected),
        // Only with 429 or where no status is known; elsewhere such words stand in explanations.
        BuiltInRule(
            name: "text.rate", statuses: [429],
            texts: [
                "rate limit", "rate-limit", "ratelimit", "too many requests", "status 429", "status code 429",
                "error 429", "http 429", "code: 429",
            ],
            errorClass: .providerRateLimited),
    ]
}
