import ProxyCore

extension ErrorFixture {
    private static let request = "invalid_request_error"
    private static let unified = "anthropic-ratelimit-unified"

    /// Provider facts, sections 5 and 11.2.
    static let anthropic: [ErrorFixture] = [
        .init(
            .anthropic, 401, anthropic("authentication_error", "invalid x-api-key"), .providerAuthFailed, .key,
            by: "key"),
        .init(.anthropic, 402, anthropic("billing_error", ""), .providerBilling, .key, by: "billing"),
        .init(
            .anthropic, 400, anthropic(request, "Your credit balance is too low to access the Anthropic API."),
            .providerBilling, .key, by: "anthropic.spend"),
        .init(
            .anthropic, 400,
            anthropic(
                request, "You have reached your specified API usage limits. You will regain access on 2026-12-01."),
            .providerBilling, .key, by: "anthropic.spend"),
        .init(
            .anthropic, 429, anthropic("rate_limit_error", "You have reached your workspace's monthly spend limit."),
            .providerBilling, .key, by: "anthropic.spend"),
        .init(
            .anthropic, 400, anthropic(request, "tools.3.name: 'set_spend_limit' and 'spend limit' are the same"),
            .providerRejected, .request, by: "invalid_request"),
        .init(
            .anthropic, 400, anthropic(request, "prompt is too long: 9 tokens > 8 maximum"), .providerRejected,
            .request, by: "anthropic.rejected"),
        .init(
            .anthropic, 400, anthropic(request, "Output blocked by content filtering policy"), .providerRejected,
            .request, by: "anthropic.rejected"),
        .init(
            .anthropic, 400, anthropic(request, "messages.1: Invalid `signature` in `thinking` block"),
            .providerRejected, .affinity, by: "anthropic.bound_thinking"),
        .init(.anthropic, 400, anthropic(request, "x"), .providerRejected, .request, by: "invalid_request"),
        .init(
            .anthropic, 403, anthropic("permission_error", "no"), .providerForbidden, .keyAndModel, by: "forbidden"),
        .init(
            .anthropic, 403,
            anthropic("permission_error", "This credential is only authorized for use with Claude Code"),
            .providerForbidden, .request, by: "anthropic.agent_gate"),
        .init(.anthropic, 404, anthropic("not_found_error", ""), .providerRejected, .request, by: "rejected"),
        .init(.anthropic, 409, anthropic("conflict_error", ""), .providerRejected, .request, by: "rejected"),
        .init(.anthropic, 413, anthropic("request_too_large", ""), .providerRejected, .request, by: "rejected"),
        .init(
            .anthropic, 429, anthropic("rate_limit_error", "rate limit of 50 requests per minute"),
            .providerRateLimited, .keyAndModel, by: "rate", headers: ["retry-after": "12"],
            recovery: .after(.seconds(12))),
        .init(
            .anthropic, 429, anthropic("rate_limit_error", ""), .providerRateLimited, .keyAndModel, by: "rate",
            headers: [
                "anthropic-ratelimit-requests-remaining": "7",
                "anthropic-ratelimit-requests-reset": "2026-11-20T13:00:00Z",
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-20T12:00:48Z",
            ], recovery: .after(.seconds(48))),
        .init(
            .anthropic, 429, anthropic("rate_limit_error", "traffic grew too fast"), .providerRateLimited,
            .keyAndModel, by: "rate",
            headers: [
                "\(unified)-status": "allowed", "\(unified)-5h-status": "allowed_warning", "\(unified)-5h-reset": "1",
            ]
        ),
        .init(
            .anthropic, 429, anthropic("rate_limit_error", ""), .providerQuotaExhausted, .key,
            by: "anthropic.plan_window",
            headers: [
                "Anthropic-RateLimit-Unified-Status": "rejected", "\(unified)-5h-status": "rejected",
                "\(unified)-5h-reset": "1795179600", "\(unified)-7d-status": "allowed",
                "\(unified)-7d-reset": "1795348800", "\(unified)-reset": "1795348800", "retry-after": "3600",
            ], recovery: .at(time(3_600)), window: "5h"),
        .init(.anthropic, 500, anthropic("api_error", ""), .providerServerError, .provider, by: "server"),
        .init(.anthropic, 504, anthropic("timeout_error", ""), .providerTimeout, .provider, by: "timeout"),
        .init(
            .anthropic, 529, anthropic("overloaded_error", "Overloaded"), .providerOverloaded, .provider,
            by: "overloaded"),
    ]
}
