/// How a provider as a whole fares, whatever its keys do.
struct ProviderHealth: Sendable {
    var breaker: Breaker
    var overload = OverloadRest()
    var budget: RetryBudget
    /// Whether the overload was told with a status that never opens the breaker: then nobody but those who repeat is sent there
    /// while it lasts.
    var isGated = false
    /// Whether it was told that it refuses several keys for one request.
    var hasToldRefusals = false
    /// When it last answered a request as it should, and for which program.
    var lastSuccess: (at: Instant, agent: String?)?

    init(_ policy: Dispatcher.Policy) {
        self.breaker = Breaker(policy: policy.breaker)
        self.budget = RetryBudget(share: policy.retry.budget)
    }

    mutating func reconfigure(_ policy: Dispatcher.Policy) {
        self.breaker.reconfigure(policy.breaker)
        self.budget.share = policy.retry.budget
    }

    /// Until when it is left alone; `nil` if it may be asked now.
    func restsUntil(at now: Instant) -> Instant? {
        self.breaker.wouldAdmit(at: now) ? nil : self.breaker.retryAt(at: now) ?? now
    }

    /// Until when new requests wait for it; `nil` if they need not.
    func gatedUntil(at now: Instant) -> Instant? {
        self.isGated ? self.overloadedUntil(at: now) : nil
    }

    /// Until when others are preferred to it; `nil` if none are.
    func overloadedUntil(at now: Instant) -> Instant? {
        self.overload.until.flatMap { $0 > now ? $0 : nil }
    }
}
