/// One row of the table that says what the errors of providers mean.
///
/// The first row that fits decides.
struct BuiltInRule: Sendable {
    /// What the log calls the rule.
    var name: String
    /// The kinds of providers that it is about; empty is all.
    var kinds: [ProviderKind] = []
    /// The statuses that it is about; empty is all.
    ///
    /// Errors inside a stream have none and fit any.
    var statuses: [Int] = []
    /// Types, codes, status names or reasons in lower case, one of which the body has to name; empty is any.
    var names: [String] = []
    /// Texts in lower case, one of which the message has to hold; empty is any.
    var texts: [String] = []
    /// The beginning of a header name that the answer has to have; `nil` is any.
    var headerPrefix: String?
    /// The class.
    var errorClass: ErrorClass
    /// What it says something about; `nil` is what the class usually does.
    var blame: AnswerClassification.Blame?

    func matches(kind: ProviderKind, status: Int?, names: [String], message: String, headers: HeaderFields) -> Bool {
        guard self.kinds.isEmpty || self.kinds.contains(kind) else { return false }
        if let status, !self.statuses.isEmpty, !self.statuses.contains(status) { return false }
        guard self.names.isEmpty || self.names.contains(where: names.contains) else { return false }
        guard self.texts.isEmpty || self.texts.contains(where: message.contains) else { return false }
        guard let prefix = self.headerPrefix else { return true }
        return headers.contains { $0.name.hasPrefixIgnoringASCIICase(prefix) }
    }

    /// The rows in their order: what one kind says with words of its own, then the words that several share.
    static let table = Self.kimi + Self.anthropic + Self.gemini + Self.openRouter + Self.openAI + Self.shared

    private static let kimi: [BuiltInRule] = [
        BuiltInRule(
            name: "kimi.plan_window", kinds: [.kimi], names: ["access_terminated_error"], texts: ["usage limit"],
            errorClass: .providerQuotaExhausted),
        BuiltInRule(
            name: "kimi.agent_gate", kinds: [.kimi], names: ["access_terminated_error"],
            texts: ["coding agents", "currently only available for"], errorClass: .providerForbidden, blame: .request),
        BuiltInRule(
            name: "kimi.concurrency", kinds: [.kimi], names: ["permission_error"], texts: ["concurrent request limit"],
            errorClass: .providerRateLimited),
        BuiltInRule(
            name: "kimi.quota_exceeded", kinds: [.kimi], names: ["exceeded_current_quota_error"],
            errorClass: .providerBilling),
        BuiltInRule(
            name: "kimi.period", kinds: [.kimi], statuses: [429], texts: ["usage limit for this period"],
            errorClass: .providerQuotaExhausted),
        BuiltInRule(
            name: "kimi.overloaded", kinds: [.kimi], statuses: [429], names: ["rate_limit_error"],
            texts: ["engine is currently overloaded"], errorClass: .providerOverloaded),
        BuiltInRule(
            name: "moonshot.balance", kinds: [.moonshot], statuses: [403], texts: ["balance"],
            errorClass: .providerBilling),
    ]

    private static let anthropic: [BuiltInRule] = [
        BuiltInRule(
            name: "anthropic.spend", kinds: [.anthropic], statuses: [400, 429],
            names: ["invalid_request_error", "rate_limit_error"],
            texts: ["credit balance is too low", "api usage limits", "spend limit", "spending limit"],
            errorClass: .providerBilling),
        BuiltInRule(
            name: "anthropic.bound_thinking", statuses: [400], texts: ["invalid `signature` in `thinking` block"],
            errorClass: .providerRejected, blame: .affinity),
        BuiltInRule(
            name: "anthropic.plan_window", kinds: [.anthropic], statuses: [429], names: ["rate_limit_error"],
            headerPrefix: "anthropic-ratelimit-unified-", errorClass: .providerQuotaExhausted),
    ]

    private static let gemini: [BuiltInRule] = [
        BuiltInRule(
            name: "gemini.key", kinds: [.gemini], names: ["api_key_invalid", "unauthenticated", "consumer_suspended"],
            errorClass: .providerAuthFailed),
        BuiltInRule(
            name: "gemini.key_text", kinds: [.gemini], statuses: [400],
            texts: ["api key not valid", "api key expired"], errorClass: .providerAuthFailed),
        BuiltInRule(
            name: "gemini.suspended", kinds: [.gemini], statuses: [403], names: ["permission_denied"],
            texts: ["suspended"], errorClass: .providerAuthFailed),
        BuiltInRule(
            name: "gemini.not_enabled", kinds: [.gemini], statuses: [429],
            texts: ["limit: 0", "prepay", "spend limit", "spending limit", "spend cap"], errorClass: .providerBilling),
        BuiltInRule(
            name: "gemini.precondition", kinds: [.gemini], statuses: [400], names: ["failed_precondition"],
            errorClass: .providerBilling),
        BuiltInRule(
            name: "gemini.rate", kinds: [.gemini], names: ["resource_exhausted"], errorClass: .providerRateLimited),
        BuiltInRule(
            name: "gemini.overloaded", kinds: [.gemini], names: ["unavailable"], errorClass: .providerOverloaded),
        BuiltInRule(
            name: "gemini.deadline", kinds: [.gemini], names: ["deadline_exceeded"], errorClass: .providerTimeout),
        BuiltInRule(
            name: "gemini.forbidden", kinds: [.gemini], names: ["permission_denied"], errorClass: .providerForbidden),
        BuiltInRule(
            name: "gemini.rejected", kinds: [.gemini], names: ["invalid_argument", "not_found", "out_of_range"],
            errorClass: .providerRejected),
        BuiltInRule(name: "gemini.internal", kinds: [.gemini], names: ["internal"], errorClass: .providerServerError),
    ]

    private static let openRouter: [BuiltInRule] = [
        BuiltInRule(
            name: "openrouter.in_flight", kinds: [.openRouter], statuses: [402], names: ["openrouter_in_flight_budget"],
            errorClass: .providerRateLimited),
        BuiltInRule(
            name: "openrouter.moderation", kinds: [.openRouter], statuses: [403], names: ["moderation"],
            errorClass: .providerRejected),
        BuiltInRule(
            name: "openrouter.daily", kinds: [.openRouter], statuses: [429], texts: ["free-models-per-day"],
            errorClass: .providerQuotaExhausted),
    ]

    private static let openAI: [BuiltInRule] = [
        BuiltInRule(
            name: "openai.address", statuses: [401], texts: ["ip not authorized", "ip address is not authorized"],
            errorClass: .providerForbidden, blame: .key),
        BuiltInRule(
            name: "openai.too_large", statuses: [429], texts: ["request too large"], errorClass: .providerRejected),
        BuiltInRule(
            name: "openai.region", names: ["unsupported_country_region_territory"], errorClass: .providerForbidden,
            blame: .request),
        BuiltInRule(
            name: "openai.model", statuses: [403, 404], names: ["model_not_found"], errorClass: .providerForbidden),
        BuiltInRule(
            name: "openai.bound_reasoning", statuses: [400], names: ["invalid_encrypted_content"],
            errorClass: .providerRejected, blame: .affinity),
    ]

    private static let shared: [BuiltInRule] = [
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
            names: ["engine_overloaded_error", "overloaded_error", "server_is_overloaded"],
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
                "resource_not_found_error", "conflict_error",
            ],
            errorClass: .providerRejected),
        BuiltInRule(
            name: "forbidden", names: ["permission_error", "permission_denied_error"], errorClass: .providerForbidden),
        BuiltInRule(name: "timeout", names: ["timeout_error"], errorClass: .providerTimeout),
        BuiltInRule(
            name: "server", statuses: [500, 502], names: ["api_error", "server_error", "unexpected_output"],
            errorClass: .providerServerError),
        // Only for errors inside a stream: with a status the status decides, because the word covers too much.
        BuiltInRule(
            name: "invalid_request", statuses: [400, 404, 413, 422], names: ["invalid_request_error"],
            errorClass: .providerRejected),
    ]
}
