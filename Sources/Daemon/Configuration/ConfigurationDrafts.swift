import ProxyCore

/// A `[[client]]` as far as it could be read.
struct ClientDraft: Sendable {
    var name: ClientName?
    var token: SecretReference?
    var models: [ModelName] = []
    var routes: [String] = []
    var projects: [String] = []
    var scopes: Set<Configuration.Client.Scope> = [.inference]
    var rps: Int?
    var rpm: Int?
    var tpm: Int?
    var inFlight: Int?
    var expires: WallTime?

    /// The client, if its required keys are there.
    var value: Configuration.Client? {
        guard let name = self.name, let token = self.token else { return nil }
        var client = Configuration.Client(name: name, token: token)
        client.models = self.models
        client.routes = self.routes
        client.projects = self.projects
        client.scopes = self.scopes
        client.rps = self.rps
        client.rpm = self.rpm
        client.tpm = self.tpm
        client.inFlight = self.inFlight
        client.expires = self.expires
        return client
    }
}

/// A `[[provider]]` as far as it could be read.
struct ProviderDraft: Sendable {
    var name: ProviderName?
    var kind: ProviderKind?
    var baseURL: UpstreamBase?
    var anthropicBaseURL: UpstreamBase?
    var isDefault = false
    var pins: [String] = []
    var usageRefresh: Duration? = .seconds(600)
    var usageTimeout: Duration = .seconds(10)
    var repeatPossiblyBilled = true
    var rules: [Entry<RuleDraft>] = []

    /// The provider, if its required keys are there.
    var value: Configuration.Provider? {
        guard let name = self.name, let kind = self.kind else { return nil }
        var provider = Configuration.Provider(name: name, kind: kind)
        let bases = kind.bases(configured: self.baseURL, anthropic: self.anthropicBaseURL)
        provider.openAIBase = bases.openAI
        provider.anthropicBase = bases.anthropic
        provider.isDefault = self.isDefault
        provider.pins = self.pins
        provider.usageRefresh = self.usageRefresh
        provider.usageTimeout = self.usageTimeout
        provider.repeatPossiblyBilled = self.repeatPossiblyBilled
        provider.rules = self.rules.compactMap(\.draft.value)
        return provider
    }
}

/// A `[[provider.rule]]` as far as it could be read.
struct RuleDraft: Sendable {
    var status: Int?
    var type: String?
    var code: String?
    var message: String?
    var outcome: ClassificationRule.Outcome?
    var blame: ClassificationRule.Blame?
    var wait: Duration?

    /// Whether there is anything to match.
    var hasCondition: Bool { self.status != nil || self.type != nil || self.code != nil || self.message != nil }

    /// The rule, if its required keys are there.
    var value: ClassificationRule? {
        guard let outcome = self.outcome, self.hasCondition else { return nil }
        return ClassificationRule(
            status: self.status, type: self.type, code: self.code, message: self.message, outcome: outcome,
            blame: self.blame, wait: self.wait)
    }
}

/// A `[[key]]` as far as it could be read.
struct KeyDraft: Sendable {
    var label: KeyLabel?
    var provider: ProviderName?
    var secret: SecretReference?
    var priority = 0
    var weight = 1
    var enabled = true
    var models: [ModelName] = []
    var headers: [HeaderFields.Field] = []
    var rps: Int?
    var rpm: Int?
    var tpm: Int?
    var inFlight: Int?

    /// The key, if its required keys are there.
    var value: Configuration.Key? {
        guard let label = self.label, let provider = self.provider, let secret = self.secret else { return nil }
        var key = Configuration.Key(label: label, provider: provider, secret: secret)
        key.priority = self.priority
        key.weight = self.weight
        key.enabled = self.enabled
        key.models = self.models
        key.headers = self.headers
        key.rps = self.rps
        key.rpm = self.rpm
        key.tpm = self.tpm
        key.inFlight = self.inFlight
        return key
    }
}

/// A `[[model]]` as far as it could be read.
struct ModelDraft: Sendable {
    var name: ModelName?
    var targets: [Entry<TargetDraft>] = []

    /// The alias, if its required keys are there.
    var value: Configuration.ModelAlias? {
        guard let name = self.name else { return nil }
        return Configuration.ModelAlias(name: name, targets: self.targets.compactMap(\.draft.value))
    }
}

/// A target of a `[[model]]` as far as it could be read.
struct TargetDraft: Sendable {
    var provider: ProviderName?
    var model: ModelName?
    var priority = 0
    var weight = 1

    /// The target, if its required keys are there.
    var value: Configuration.ModelAlias.Target? {
        guard let provider = self.provider, let model = self.model else { return nil }
        return Configuration.ModelAlias.Target(
            provider: provider, model: model, priority: self.priority, weight: self.weight)
    }
}

/// A `[prices.override."MODEL"]` as far as it could be read.
struct PriceDraft: Sendable {
    var inputCostPerToken: Double?
    var outputCostPerToken: Double?
    var cacheReadInputTokenCost: Double?
    var cacheCreationInputTokenCost: Double?
    var cacheCreationInputTokenCostAboveOneHour: Double?
    var outputCostPerReasoningToken: Double?

    /// The prices that are there, by the names of the price table.
    var costs: [String: Double] {
        var costs: [String: Double] = [:]
        costs["input_cost_per_token"] = self.inputCostPerToken
        costs["output_cost_per_token"] = self.outputCostPerToken
        costs["cache_read_input_token_cost"] = self.cacheReadInputTokenCost
        costs["cache_creation_input_token_cost"] = self.cacheCreationInputTokenCost
        costs["cache_creation_input_token_cost_above_1hr"] = self.cacheCreationInputTokenCostAboveOneHour
        costs["output_cost_per_reasoning_token"] = self.outputCostPerReasoningToken
        return costs
    }
}
