import ProxyCore

extension ErrorFixture {
    private static let quotaText = "You exceeded your current quota, please check your plan and billing details"
    private static let perMinute = "GenerateRequestsPerMinutePerProjectPerModel"
    private static let perDay = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"

    /// Provider facts, sections 6 and 11.2.
    static let gemini: [ErrorFixture] = [
        .init(
            .gemini, 400, google(400, "INVALID_ARGUMENT", "Bad", details: [#"{"reason":"API_KEY_INVALID"}"#]),
            .providerAuthFailed, .key, by: "gemini.key"),
        .init(
            .gemini, 400, "[" + google(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.") + "]",
            .providerAuthFailed, .key, by: "gemini.key_text"),
        .init(.gemini, 401, google(401, "UNAUTHENTICATED"), .providerAuthFailed, .key, by: "gemini.key"),
        .init(
            .gemini, 403, google(403, "PERMISSION_DENIED", "", details: [#"{"reason":"CONSUMER_SUSPENDED"}"#]),
            .providerAuthFailed, .key, by: "gemini.key"),
        .init(
            .gemini, 403, google(403, "PERMISSION_DENIED", "Consumer 'api_key:x' has been suspended."),
            .providerAuthFailed, .key, by: "gemini.suspended"),
        .init(
            .gemini, 403, google(403, "PERMISSION_DENIED", "no"), .providerForbidden, .keyAndModel,
            by: "gemini.forbidden"),
        .init(.gemini, 400, google(400, "FAILED_PRECONDITION"), .providerBilling, .key, by: "gemini.precondition"),
        .init(
            .gemini, 400,
            google(400, "FAILED_PRECONDITION", "The File abc is not in an ACTIVE state and usage is not allowed."),
            .providerRejected, .request, by: "gemini.state"),
        .init(
            .gemini, 429,
            google(
                429, "RESOURCE_EXHAUSTED", quotaText + ", limit: 0, model: x", details: [quota(perDay), retry("36s")]),
            .providerBilling, .keyAndModel, by: "gemini.not_enabled"),
        .init(
            .gemini, 429, google(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), .providerBilling,
            .key, by: "gemini.spend"),
        .init(
            .gemini, 429, google(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its monthly spending cap."),
            .providerBilling, .key, by: "gemini.spend"),
        .init(
            .gemini, 429,
            google(429, "RESOURCE_EXHAUSTED", quotaText + ", limit: 0.5", details: [quota(perMinute), retry("38.9s")]),
            .providerRateLimited, .keyAndModel, by: "gemini.rate", recovery: .after(.milliseconds(38_900))),
        .init(
            .gemini, 429, google(429, "RESOURCE_EXHAUSTED", quotaText + ". Please retry in 38.9s."),
            .providerRateLimited, .keyAndModel, by: "gemini.rate", recovery: .after(.milliseconds(38_900))),
        .init(
            .gemini, 429, google(429, "RESOURCE_EXHAUSTED", quotaText), .providerRateLimited, .keyAndModel,
            by: "gemini.rate"),
        // The delay and the quota for a day contradict each other: the delay now, the day if it comes again.
        .init(
            .gemini, 429, google(429, "RESOURCE_EXHAUSTED", quotaText, details: [quota(perDay), retry("36s")]),
            .providerRateLimited, .keyAndModel, by: "gemini.rate", recovery: .after(.seconds(36)),
            daily: .init(id: perDay, reset: time(20 * 3_600))),
        .init(
            .gemini, 429, google(429, "RESOURCE_EXHAUSTED", "", details: [quota(perMinute), quota(perDay)]),
            .providerRateLimited, .keyAndModel, by: "gemini.rate", daily: .init(id: perDay, reset: time(20 * 3_600))),
        .init(
            .gemini, 503, google(503, "UNAVAILABLE", "The model is overloaded"), .providerOverloaded, .provider,
            by: "gemini.overloaded"),
        .init(
            .gemini, 504, google(504, "DEADLINE_EXCEEDED"), .providerTimeout, .provider, by: "gemini.deadline"),
        .init(.gemini, 500, google(500, "INTERNAL"), .providerServerError, .provider, by: "gemini.internal"),
        .init(
            .gemini, 500, google(500, "INTERNAL", "Input context is too long"), .providerRejected, .request,
            by: "gemini.too_long"),
        .init(
            .gemini, 400,
            google(
                400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
            .providerRejected, .request, by: "gemini.too_long"),
        .init(.gemini, 400, google(400, "INVALID_ARGUMENT"), .providerRejected, .request, by: "gemini.rejected"),
        .init(.gemini, 404, google(404, "NOT_FOUND"), .providerRejected, .request, by: "gemini.rejected"),
        .init(
            .gemini, 400,
            google(400, "INVALID_ARGUMENT", "Function call is missing a thought_signature in functionCall parts."),
            .providerRejected, .affinity, by: "gemini.bound_thought"),
    ]
}
