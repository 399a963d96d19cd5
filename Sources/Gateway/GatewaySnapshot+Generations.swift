import ProxyCore

/// Which secret goes with which grant of the pool, when configurations follow each other.
extension GatewaySnapshot {
    /// The keys whose past says nothing any more: their secret, their own fields or the address of their provider is
    /// another one than in `former`.
    func renewedKeys(since former: GatewaySnapshot) -> Set<KeyLabel> {
        Set(
            self.poolKeys.filter { key in
                guard let before = former.keys[key.label] else { return false }
                return self.secrets[key.label] != former.secrets[key.label] || key.headers != before.headers
                    || !self.hasProvider(key.provider, like: former.providers[key.provider])
            }.map(\.label))
    }

    /// Whether what is sent to a provider of that name goes where it goes with `other`, and as safely.
    func hasProvider(_ name: ProviderName, like other: Configuration.Provider?) -> Bool {
        guard let own = self.providers[name], let other else { return false }
        return own.kind == other.kind && own.openAIBase == other.openAIBase
            && own.anthropicBase == other.anthropicBase && own.pins == other.pins
    }
}

/// What an attempt with a key is sent with.
struct KeySource {
    /// The configuration that has the key's secret and own fields.
    let snapshot: GatewaySnapshot
    /// Whether that is the secret that the pool's grant is for: how it fares with another one says nothing about the key.
    let isGranted: Bool
}

extension RequestFlow {
    /// What a key that the pool has granted is sent with to a provider of this request's configuration (T-015).
    ///
    /// The request's own configuration, as long as the key is the same there. Where a reload has renewed the key or brought it
    /// in since the request began, the configuration in force, provided that its secret is meant for the same address; no
    /// secret goes where it was not configured for. Failing that the former secret, at the former address. `nil` if there
    /// is none.
    func source(of grant: KeyGrant, for provider: Configuration.Provider) -> KeySource? {
        if self.snapshot.generations[grant.label] == grant.generation {
            return KeySource(snapshot: self.snapshot, isGranted: true)
        }
        let present = self.gateway.snapshot
        if present.generations[grant.label] == grant.generation, present.hasProvider(provider.name, like: provider) {
            return KeySource(snapshot: present, isGranted: true)
        }
        guard self.snapshot.keys[grant.label]?.provider == provider.name else { return nil }
        return KeySource(snapshot: self.snapshot, isGranted: false)
    }
}
