extension BuiltInRule {
    /// Kimi Code: everything goes by the type, except that the text splits `access_terminated_error` and
    /// `rate_limit_error` and speaks for the errors that have no type.
    static let kimi: [BuiltInRule] = [
        BuiltInRule(
            name: "kimi.plan_window", kinds: [.kimi], names: ["access_terminated_error"], texts: ["usage limit"],
            errorClass: .providerQuotaExhausted),
        // The program that sent the request is refused: its `User-Agent` is none of a known coding agent.
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
            name: "kimi.engine_overloaded", kinds: [.kimi], names: ["engine_overloaded_error"],
            errorClass: .providerOverloaded),
        BuiltInRule(
            name: "kimi.rate", kinds: [.kimi], names: ["rate_limit_reached_error"], errorClass: .providerRateLimited),
        BuiltInRule(
            name: "kimi.period", kinds: [.kimi], statuses: [429],
            texts: [
                "reached your usage limit", "usage limit for this period", "5-hour usage limit",
                "weekly (7-day) usage limit", "weekly usage limit", "monthly usage limit",
            ],
            errorClass: .providerQuotaExhausted),
        // Real overload, a limit of the plan, or a program that is not served: how the other keys fare tells which.
        BuiltInRule(
            name: "kimi.overloaded", kinds: [.kimi], statuses: [429], names: ["rate_limit_error"],
            texts: ["engine is currently overloaded"], errorClass: .providerOverloaded, isAmbiguous: true),
        BuiltInRule(
            name: "kimi.membership", kinds: [.kimi], statuses: [402],
            texts: ["verify your membership", "membership benefits"], errorClass: .providerBilling),
    ]

    /// What Kimi Code's texts call the windows of its plans; the one that a text names first is meant.
    static let kimiWindows: KeyValuePairs<String, String> = [
        "5-hour": "5h", "5 hour": "5h", "five-hour": "5h",
        "weekly": "7d", "7-day": "7d", "7 day": "7d",
        "monthly": "month", "billing cycle": "month",
    ]

    /// The Moonshot platform.
    static let moonshot: [BuiltInRule] = [
        BuiltInRule(
            name: "moonshot.balance", kinds: [.moonshot], statuses: [403],
            texts: ["insufficient balance", "balance is insufficient", "balance is not enough"],
            errorClass: .providerBilling),
        BuiltInRule(
            name: "moonshot.rejected", kinds: [.moonshot, .kimi], statuses: [400, 413, 422],
            texts: ["input token length too long", "exceeded model token limit", "considered high risk"],
            errorClass: .providerRejected),
    ]
}
