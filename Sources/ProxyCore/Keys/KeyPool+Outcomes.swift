extension KeyPool {
    /// Notes how an attempt that began at `begun` ended, and answers what that changed, in its order: rests of the key that
    /// are over first.
    ///
    /// A grant that is outdated has no effect.
    public mutating func record(
        _ outcome: KeyOutcome,
        on grant: KeyGrant,
        request: UInt64,
        model: ModelName?,
        begun: Instant,
        at moment: Moment
    ) -> [KeyTransition] {
        guard let index = self.index(of: grant) else { return [] }
        self.learnClock(of: moment)
        let now = moment.instant
        switch outcome {
        case .neutral:
            return []
        case .succeeded:
            self.entries[index].prove(begun: begun)
            if !self.wholeLimits.isEmpty { self.endWholeLimits(of: self.entries[index].provider, model, begun: begun) }
            guard self.entries[index].hasConditions else { return [] }
            return self.change(index, model: model) { pool in
                pool.entries[index].expire(at: now)
                    + pool.entries[index].clear(model: model, begun: begun, at: now)
            }
        case .failed(let failure):
            let scope = failure.scope == .model ? model : nil
            let incident = Incident(
                failure: failure, request: request, begun: begun, moment: moment,
                othersProved: failure.errorClass == .providerAuthFailed ? self.othersProved(index) : nil)
            return self.change(index, model: scope) { pool in
                pool.blame(index, incident, model: scope)
            }
        }
    }

    /// Undoes what a failure of this request did to the key: the same failure on a second key showed that the request is to
    /// blame, or the provider.
    ///
    /// Nothing happens if another request, or a check, ran into the same by now, or if all keys were limited together.
    public mutating func forgive(
        _ request: UInt64, on grant: KeyGrant, model: ModelName?, at moment: Moment
    ) -> [KeyTransition] {
        guard let index = self.index(of: grant) else { return [] }
        self.learnClock(of: moment)
        let policy = self.policy
        return self.change(index, model: model) { pool in
            var changes = pool.entries[index].expire(at: moment.instant)
            changes += pool.entries[index].forgive(request, model: nil, policy: policy, at: moment.instant)
            if let model {
                changes += pool.entries[index].forgive(request, model: model, policy: policy, at: moment.instant)
            }
            return changes
        }
    }

    /// Puts a key to rest after a failure; a limit that all keys ran into counts as one of the provider.
    mutating func blame(_ index: Int, _ incident: Incident, model: ModelName?) -> [KeyTransition] {
        var changes = self.entries[index].expire(at: incident.now)
        changes += self.entries[index].rest(incident, model: model, policy: self.policy, jitter: &self.jitter)
        if incident.failure.errorClass == .providerRateLimited, incident.request != nil {
            changes += self.noteWholeLimit(of: self.entries[index].provider, model, incident)
        }
        return changes
    }

    /// Changes what is known of a key, or of one model with it, and notes whether that is to be remembered.
    mutating func change(
        _ index: Int, model: ModelName?, _ body: (inout KeyPool) -> [KeyTransition]
    ) -> [KeyTransition] {
        let whole = self.entries[index].condition
        let single = model.flatMap { self.entries[index].modelConditions[$0] }
        let changes = body(&self)
        if !changes.isEmpty || whole != self.entries[index].condition
            || single != model.flatMap({ self.entries[index].modelConditions[$0] })
        {
            self.noteMemoryChange()
        }
        return changes
    }

    /// When the youngest attempt or check began for which the provider accepted another one of its keys.
    func othersProved(_ index: Int) -> Instant? {
        let provider = self.entries[index].provider
        var proved: Instant?
        for other in self.entries.indices where other != index && self.entries[other].provider == provider {
            guard let own = self.entries[other].lastProof else { continue }
            proved = max(proved ?? own, own)
        }
        return proved
    }
}

extension KeyPool.Entry {
    /// Notes that the provider accepted the key for an attempt.
    mutating func prove(begun: Instant) {
        self.lastSuccess = max(self.lastSuccess ?? begun, begun)
        self.lastProof = max(self.lastProof ?? begun, begun)
    }
}
