extension BuiltInRule {
    /// DeepSeek.
    static let deepSeek: [BuiltInRule] = [
        BuiltInRule(
            name: "deepseek.balance", kinds: [.deepSeek], statuses: [402], texts: ["insufficient balance"],
            errorClass: .providerBilling),
        BuiltInRule(
            name: "deepseek.content", kinds: [.deepSeek], statuses: [400], texts: ["content exists risk"],
            errorClass: .providerRejected),
    ]

    /// OpenRouter.
    static let openRouter: [BuiltInRule] = [
        BuiltInRule(
            name: "openrouter.in_flight", kinds: [.openRouter], statuses: [402], names: ["openrouter_in_flight_budget"],
            errorClass: .providerRateLimited),
        BuiltInRule(
            name: "openrouter.moderation", kinds: [.openRouter], statuses: [403], names: ["moderation"],
            errorClass: .providerRejected),
        BuiltInRule(
            name: "openrouter.daily", kinds: [.openRouter], statuses: [429], texts: ["free-models-per-day"],
            errorClass: .providerQuotaExhausted),
        BuiltInRule(
            name: "openrouter.too_long", kinds: [.openRouter], statuses: [400, 413],
            names: ["context_length_exceeded", "max_tokens_exceeded", "string_too_long"],
            errorClass: .providerRejected),
    ]

    /// OpenRouter's numbers, the status once more: they come last, and speak in the middle of a stream too.
    static let openRouterCodes: [BuiltInRule] = [
        BuiltInRule(
            name: "openrouter.rejected", kinds: [.openRouter], names: ["400", "404", "413", "422"],
            errorClass: .providerRejected),
        BuiltInRule(name: "openrouter.key", kinds: [.openRouter], names: ["401"], errorClass: .providerAuthFailed),
        BuiltInRule(name: "openrouter.credits", kinds: [.openRouter], names: ["402"], errorClass: .providerBilling),
        BuiltInRule(name: "openrouter.forbidden", kinds: [.openRouter], names: ["403"], errorClass: .providerForbidden),
        BuiltInRule(name: "openrouter.timeout", kinds: [.openRouter], names: ["408"], errorClass: .providerServerError),
        BuiltInRule(name: "openrouter.rate", kinds: [.openRouter], names: ["429"], errorClass: .providerRateLimited),
        BuiltInRule(name: "openrouter.server", kinds: [.openRouter], names: ["500"], errorClass: .providerServerError),
        BuiltInRule(
            name: "openrouter.upstream", kinds: [.openRouter], names: ["502", "503"], errorClass: .providerOverloaded),
    ]

    /// Servers of one's own.
    static let local: [BuiltInRule] = [
        // There is no key whose rest would help: a full queue is answered like a model that is being loaded.
        BuiltInRule(
            name: "local.busy", kinds: [.local], statuses: [503],
            texts: ["loading model", "server busy", "maximum pending requests exceeded"],
            errorClass: .providerOverloaded),
        BuiltInRule(
            name: "local.too_long", kinds: [.local], statuses: [400, 413, 500],
            names: ["exceed_context_size_error"], errorClass: .providerRejected),
        // A model that is not there yet can be there in the next minute.
        BuiltInRule(
            name: "local.model", kinds: [.local], statuses: [404], names: ["model_not_found"],
            errorClass: .providerRejected),
    ]
}
