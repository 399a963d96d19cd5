/// Which key would serve a request at one of its candidates, and why none of the others.
public struct CandidateExplanation: Sendable, Equatable {
    /// The candidate.
    public var candidate: DispatchCandidate
    /// How the provider's breaker stands.
    public var breaker: Breaker.State
    /// Until when the provider is left alone; `nil` if it may be asked now.
    public var restsUntil: Instant?
    /// Until when others are preferred to it, because it was overloaded; `nil` if none are.
    public var overloadedUntil: Instant?
    /// Whether the request would be served here.
    public var isChosen: Bool
    /// How each key of the provider stands to the request, and which one would serve it.
    public var keys: KeyExplanation
}

/// How one provider fares.
public struct ProviderStanding: Sendable, Equatable {
    /// The provider.
    public var provider: ProviderName
    /// How its breaker stands.
    public var breaker: Breaker.State
    /// When the breaker lets the next request through; `nil` if it does now.
    public var retryAt: Instant?
    /// Until when others are preferred to it; `nil` if none are.
    public var overloadedUntil: Instant?
}

extension Dispatcher {
    /// Tells what ``begin(_:at:)`` would do with a request now, candidate by candidate in the order in which they are tried.
    ///
    /// Nothing changes; where weights leave the order to chance, it is the one that would be drawn.
    public func explain(_ plan: RequestPlan, at now: Moment) -> [CandidateExplanation] {
        var copy = self
        copy.catchUp(now)
        var plan = plan
        plan.order = copy.order(of: plan)
        var isFound = false
        return copy.preferred(plan, at: now.instant).map { index in
            let candidate = plan.candidates[index]
            let health = copy.providers[candidate.provider]
            let rests = health?.restsUntil(at: now.instant)
            let keys = copy.pool.explain(plan.demand(for: candidate), at: now.instant)
            let isChosen = !isFound && rests == nil && keys.chosen != nil
            if isChosen { isFound = true }
            return CandidateExplanation(
                candidate: candidate, breaker: health?.breaker.state(at: now.instant) ?? .closed,
                restsUntil: rests, overloadedUntil: health?.overloadedUntil(at: now.instant), isChosen: isChosen,
                keys: keys)
        }
    }

    /// How the keys stand that could serve a request, those of all its candidates.
    public func shortage(for plan: RequestPlan, at now: Instant) -> KeyShortage {
        plan.candidates.reduce(KeyShortage(keys: [], isBusy: false)) { sum, candidate in
            var demand = plan.demand(for: candidate)
            demand.excluded = []
            return sum.merged(with: self.pool.shortage(for: demand, at: now))
        }
    }

    /// How a provider fares.
    public func standing(of provider: ProviderName, at now: Instant) -> ProviderStanding {
        let health = self.providers[provider]
        return ProviderStanding(
            provider: provider, breaker: health?.breaker.state(at: now) ?? .closed,
            retryAt: health?.breaker.retryAt(at: now), overloadedUntil: health?.overloadedUntil(at: now))
    }
}
