extension KeyPool {
    /// What a limit holds for that all keys of a provider ran into.
    struct WholeLimitScope: Hashable {
        /// The provider.
        var provider: ProviderName
        /// The one model, or `nil` for all.
        var model: ModelName?
    }

    /// A limit that all keys of a provider ran into within a second: one of the address or the account.
    struct WholeLimit: Equatable {
        /// When all of them take part again; it may have passed, the step still counts then.
        var until: Instant
        /// The step of the provider's ladder, from 0.
        var step: Int
    }

    /// Within so long all keys have to be limited for it to be one event.
    static let wholeLimitSpan = Duration.seconds(1)
    /// By how much the ends that the provider named may differ at least; jitter and the time between attempts lie within it.
    static let wholeLimitSpread = Duration.seconds(2)
    /// How many such limits are remembered.
    static let wholeLimitCapacity = 256

    /// Whether all keys of the provider rest because they were limited within one second: that is a limit of the address or
    /// the account, and no key is to blame.
    public func isLimitedAsAWhole(_ provider: ProviderName, at now: Instant) -> Bool {
        self.wholeLimits.contains { $0.key.provider == provider && $0.value.until > now }
    }

    /// Makes one event of it if every key that could be used was limited within a second (provider facts, section 11.1).
    ///
    /// Hints that differ show that the provider counts each key apart: then it is none. The keys get one deadline: the latest that the provider named for one of them, else the provider's own step of the
    /// ladder, one for each such event. Their own steps become what they were before.
    mutating func noteWholeLimit(
        of provider: ProviderName, _ model: ModelName?, _ incident: Incident
    ) -> [KeyTransition] {
        guard let members = self.limitedTogether(of: provider, model, at: incident.now),
            let rest = Rest(after: .providerRateLimited, policy: self.policy.cooldown)
        else { return [] }
        let scope = WholeLimitScope(provider: provider, model: model)
        let former = self.wholeLimits[scope]
        let isSameWindow = former.map { $0.until > incident.begun } ?? false
        let step = former.map { isSameWindow ? $0.step : $0.step + 1 } ?? 0
        let words = members.compactMap { index -> KeyCondition? in
            self.entries[index].condition(of: model).flatMap { $0.isGuess ? nil : $0 }
        }
        let announced = words.max { $0.until < $1.until }
        if let last = announced?.until, let first = words.map(\.until).min(),
            last - first > max(Self.wholeLimitSpread, (last - incident.now) * 3 / 20)
        {
            return []
        }
        var until = announced?.until ?? incident.now + rest.duration(step: step)
        if isSameWindow, let former, former.until > incident.now {
            until = announced == nil ? former.until : max(former.until, until)
        }
        self.keep(WholeLimit(until: until, step: step), of: scope)
        let deadline = Deadline(
            until: until, reset: announced?.until == until ? announced?.reset : nil, isGuess: announced == nil)
        return members.flatMap { self.entries[$0].restTogether(deadline, model: model, at: incident.now) }
    }

    /// The keys that were limited within the last second, if there are at least two and no other one can be used.
    private func limitedTogether(of provider: ProviderName, _ model: ModelName?, at now: Instant) -> [Int]? {
        var members: [Int] = []
        for index in self.entries.indices where self.entries[index].provider == provider {
            guard self.entries[index].isEnabled, model == nil || self.entries[index].serves(model) else { continue }
            if model != nil, !self.entries[index].isUsable(for: nil, at: now) { continue }
            guard let known = self.entries[index].condition(of: model), known.isInForce(at: now) else { return nil }
            if known.state == .cooling, known.reason == .providerRateLimited,
                now - known.since <= Self.wholeLimitSpan
            {
                members.append(index)
            }
        }
        return members.count >= 2 ? members : nil
    }

    /// A success begins the provider's ladders anew.
    mutating func endWholeLimits(of provider: ProviderName, _ model: ModelName?, begun: Instant) {
        let ended = self.wholeLimits.filter { scope, limit in
            scope.provider == provider && (scope.model == nil || scope.model == model) && limit.until <= begun
        }
        guard !ended.isEmpty else { return }
        for scope in ended.keys { self.wholeLimits[scope] = nil }
        self.noteMemoryChange()
    }

    /// Remembers a limit; when there are too many, the one that ends first gives way.
    mutating func keep(_ limit: WholeLimit, of scope: WholeLimitScope) {
        if self.wholeLimits[scope] == nil, self.wholeLimits.count >= Self.wholeLimitCapacity,
            let first = self.wholeLimits.min(by: { $0.value.until < $1.value.until })
        {
            self.wholeLimits[first.key] = nil
        }
        self.wholeLimits[scope] = limit
    }
}

extension KeyPool.Entry {
    /// Makes the present rest one that all keys take together.
    fileprivate mutating func restTogether(
        _ deadline: KeyPool.Deadline, model: ModelName?, at now: Instant
    ) -> [KeyTransition] {
        guard let known = self.condition(of: model) else { return [] }
        var condition = known
        condition.take(deadline, isProbed: false)
        condition.window = known.window
        condition.cause = nil
        if !known.isTogether {
            condition.isTogether = true
            condition.step = known.before.first.flatMap { $0.state == .cooling ? $0.step : nil } ?? -1
        }
        return self.take(condition, for: model, after: known, at: now)
    }
}
