extension BuiltInRule {
    /// Anthropic.
    static let anthropic: [BuiltInRule] = [
        BuiltInRule(
            name: "anthropic.spend", kinds: [.anthropic], statuses: [400, 429],
            names: ["invalid_request_error", "rate_limit_error"],
            texts: [
                "credit balance is too low", "specified api usage limits", "workspace api usage limits",
                "reached…spend limit", "reached…spending limit",
            ],
            errorClass: .providerBilling),
        // Any kind that speaks this dialect may hand these through.
        BuiltInRule(
            name: "anthropic.bound_thinking", statuses: [400],
            texts: ["invalid `signature` in `thinking` block"], errorClass: .providerRejected, blame: .affinity),
        BuiltInRule(
            name: "anthropic.agent_gate", kinds: [.anthropic],
            texts: ["only authorized for use with claude code"], errorClass: .providerForbidden, blame: .request),
        BuiltInRule(
            name: "anthropic.plan_window", kinds: [.anthropic, .compatible], statuses: [429],
            names: ["rate_limit_error"], header: .planWindowUsedUp, errorClass: .providerQuotaExhausted),
        BuiltInRule(
            name: "anthropic.rejected", kinds: [.anthropic], statuses: [400, 413],
            names: ["invalid_request_error", "api_error"],
            texts: ["prompt is too long", "blocked by content filtering policy"], errorClass: .providerRejected),
    ]
}
