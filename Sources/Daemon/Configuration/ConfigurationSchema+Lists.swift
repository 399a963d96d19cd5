import ProxyCore

extension ConfigurationSchema {
    /// The table `[[client]]`.
    static let client = TableSchema<ClientDraft>([
        Setting("name", \.name, Form.client.required, default: nil, .live, "The client's name, unique."),
        Setting(
            "token", \.token, Form.secret.required, default: nil, .live, "Where its token is; never the token itself."),
        Setting(
            "models", \.models, Form.model.list(), default: "[]", .live, "The models that it may ask for; empty is all."
        ),
        Setting(
            "routes", \.routes, Form.route.list(), default: "[]", .live,
            "The routes that it may call, as paths; with `/*` at the end all below one. Empty is all."),
        Setting(
            "projects", \.projects, Form.project.list(), default: "[]", .live,
            "The projects that its requests count for; with one they do so by themselves. Empty is all."),
        Setting(
            "scopes", \.scopes, Form.choice(Configuration.Client.Scope.self).list(atLeast: 1).map { Set($0) },
            default: #"["inference"]"#, .live, "What the token is good for."),
        Setting("rps", \.rps, Form.limit, default: "0", .live, "Requests per second."),
        Setting("rpm", \.rpm, Form.limit, default: "0", .live, "Requests per minute."),
        Setting("tpm", \.tpm, Form.limit, default: "0", .live, "Tokens per minute."),
        Setting("in_flight", \.inFlight, Form.limit, default: "0", .live, "Requests at once."),
        Setting(
            "expires", \.expires, Form.time.orEmpty("never"), default: #""""#, .live,
            "When the token ceases to be good."),
    ])

    /// The table `[[provider]]`.
    static let provider = TableSchema<ProviderDraft>(
        [
            Setting("name", \.name, Form.provider.required, default: nil, .live, "The provider's name, unique."),
            Setting(
                "kind", \.kind, Form.choice(ProviderKind.self).required, default: nil, .live,
                "What it speaks; never guessed from the name."),
            Setting(
                "base_url", \.baseURL, Form.base.orEmpty("that of the kind"), default: #""""#, .live,
                "Its address; needed for the kinds `local` and `compatible`."),
            Setting(
                "anthropic_base_url", \.anthropicBaseURL, Form.base.orEmpty("what follows from the kind"),
                default: #""""#, .live, "Its address for Anthropic's dialect."),
            Setting(
                "default", \.isDefault, Form.boolean, default: "false", .live,
                "Marks the default provider; one at most."),
            Setting(
                "pins", \.pins, Form.pin.list(), default: "[]", .live,
                "Public keys that its certificate must have one of; a backup pin is asked for."),
            Setting(
                "usage_refresh", \.usageRefresh, Form.durationOrZero("never"), default: #""10m""#, .live,
                "How often its usage is asked for."),
            Setting(
                "usage_timeout", \.usageTimeout, Form.duration(.seconds(1), atMost: .seconds(120)), default: #""10s""#,
                .live,
                "How long that may take."),
            Setting(
                "repeat_possibly_billed", \.repeatPossiblyBilled, Form.boolean, default: "true", .live,
                "Whether an attempt that failed after it was fully sent is repeated."),
        ],
        nested: [
            .init(name: "rule") { reader, place, provider in
                provider.rules = reader.readList(place, Self.rule) { RuleDraft() }
            }
        ]
    )

    /// The table `[[provider.rule]]`.
    static let rule = TableSchema<RuleDraft>([
        Setting("status", \.status, Form.integer(100...599).required, default: "", .live, "The HTTP status."),
        Setting("type", \.type, Form.text().required, default: "", .live, "The error's `type`, the same but for case."),
        Setting("code", \.code, Form.text().required, default: "", .live, "The error's `code`, the same but for case."),
        Setting(
            "message", \.message, Form.text().required, default: "", .live, "Occurs in the error's message, case aside."
        ),
        Setting(
            "class", \.outcome, Form.choice(ClassificationRule.Outcome.self).required, default: nil, .live,
            "What an answer that all given conditions match then is."),
        Setting(
            "blame", \.blame, Form.choice(ClassificationRule.Blame.self).required, default: "", .live,
            "What it says something about; without it what the class usually does."),
        Setting(
            "wait", \.wait, Form.duration(.seconds(1), atMost: .seconds(35 * 86_400)).required, default: "", .live,
            "When to try again, whatever the answer says of that."),
    ])

    /// The table `[[key]]`.
    static let key = TableSchema<KeyDraft>([
        Setting("label", \.label, Form.label.required, default: nil, .live, "The key's name, unique."),
        Setting(
            "provider", \.provider, Form.provider.required, default: nil, .live,
            "The one provider that it is sent to: a `[[provider]]`, or a kind with a known address."),
        Setting(
            "secret", \.secret, Form.secret.required, default: nil, .live,
            "Where the secret is; never the secret itself."),
        Setting(
            "priority", \.priority, Form.integer(-1_000_000...1_000_000), default: "0", .live, "Higher ones come first."
        ),
        Setting(
            "weight", \.weight, Form.integer(1...1_000_000), default: "1", .live, "Its share in the mode `weighted`."),
        Setting("enabled", \.enabled, Form.boolean, default: "true", .live, "Whether it takes part."),
        Setting(
            "models", \.models, Form.model.list(), default: "[]", .live, "The models that it serves; empty is all."),
        Setting("headers", \.headers, Form.headers, default: "{}", .live, "Fields that are sent with this key only."),
        Setting("rps", \.rps, Form.limit, default: "0", .live, "Requests per second."),
        Setting("rpm", \.rpm, Form.limit, default: "0", .live, "Requests per minute."),
        Setting("tpm", \.tpm, Form.limit, default: "0", .live, "Tokens per minute."),
        Setting("in_flight", \.inFlight, Form.limit, default: "0", .live, "Requests at once."),
    ])

    /// The table `[[model]]`.
    static let model = TableSchema<ModelDraft>(
        [
            Setting("name", \.name, Form.model.required, default: nil, .live, "The name that callers use, unique.")
        ],
        nested: [
            .init(name: "targets") { reader, place, model in
                model.targets = reader.readList(place, Self.target) { TargetDraft() }
            }
        ]
    )

    /// The targets of a `[[model]]`.
    static let target = TableSchema<TargetDraft>([
        Setting("provider", \.provider, Form.provider.required, default: nil, .live, "Who serves it."),
        Setting("model", \.model, Form.model.required, default: nil, .live, "The provider's name of the model."),
        Setting(
            "priority", \.priority, Form.integer(-1_000_000...1_000_000), default: "0", .live, "Higher ones come first."
        ),
        Setting(
            "weight", \.weight, Form.integer(1...1_000_000), default: "1", .live,
            "The share among those of the same priority."),
    ])

    /// The table `[prices.override."MODEL"]`.
    static let price = TableSchema<PriceDraft>([
        Setting(
            "input_cost_per_token", \.inputCostPerToken, Form.number(0...1).required, default: "", .live,
            "US dollars for a token of input."),
        Setting(
            "output_cost_per_token", \.outputCostPerToken, Form.number(0...1).required, default: "", .live,
            "US dollars for a token of output."),
        Setting(
            "cache_read_input_token_cost", \.cacheReadInputTokenCost, Form.number(0...1).required, default: "", .live,
            "US dollars for a token read from the provider's cache."),
        Setting(
            "cache_creation_input_token_cost", \.cacheCreationInputTokenCost, Form.number(0...1).required, default: "",
            .live, "US dollars for a token written to it."),
        Setting(
            "cache_creation_input_token_cost_above_1hr", \.cacheCreationInputTokenCostAboveOneHour,
            Form.number(0...1).required, default: "", .live, "US dollars for a token written to it for an hour."),
        Setting(
            "output_cost_per_reasoning_token", \.outputCostPerReasoningToken, Form.number(0...1).required, default: "",
            .live, "US dollars for a token of reasoning, where it is priced apart."),
    ])
}
