import NIOCore
import ProxyCore

/// What a provider is asked about a key.
enum CheckQuestion: Equatable {
    /// What of the account is used.
    case usage(UsageEndpoint)
    /// Which models there are: every provider answers that, and only to a key that it takes.
    case models

    /// The path behind the provider's base.
    var path: String {
        switch self {
        case .usage(let endpoint): endpoint.path
        case .models: "/models"
        }
    }
}

extension GatewaySnapshot {
    /// Whether nothing may be sent to providers.
    var isDryRun: Bool { self.configuration.server.dryRun }

    /// The keys whose usage can be asked for: those that take part, of providers that tell.
    var checkTargets: [CheckSchedule.Target] {
        self.poolKeys.compactMap { key in
            guard key.enabled, let generation = self.generations[key.label], self.secrets[key.label] != nil,
                let provider = self.providers[key.provider], UsageEndpoint(of: provider.kind) != nil
            else { return nil }
            return CheckSchedule.Target(
                grant: KeyGrant(label: key.label, generation: generation), provider: provider.name,
                interval: provider.usageRefresh)
        }
    }

    /// The provider that a grant of the pool is asked about at; `nil` if this configuration's secret is not the one that the
    /// grant is for, or if there is none.
    ///
    /// So a secret only ever goes where it was configured for, and what comes back concerns that secret (T-015).
    func provider(checking grant: KeyGrant) -> Configuration.Provider? {
        guard self.generations[grant.label] == grant.generation, let key = self.keys[grant.label],
            let provider = self.providers[key.provider], self.secrets[grant.label] != nil || provider.kind == .local
        else { return nil }
        return provider
    }

    /// The request that asks a question with a key; `nil` if the provider has no address for it, or if the grant is old.
    func checkRequest(_ question: CheckQuestion, with grant: KeyGrant, userAgent: String) -> UpstreamRequest? {
        guard let provider = self.provider(checking: grant) else { return nil }
        let place = provider.place { bases in
            guard case .usage(let endpoint) = question, endpoint.isUnversioned else {
                return TargetJoining.join(rest: question.path, isVersioned: true, querySuffix: "", bases: bases)
            }
            let path = bases.general.hasSuffix("/v1") ? String(bases.general.dropLast(3)) : bases.general
            return TargetJoining.Joined(usesAnthropicBase: bases.isAnthropicOnly, target: path + endpoint.path)
        }
        guard let place else { return nil }
        var fields: HeaderFields = ["Accept": "application/json", "User-Agent": userAgent]
        if provider.kind == .anthropic { fields.add(name: "anthropic-version", value: "2023-06-01") }
        return UpstreamRequest(
            method: "GET",
            origin: place.origin,
            target: place.joined.target,
            headers: self.requestFields(from: fields, key: grant.label, provider: provider, joined: place.joined),
            body: .none,
            pins: provider.pins
        )
    }
}
