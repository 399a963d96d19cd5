import ProxyCore

extension ErrorFixture {
    private static let request = "invalid_request_error"
    private static let quotaText = "You exceeded your current quota, please check your plan and billing details."

    /// Provider facts, sections 4 and 11.2.
    static let openAI: [ErrorFixture] = openAIKeys + openAILimits + openAIRequests

    private static let openAIKeys: [ErrorFixture] = [
        .init(
            .openAI, 401, error(request, "Incorrect API key provided: sk-x.", code: "invalid_api_key"),
            .providerAuthFailed, .key, by: "openai.key_text"),
        .init(.openAI, 401, error(request, "", code: "invalid_api_key"), .providerAuthFailed, .key, by: "key"),
        .init(
            .openAI, 401, error(request, "You must be a member of an organization to use the API"),
            .providerAuthFailed, .key, by: "openai.key_text"),
        .init(.openAI, 401, error(request, "", code: "account_deactivated"), .providerAuthFailed, .key, by: "key"),
        .init(
            .openAI, 401, error(request, "IP not authorized", code: "ip_not_authorized"), .providerForbidden, .key,
            by: "openai.address"),
        .init(
            .openAI, 403, error("request_forbidden", "", code: "unsupported_country_region_territory"),
            .providerForbidden, .request, by: "openai.region"),
        .init(
            .openAI, 403, error("request_forbidden", "Country, region, or territory not supported"),
            .providerForbidden, .request, by: "openai.region_text"),
        .init(
            .openAI, 404, error(request, "The model `x` does not exist", code: "model_not_found"), .providerForbidden,
            .keyAndModel, by: "openai.model"),
    ]

    private static let openAILimits: [ErrorFixture] = [
        .init(
            .openAI, 429, error("insufficient_quota", quotaText, code: "insufficient_quota"), .providerBilling, .key,
            by: "billing"),
        .init(
            .openAI, 429, error("insufficient_quota", quotaText, code: "credit_balance_exhausted"), .providerBilling,
            .key, by: "billing"),
        .init(
            .openAI, 429, error(nil, "", code: "organization_spend_limit_exceeded"), .providerBilling, .key,
            by: "billing"),
        .init(
            .openAI, 429, error(nil, "", code: "project_spend_limit_exceeded"), .providerBilling, .key, by: "billing"),
        .init(
            .openAI, 429, error(nil, "", code: "organization_usage_limit_exceeded"), .providerBilling, .key,
            by: "billing"),
        .init(
            .openAI, 429, error("requests", "Rate limit reached. Try again in 120ms.", code: "rate_limit_exceeded"),
            .providerRateLimited, .keyAndModel, by: "rate",
            headers: [
                "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms",
                "x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "6m0s",
            ], recovery: .after(.milliseconds(20))),
        .init(
            .openAI, 429, error("tokens", "Please try again in 1m30s.", code: "rate_limit_exceeded"),
            .providerRateLimited, .keyAndModel, by: "rate", recovery: .after(.seconds(90))),
        .init(
            .openAI, 429, error("tokens", "Request too large for gpt-5 on TPM", code: "rate_limit_exceeded"),
            .providerRejected, .request, by: "openai.too_large"),
        .init(.openAI, 429, error("slow_down"), .providerRateLimited, .keyAndModel, by: "rate"),
        .init(.openAI, 503, error(nil, "", code: "slow_down"), .providerRateLimited, .keyAndModel, by: "rate"),
        .init(
            .openAI, 429,
            error(
                "usage_limit_reached", "The usage limit has been reached",
                more: #","plan_type":"plus","resets_at":1795348800,"resets_in_seconds":172801"#),
            .providerQuotaExhausted, .key, by: "plan_window", recovery: .at(time(172_800))),
        .init(
            .openAI, 429, error("usage_limit_reached", more: #","resets_in_seconds":3600"#), .providerQuotaExhausted,
            .key, by: "plan_window", recovery: .after(.seconds(3_600))),
        .init(
            .openAI, 503, error("service_unavailable_error", "", code: "server_is_overloaded"), .providerOverloaded,
            .provider, by: "overloaded"),
        .init(.openAI, 500, error("server_error"), .providerServerError, .provider, by: "server"),
    ]

    private static let openAIRequests: [ErrorFixture] = [
        .init(
            .openAI, 400, error(request, "maximum context length is 9", code: "context_length_exceeded"),
            .providerRejected, .request, by: "rejected"),
        .init(
            .openAI, 400, error(request, "", code: "string_above_max_length"), .providerRejected, .request,
            by: "rejected"),
        .init(
            .openAI, 400, error(request, "", code: "content_policy_violation"), .providerRejected, .request,
            by: "rejected"),
        .init(.openAI, 400, error(request, "", code: "cyber_policy"), .providerRejected, .request, by: "rejected"),
        .init(.openAI, 400, error(request, "", code: "invalid_prompt"), .providerRejected, .request, by: "rejected"),
        .init(.openAI, 400, error(request, "", code: "unsupported_value"), .providerRejected, .request, by: "rejected"),
        .init(
            .openAI, 400, error(request, "", code: "previous_response_not_found"), .providerRejected, .request,
            by: "rejected"),
        .init(.openAI, 404, error(request), .providerRejected, .request, by: "invalid_request"),
        .init(.openAI, 409, error(request), .providerRejected, .request, by: "invalid_request"),
        .init(.openAI, 413, error(request), .providerRejected, .request, by: "invalid_request"),
        .init(.openAI, 422, error(request), .providerRejected, .request, by: "invalid_request"),
        .init(
            .openAI, 400, error(request, "", code: "invalid_encrypted_content"), .providerRejected, .affinity,
            by: "openai.bound_reasoning"),
        .init(
            .openAI, 400, error(request, "The encrypted content gAAA could not be verified."), .providerRejected,
            .affinity, by: "openai.bound_reasoning_text"),
        // Words of money in the request's own fault change nothing.
        .init(
            .openAI, 400, error(request, "Invalid plan: see the explanation of your billing details"),
            .providerRejected, .request, by: "invalid_request"),
    ]

    /// Anything that speaks OpenAI's dialect: the words that several use, and the texts.
    static let compatible: [ErrorFixture] = [
        .init(
            .compatible, 400, error(nil, "", code: "content_filter", more: #","innererror":{"code":"x"}"#),
            .providerRejected, .request, by: "rejected"),
        .init(
            .compatible, 400, error(nil, "", more: #","innererror":{"code":"ResponsibleAIPolicyViolation"}"#),
            .providerRejected, .request, by: "rejected"),
        .init(
            .compatible, 400, #"{"code":"data_inspection_failed","message":"Input data may contain…"}"#,
            .providerRejected, .request, by: "rejected"),
        .init(
            .compatible, 413, error(nil, "", code: "tokens_limit_reached"), .providerRejected, .request, by: "rejected"),
        .init(.compatible, 400, error("safety"), .providerRejected, .request, by: "rejected"),
        .init(.compatible, 400, error("recitation"), .providerRejected, .request, by: "rejected"),
        .init(.compatible, 400, error("context_too_long"), .providerRejected, .request, by: "rejected"),
        .init(
            .compatible, 422, #"{"detail":"Please reduce the length of the messages"}"#, .providerRejected, .request,
            by: "text.too_long"),
        .init(
            .compatible, 429, error(nil, "The input tokens exceed the configured limit of 9"), .providerRejected,
            .request, by: "text.too_long"),
        .init(
            .compatible, 400, error(nil, "input length and max_tokens exceed context limit: 9"), .providerRejected,
            .request, by: "text.too_long"),
        .init(
            .compatible, 400, error(nil, "The prompt is longer than the model's context length"), .providerRejected,
            .request, by: "text.too_long"),
        .init(
            .compatible, 400, error(nil, "String too long. Expected a string with maximum length 9"),
            .providerRejected, .request, by: "text.too_long"),
        .init(
            .compatible, 403, error(nil, "Rejected as a result of our safety system"), .providerRejected, .request,
            by: "text.policy"),
        .init(
            .compatible, 400, error(nil, "flagged as violating our usage policy"), .providerRejected, .request,
            by: "text.policy"),
        .init(.compatible, 429, #"{"error":"Too Many Requests"}"#, .providerRateLimited, .key, by: "text.rate"),
        .init(
            .compatible, 400, error(nil, "an explanation of the rate limit, error 429"), .providerRejected, .request,
            by: "status"),
        .init(
            .compatible, 429, error("rate_limit_error"), .providerQuotaExhausted, .key, by: "anthropic.plan_window",
            headers: [
                "anthropic-ratelimit-unified-7d-status": "rejected",
                "anthropic-ratelimit-unified-7d-reset": "1795348800",
            ], recovery: .at(time(172_800)), window: "7d", isSameInStream: true),
        .init(
            .compatible, 429, #"{"error":"insufficient_quota","message":"No credits left"}"#, .providerBilling, .key,
            by: "billing"),
        .init(.compatible, 400, error("billing_hard_limit_reached"), .providerBilling, .key, by: "billing"),
        .init(.compatible, 429, error("billing_not_active"), .providerBilling, .key, by: "billing"),
    ]
}
