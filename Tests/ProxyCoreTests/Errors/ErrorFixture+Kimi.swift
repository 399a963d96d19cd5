import ProxyCore

extension ErrorFixture {
    /// Provider facts, section 2.4.
    static let kimi: [ErrorFixture] = [
        .init(
            .kimi, 401, error("invalid_authentication_error", "The API Key appears to be invalid or may have expired."),
            .providerAuthFailed, .key, by: "key"),
        .init(
            .kimi, 401, anthropic("invalid_authentication_error", "Invalid Authentication"), .providerAuthFailed, .key,
            by: "key"),
        .init(
            .kimi, 402, error(nil, "We're unable to verify your membership benefits at this time."), .providerBilling,
            .key, by: "kimi.membership"),
        .init(
            .kimi, 403,
            error("access_terminated_error", "You've reached your weekly (7-day) usage limit. It will be refreshed."),
            .providerQuotaExhausted, .key, by: "kimi.plan_window", window: "7d"),
        .init(
            .kimi, 403,
            anthropic("access_terminated_error", "You’ve reached your 5-hour usage limit; weekly quota is left."),
            .providerQuotaExhausted, .key, by: "kimi.plan_window", window: "5h"),
        .init(
            .kimi, 403, error("access_terminated_error", "You've reached your usage limit for this billing cycle."),
            .providerQuotaExhausted, .key, by: "kimi.plan_window", window: "month"),
        .init(
            .kimi, 403, error("access_terminated_error", "You've reached your monthly usage limit."),
            .providerQuotaExhausted, .key, by: "kimi.plan_window", window: "month"),
        .init(
            .kimi, 403,
            error(
                "access_terminated_error",
                "Kimi For Coding is currently only available for Coding Agents such as Kimi CLI, Claude Code, Roo Code."
            ), .providerForbidden, .request, by: "kimi.agent_gate"),
        // A third meaning of the type would be news: the status decides, and it is counted.
        .init(
            .kimi, 403, error("access_terminated_error", "Something else"), .providerForbidden, .keyAndModel,
            by: "status"),
        .init(
            .kimi, 403, error("permission_error", "You have reached the concurrent request limit."),
            .providerRateLimited, .key, by: "kimi.concurrency"),
        .init(.kimi, 403, error("permission_error", "no"), .providerForbidden, .keyAndModel, by: "forbidden"),
        .init(.kimi, 403, error("permission_denied_error"), .providerForbidden, .keyAndModel, by: "forbidden"),
        .init(
            .kimi, 403, error("brand_new_error", "You must plan to authenticate"), .providerForbidden, .keyAndModel,
            by: "status"),
        .init(
            .kimi, 429, error("rate_limit_reached_error", "We're receiving too many requests at the moment."),
            .providerRateLimited, .key, by: "kimi.rate"),
        .init(
            .kimi, 429,
            error("rate_limit_reached_error", "request reached project TPM rate limit, current: 10, limit: 9"),
            .providerRateLimited, .key, by: "kimi.rate"),
        // The type decides, whatever the text says.
        .init(
            .kimi, 429, error("rate_limit_reached_error", "You've reached your usage limit for this period"),
            .providerRateLimited, .key, by: "kimi.rate"),
        .init(
            .kimi, 429, error(nil, "You've reached your usage limit for this period. Please try again later."),
            .providerQuotaExhausted, .key, by: "kimi.period"),
        .init(
            .kimi, 429, error(nil, "You've reached your weekly (7-day) usage limit."), .providerQuotaExhausted, .key,
            by: "kimi.period", window: "7d"),
        .init(
            .kimi, 429, error("rate_limit_error", "You've reached your usage limit for this period"),
            .providerQuotaExhausted, .key, by: "kimi.period"),
        .init(
            .kimi, 429, anthropic("rate_limit_error", "The engine is currently overloaded, please try again later"),
            .providerOverloaded, .provider, by: "kimi.overloaded", isAmbiguous: true),
        .init(.kimi, 429, error("rate_limit_error", "Slow down"), .providerRateLimited, .key, by: "rate"),
        .init(
            .kimi, 429, error("engine_overloaded_error", "The engine is currently overloaded"), .providerOverloaded,
            .provider, by: "kimi.engine_overloaded"),
        .init(
            .kimi, 429,
            error(
                "exceeded_current_quota_error",
                "Your account is suspended due to insufficient balance, usage limit for this period"), .providerBilling,
            .key, by: "kimi.quota_exceeded"),
        .init(
            .kimi, 400, error("invalid_request_error", "an explanation of your plan: usage limit for this period"),
            .providerRejected, .request, by: "invalid_request", isSameInStream: false),
        .init(
            .kimi, 400, error(nil, "explanation of the plan's weekly usage limit"), .providerRejected, .request,
            by: "status"),
        .init(.kimi, 400, error("content_filter"), .providerRejected, .request, by: "rejected"),
        // What another provider calls a wrong key is text like any other here.
        .init(
            .kimi, 400, error("invalid_request_error", "API key not valid; credit balance is too low; limit: 0"),
            .providerRejected, .request, by: "invalid_request"),
    ]

    /// Provider facts, sections 3 and 11.3.
    static let moonshot: [ErrorFixture] = [
        .init(.moonshot, 401, error("incorrect_api_key_error"), .providerAuthFailed, .key, by: "key"),
        .init(.moonshot, 401, error("invalid_authentication_error"), .providerAuthFailed, .key, by: "key"),
        .init(
            .moonshot, 403, error("permission_denied_error", "Your account has insufficient balance, please recharge"),
            .providerBilling, .key, by: "moonshot.balance"),
        .init(
            .moonshot, 403, error("permission_denied_error", "The load balancer says no"), .providerForbidden,
            .keyAndModel, by: "forbidden"),
        .init(
            .moonshot, 429,
            error(
                "rate_limit_reached_error",
                "Your account reached organization max RPM: 20, please try again after 1 seconds"),
            .providerRateLimited, .keyAndModel, by: "rate", recovery: .after(.seconds(1))),
        .init(
            .moonshot, 429, error("rate_limit_reached_error", "please try again after 9 seconds"),
            .providerRateLimited, .keyAndModel, by: "rate",
            headers: ["X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3"],
            recovery: .after(.seconds(3))),
        .init(.moonshot, 429, error("exceeded_current_quota_error"), .providerBilling, .key, by: "billing"),
        .init(.moonshot, 429, error("engine_overloaded_error"), .providerOverloaded, .provider, by: "overloaded"),
        .init(
            .moonshot, 400, error("content_filter", "considered high risk"), .providerRejected, .request,
            by: "moonshot.rejected"),
        .init(
            .moonshot, 400,
            error("invalid_request_error", "Invalid request: Your request exceeded model token limit : 262144"),
            .providerRejected, .request, by: "moonshot.rejected"),
        .init(
            .moonshot, 400, error("invalid_request_error", "Input token length too long"), .providerRejected, .request,
            by: "moonshot.rejected"),
        .init(.moonshot, 400, error("invalid_request_error"), .providerRejected, .request, by: "invalid_request"),
        .init(.moonshot, 404, error("resource_not_found_error"), .providerRejected, .request, by: "rejected"),
        .init(.moonshot, 500, error("server_error"), .providerServerError, .provider, by: "server"),
        .init(.moonshot, 500, error("unexpected_output"), .providerServerError, .provider, by: "server"),
    ]
}
