extension KeyPool {
    /// What of the pool outlives the process, in the order of the configuration and by name.
    public func memory(at now: Instant, wallTime: WallTime) -> KeyMemory {
        let moment = self.steady(Moment(instant: now, wallTime: wallTime))
        var memory = KeyMemory()
        // What came with an answer and has no reset says nothing for long.
        let soon = moment.wallTime + .seconds(600)
        for index in self.entries.indices {
            if self.entries[index].hasConditions { memory.conditions += self.entries[index].memory(at: moment) }
            if self.entries[index].windows.isEmpty { continue }
            let lasting = self.entries[index].windows.known.filter {
                $0.window.source == .panel || $0.window.resetsAt.map { $0 > soon } ?? false
            }
            guard let readAt = lasting.map(\.readAt).max() else { continue }
            memory.windows.append(
                KeyMemory.Windows(
                    label: self.entries[index].label, provider: self.entries[index].provider,
                    readAt: moment.wallTime(of: readAt), windows: lasting.map(\.window)))
        }
        memory.turns = self.turns.sorted { $0.key < $1.key }.compactMap { $0.value.memory(of: $0.key) }
        memory.wholeLimits = self.wholeLimits.map { scope, limit in
            KeyMemory.WholeLimit(
                provider: scope.provider, model: scope.model, until: moment.wallTime(of: limit.until), step: limit.step)
        }.sorted { ($0.provider, $0.model?.text ?? "") < ($1.provider, $1.model?.text ?? "") }
        return memory
    }

    /// Takes over what an earlier process remembered; called once, before the first choice.
    ///
    /// What is known of keys that are gone, or belong to another provider by now, is dropped. A deadline that is further away
    /// than the longest rest that can occur is brought down to that: the wall clock has jumped. A condition whose deadline has
    /// passed keeps its step of the ladder, and nobody is told of its end any more: nobody saw the rest in this process. A
    /// check that was due is due again.
    public mutating func restore(_ memory: KeyMemory, at now: Instant, wallTime: WallTime) {
        let moment = Moment(instant: now, wallTime: wallTime)
        self.learnClock(of: moment)
        let longest = Rest.longest(of: self.policy.cooldown)
        for remembered in memory.conditions where remembered.state != .usable && remembered.state != .disabled {
            guard let index = self.index(of: remembered.label),
                self.entries[index].provider == remembered.provider
            else { continue }
            self.entries[index].restore(remembered, policy: self.policy, notAfter: longest, at: moment)
        }
        for known in memory.windows {
            guard let index = self.index(of: known.label), self.entries[index].provider == known.provider else {
                continue
            }
            self.entries[index].windows.restore(
                known.windows, readAt: moment.instant(of: known.readAt, notAfter: .zero), at: moment)
        }
        let labels = Dictionary(grouping: self.entries, by: \.provider).mapValues { Set($0.map(\.label)) }
        for turn in memory.turns {
            if let present = labels[turn.provider] { self.turns[turn.provider] = Turn(turn, keeping: present) }
        }
        for limit in memory.wholeLimits where labels[limit.provider] != nil {
            self.keep(
                WholeLimit(
                    until: moment.instant(of: limit.until, notAfter: longest),
                    step: min(max(0, limit.step), Self.highestRestoredStep)),
                of: WholeLimitScope(provider: limit.provider, model: limit.model))
        }
        self.noteMemoryChange()
    }

    /// Far beyond any ladder, and far from what an integer holds.
    static let highestRestoredStep = 1_000_000
}

extension KeyPool.Entry {
    /// What is remembered of its rests.
    fileprivate func memory(at moment: Moment) -> [KeyMemory.Condition] {
        var conditions: [KeyMemory.Condition] = []
        func remember(_ condition: KeyCondition, of model: ModelName?) {
            conditions.append(
                KeyMemory.Condition(
                    label: self.label, provider: self.provider, model: model, state: condition.state,
                    reason: condition.reason, until: moment.wallTime(of: condition.until), step: condition.step,
                    // Once it is over, no clock step brings it back.
                    reset: condition.isInForce(at: moment.instant) ? condition.reset : nil, isGuess: condition.isGuess,
                    window: condition.window,
                    dailyQuota: condition.dailyQuota, isByPanel: condition.isByPanel,
                    isTogether: condition.isTogether,
                    lastCheck: model == nil ? self.lastCheck.map(moment.wallTime(of:)) : nil))
        }
        if let whole = self.condition { remember(whole, of: nil) }
        for (model, single) in self.modelConditions.sorted(by: { $0.key < $1.key }) { remember(single, of: model) }
        return conditions
    }

    /// Takes over a rest that an earlier process remembered.
    fileprivate mutating func restore(
        _ remembered: KeyMemory.Condition, policy: KeyPool.Policy, notAfter longest: Duration, at moment: Moment
    ) {
        let now = moment.instant
        var until = moment.instant(of: remembered.until, notAfter: longest)
        if let reset = remembered.reset {
            // They differ if the clock stepped before the deadline was counted anew; by less than a second they may drift.
            let drift = reset - remembered.until
            let time = drift > .seconds(1) || drift < .seconds(-1) ? reset : remembered.until
            until = moment.instant(of: time, notAfter: KeyPool.Rest.longestReset)
        }
        var condition = KeyCondition(
            state: remembered.state, reason: remembered.reason, until: until, end: until,
            step: min(max(-1, remembered.step), KeyPool.highestRestoredStep), since: now + .seconds(-3600),
            confirmedAt: now + .seconds(-3600))
        let lastCheck = remembered.lastCheck.map { moment.instant(of: $0, notAfter: .zero) }
        // A check that ended after the deadline decided nothing: the key was on trial.
        let isUndecided = lastCheck.map { $0 >= until } ?? false
        let isProbed =
            remembered.model == nil && !isUndecided && policy.probes(remembered.state, of: self.provider)
        condition.rest(until: until, isProbed: isProbed)
        condition.reset = remembered.reset
        condition.isGuess = remembered.isGuess
        condition.window = remembered.window
        condition.dailyQuota = remembered.dailyQuota
        condition.isByPanel = remembered.isByPanel
        condition.isTogether = remembered.isTogether
        if remembered.state == .suspect || remembered.state == .invalid {
            condition.firstRefusal = KeyCondition.Refusal(at: now, request: nil)
        }
        condition.trial = self.newTrial()
        condition.isEndTold = !condition.isInForce(at: now)
        if let model = remembered.model {
            // Nobody saw the rest that gives way.
            _ = self.keep(condition, for: model, at: now)
            return
        }
        self.condition = condition
        self.lastCheck = lastCheck
        self.isRefreshWanted =
            condition.state == .exhausted && condition.isGuess && !condition.isByPanel && condition.isInForce(at: now)
    }
}
