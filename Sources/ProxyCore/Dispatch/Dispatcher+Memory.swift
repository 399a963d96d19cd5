/// What of a dispatcher outlives the process.
public struct DispatchMemory: Sendable, Equatable {
    /// What is known of the keys.
    public var keys: KeyMemory
    /// How the breakers stand that are not closed.
    public var breakers: [ProviderName: BreakerMemory]

    /// Makes a memory.
    public init(keys: KeyMemory = KeyMemory(), breakers: [ProviderName: BreakerMemory] = [:]) {
        self.keys = keys
        self.breakers = breakers
    }
}

extension Dispatcher {
    /// What is to outlive the process.
    public func memory(at now: Moment) -> DispatchMemory {
        DispatchMemory(
            keys: self.pool.memory(at: now.instant, wallTime: now.wallTime),
            breakers: self.providers.compactMapValues { $0.breaker.memory(at: now) })
    }

    /// Takes over what an earlier process remembered; called once, before the first request.
    ///
    /// Breakers of providers that are not in `providers` are forgotten.
    public mutating func restore(_ memory: DispatchMemory, providers: Set<ProviderName>, at now: Moment) {
        self.pool.restore(memory.keys, at: now.instant, wallTime: now.wallTime)
        for (provider, breaker) in memory.breakers where providers.contains(provider) {
            self.prepare(provider)
            self.providers[provider]?.breaker = Breaker(policy: self.policy.breaker, restoring: breaker, at: now)
        }
    }
}
