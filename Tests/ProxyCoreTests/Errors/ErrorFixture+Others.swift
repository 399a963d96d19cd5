import ProxyCore

extension ErrorFixture {
    private static let request = "invalid_request_error"

    /// Provider facts, sections 7 and 11.3.
    static let deepSeek: [ErrorFixture] = [
        .init(
            .deepSeek, 401, "\n\n" + error("authentication_error", "Authentication Fails", code: request),
            .providerAuthFailed, .key, by: "key"),
        .init(
            .deepSeek, 402, error("unknown_error", "Insufficient Balance", code: request), .providerBilling, .key,
            by: "deepseek.balance"),
        .init(.deepSeek, 402, "", .providerBilling, .key, by: "status"),
        .init(
            .deepSeek, 429, error("rate_limit_error", "Too many concurrent requests"), .providerRateLimited, .key,
            by: "rate"),
        .init(.deepSeek, 503, error("service_unavailable_error"), .providerOverloaded, .provider, by: "overloaded"),
        .init(
            .deepSeek, 400, error(request, "This model's maximum context length is 131072 tokens."), .providerRejected,
            .request, by: "invalid_request"),
        .init(
            .deepSeek, 400, error(nil, "This model's maximum context length is 131072 tokens."), .providerRejected,
            .request, by: "text.too_long"),
        .init(
            .deepSeek, 400, error(request, "Content Exists Risk"), .providerRejected, .request, by: "deepseek.content"),
        .init(.deepSeek, 422, error(request), .providerRejected, .request, by: "invalid_request"),
        .init(.deepSeek, 500, error("server_error"), .providerServerError, .provider, by: "server"),
        .init(
            .deepSeek, 400, error(nil, "Insufficient balance of brackets"), .providerRejected, .request, by: "status"),
    ]

    /// Provider facts, sections 8 and 11.3.
    static let openRouter: [ErrorFixture] = [
        .init(
            .openRouter, 401, openRouter(401, "No auth credentials found"), .providerAuthFailed, .key,
            by: "openrouter.key"),
        .init(
            .openRouter, 402, openRouter(402, "Insufficient credits"), .providerBilling, .key, by: "openrouter.credits"),
        .init(
            .openRouter, 402, openRouter(402, "", metadata: #"{"limit_source":"openrouter_in_flight_budget"}"#),
            .providerRateLimited, .key, by: "openrouter.in_flight"),
        .init(
            .openRouter, 403, openRouter(403, "", metadata: #"{"reasons":["violence"],"flagged_input":"x"}"#),
            .providerRejected, .request, by: "openrouter.moderation"),
        .init(.openRouter, 403, openRouter(403), .providerForbidden, .keyAndModel, by: "openrouter.forbidden"),
        .init(
            .openRouter, 429,
            openRouter(
                429, "Rate limit exceeded: free-models-per-day",
                metadata: #"{"headers":{"X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1795219200000"}}"#),
            .providerQuotaExhausted, .key, by: "openrouter.daily", recovery: .at(time(43_200))),
        .init(
            .openRouter, 429, openRouter(429, "Rate limit exceeded: free-models-per-day"), .providerQuotaExhausted,
            .key, by: "openrouter.daily",
            headers: ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795219200000"],
            recovery: .at(time(43_200))),
        .init(
            .openRouter, 429, openRouter(429, "Rate limit exceeded: limit_rpm"), .providerRateLimited, .key,
            by: "text.rate", headers: ["Retry-After": "7", "X-RateLimit-Reset": "4102444800000"],
            recovery: .after(.seconds(7))),
        .init(.openRouter, 429, openRouter(429, "Provider"), .providerRateLimited, .key, by: "openrouter.rate"),
        .init(.openRouter, 502, openRouter(502, "down"), .providerOverloaded, .provider, by: "openrouter.upstream"),
        .init(
            .openRouter, 503, openRouter(503, "No provider available"), .providerOverloaded, .provider,
            by: "openrouter.upstream"),
        .init(.openRouter, 408, openRouter(408), .providerServerError, .provider, by: "openrouter.timeout"),
        .init(.openRouter, 500, openRouter(500), .providerServerError, .provider, by: "openrouter.server"),
        .init(
            .openRouter, 400, openRouter(400, "", metadata: #"{"error_type":"context_length_exceeded"}"#),
            .providerRejected, .request, by: "openrouter.too_long"),
        .init(
            .openRouter, 400, openRouter(400, "", metadata: #"{"error_type":"max_tokens_exceeded"}"#),
            .providerRejected, .request, by: "openrouter.too_long"),
        .init(.openRouter, 400, error("string_too_long"), .providerRejected, .request, by: "openrouter.too_long"),
        .init(.openRouter, 400, openRouter(400), .providerRejected, .request, by: "openrouter.rejected"),
        .init(
            .openRouter, 400, openRouter(400, "messages.1: Invalid `signature` in `thinking` block"),
            .providerRejected, .affinity, by: "anthropic.bound_thinking"),
    ]

    /// Provider facts, sections 9 and 11.3.
    static let local: [ErrorFixture] = [
        .init(
            .local, 503, #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
            .providerOverloaded, .provider, by: "local.busy"),
        .init(
            .local, 503, #"{"error":"server busy, please try again. maximum pending requests exceeded"}"#,
            .providerOverloaded, .provider, by: "local.busy"),
        .init(.local, 429, #"{"error":"too many requests"}"#, .providerRateLimited, .key, by: "text.rate"),
        .init(
            .local, 400, #"{"error":{"code":400,"message":"x","type":"exceed_context_size_error"}}"#,
            .providerRejected, .request, by: "local.too_long"),
        .init(
            .local, 400, #"{"error":"the request exceeds the available context size"}"#, .providerRejected, .request,
            by: "text.too_long"),
        .init(.local, 401, error("authentication_error", "Invalid API Key"), .providerAuthFailed, .key, by: "key"),
        .init(.local, 400, error(request), .providerRejected, .request, by: "invalid_request"),
        .init(.local, 404, error("not_found_error"), .providerRejected, .request, by: "rejected"),
        .init(.local, 404, error(nil, "", code: "model_not_found"), .providerRejected, .request, by: "local.model"),
        .init(.local, 500, error("server_error"), .providerServerError, .provider, by: "server"),
    ]
}
