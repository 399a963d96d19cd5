extension KeyPool.Entry {
    /// Puts the key, or one model of it, to rest, and answers what that changed.
    ///
    /// One window of trouble moves one step up the ladder, however many requests run into it: an attempt that began
    /// before the present rest ended belongs to the same window. Nobody has to be told of rests that are over already.
    mutating func rest(
        _ incident: KeyPool.Incident, model: ModelName?, policy: KeyPool.Policy, jitter: inout KeyPool.Jitter
    ) -> [KeyTransition] {
        let now = incident.now
        let failure = incident.failure
        guard let rest = KeyPool.Rest(after: failure.errorClass, policy: policy.cooldown) else { return [] }
        let known = self.condition(of: model)
        let daily = Self.confirmed(incident, by: known)
        let state = daily == nil ? rest.state : .exhausted
        let former = known.flatMap { daily == nil && rest.isSameKind(as: $0.state) ? $0 : nil }
        let isSameWindow = former.map { $0.until > incident.begun } ?? false
        let step = former.map { isSameWindow ? $0.step : $0.step + 1 } ?? 0
        var deadline =
            daily ?? KeyPool.Deadline(failure.recovery, jitter: &jitter, at: incident.moment)
            ?? (state == .exhausted ? self.announcedReset(of: failure.window, at: incident.moment) : nil)
            ?? KeyPool.Deadline(until: now + rest.duration(step: step), isGuess: true)
        if deadline.window == nil { deadline.window = failure.window }
        if let former { deadline = deadline.merged(into: former, at: now) }
        // Trouble of another kind that lasts longer stays in force.
        if former == nil, let known, known.until > now, known.until >= deadline.until { return [] }
        var condition = KeyCondition(
            state: state, reason: daily == nil ? failure.errorClass : .providerQuotaExhausted, until: deadline.until,
            end: deadline.until, step: step, since: isSameWindow ? former?.since ?? now : now,
            confirmedAt: incident.isByPanel ? incident.begun : now)
        condition.take(deadline, isProbed: model == nil && policy.probes(state, of: self.provider))
        condition.dailyQuota = failure.daily?.id ?? (isSameWindow ? former?.dailyQuota : nil)
        condition.isByPanel = incident.isByPanel
        if isSameWindow, let former {
            condition.confirmedAt = max(condition.confirmedAt, former.confirmedAt)
            condition.cause = former.cause == incident.request ? former.cause : nil
            condition.before = former.before
            condition.isTogether = former.isTogether
            condition.isByPanel = former.isByPanel && incident.isByPanel
            condition.trial = former.trial
            condition.trialsRunning = former.trialsRunning
        } else {
            condition.cause = incident.request
            condition.before = known.map { [$0.withoutHistory] } ?? []
            condition.trial = self.newTrial()
        }
        if rest.state == .suspect { condition.judge(incident, after: former) }
        if condition.state == .exhausted, condition.isGuess, !incident.isByPanel { self.isRefreshWanted = true }
        return self.take(condition, for: model, after: known, at: now)
    }

    /// The reset of a quota for a day that two failures with a rest between them have named (provider facts, section 6).
    private static func confirmed(_ incident: KeyPool.Incident, by known: KeyCondition?) -> KeyPool.Deadline? {
        guard let daily = incident.failure.daily, let known, known.dailyQuota == daily.id,
            known.until <= incident.begun
        else { return nil }
        return KeyPool.Deadline(daily.reset, window: known.window, at: incident.moment)
    }

    /// The reset to come of a window that is used up: of the named one, else the soonest of a full one.
    func announcedReset(of name: String?, at moment: Moment) -> KeyPool.Deadline? {
        if let name {
            let reset = self.windows.reset(of: name, at: moment.instant)?.window.resetsAt
            // Nothing of one window is filled in from another.
            return reset.flatMap { KeyPool.Deadline($0, window: name, at: moment) }
        }
        return self.windows.fullPanel(at: moment.instant)
            .compactMap { full in
                full.window.resetsAt.flatMap { KeyPool.Deadline($0, window: full.window.name, at: moment) }
            }
            .min { $0.until < $1.until }
    }

    /// Puts a condition into force and answers what that changed.
    mutating func take(
        _ condition: KeyCondition, for model: ModelName?, after known: KeyCondition?, at now: Instant
    ) -> [KeyTransition] {
        var changes: [KeyTransition] = []
        if let model {
            changes = self.keep(condition, for: model, at: now)
        } else {
            self.condition = condition
            // To those who watch, a key that a person took out stays so.
            guard self.isEnabled else { return [] }
        }
        let old = known.flatMap { $0.isInForce(at: now) ? $0.state : nil } ?? .usable
        guard condition.state != old || known?.until != condition.until else { return changes }
        changes.append(
            KeyTransition(
                key: self.label, model: model, old: old, new: condition.state, reason: condition.reason,
                usableAt: condition.until))
        return changes
    }

    /// A success ends what an attempt that began earlier than it may have caused, and the ladder starts anew.
    mutating func clear(model: ModelName?, begun: Instant, at now: Instant) -> [KeyTransition] {
        guard self.hasConditions else { return [] }
        var ends: [KeyTransition] = []
        if let whole = self.condition, whole.isDisproved(bySuccessBegun: begun) { ends += self.end(nil) }
        if let model, let single = self.modelConditions[model], single.isDisproved(bySuccessBegun: begun) {
            ends += self.end(model)
        }
        return ends
    }

    /// Ends a rest at once, with its ladder.
    mutating func end(_ model: ModelName?) -> [KeyTransition] {
        guard let known = self.condition(of: model) else { return [] }
        if let model {
            self.modelConditions[model] = nil
        } else {
            self.condition = nil
            guard self.isEnabled else { return [] }
        }
        return self.untoldEnd(of: known, model: model).map { [$0] } ?? []
    }

    /// Makes the key usable at once, or one model of it, and keeps the step: the next request shows whether it works.
    mutating func beginTrial(at now: Instant) -> [KeyTransition] {
        guard var whole = self.condition, whole.isInForce(at: now) else { return [] }
        let told = self.isEnabled ? self.untoldEnd(of: whole, model: nil) : nil
        whole.until = min(whole.until, now)
        whole.end = now
        whole.isEndTold = true
        self.condition = whole
        return told.map { [$0] } ?? []
    }

    /// Undoes what a request did to the key, or to one model of it, if nothing else bore it out.
    mutating func forgive(
        _ request: UInt64, model: ModelName?, policy: KeyPool.Policy, at now: Instant
    ) -> [KeyTransition] {
        guard let known = self.condition(of: model), known.cause == request else { return [] }
        var restored = known.before.first
        if model == nil, var whole = restored, !whole.isEndTold {
            whole.rest(until: whole.until, isProbed: policy.probes(whole.state, of: self.provider))
            restored = whole
        }
        let isInForce = restored?.isInForce(at: now) ?? false
        restored?.isEndTold = !isInForce
        if let model {
            self.modelConditions[model] = restored
        } else {
            self.condition = restored
            // While the key is disabled nobody is told; what ended must not be told later either.
            guard self.isEnabled else { return [] }
        }
        self.isRefreshWanted = self.isRefreshWanted && restored?.state == .exhausted
        guard let restored, isInForce else { return self.untoldEnd(of: known, model: model).map { [$0] } ?? [] }
        let old = known.isEndTold ? KeyState.usable : known.state
        guard restored.state != old || restored.until != known.until else { return [] }
        return [
            KeyTransition(
                key: self.label, model: model, old: old, new: restored.state, reason: restored.reason,
                usableAt: restored.until)
        ]
    }

    /// Notes a condition of one model; when there are too many, the one that ends first gives way.
    mutating func keep(_ condition: KeyCondition, for model: ModelName, at now: Instant) -> [KeyTransition] {
        var gone: KeyTransition?
        if self.modelConditions[model] == nil, self.modelConditions.count >= KeyPool.modelConditionCapacity,
            let first = self.modelConditions.min(by: { ($0.value.until, $0.key) < ($1.value.until, $1.key) })
        {
            self.modelConditions[first.key] = nil
            gone = self.untoldEnd(of: first.value, model: first.key)
        }
        self.modelConditions[model] = condition
        return gone.map { [$0] } ?? []
    }

    /// The transition back to usable, unless it was told already.
    func untoldEnd(of condition: KeyCondition, model: ModelName?) -> KeyTransition? {
        guard !condition.isEndTold else { return nil }
        return KeyTransition(
            key: self.label, model: model, old: condition.state, new: .usable, reason: nil, usableAt: nil)
    }
}

extension KeyCondition {
    /// The same without what was before it: one step back is enough.
    var withoutHistory: Self {
        var copy = self
        copy.before = []
        copy.trialsRunning = 0
        return copy
    }

    /// Takes over a deadline.
    mutating func take(_ deadline: KeyPool.Deadline, isProbed: Bool) {
        self.rest(until: deadline.until, isProbed: isProbed)
        self.reset = deadline.reset
        self.isGuess = deadline.isGuess
        self.window = deadline.window
    }

    /// Whether a refused key is only `suspect`, or `invalid`: refused again on another request, or by a check, after the
    /// provider had accepted another key since the first refusal.
    mutating func judge(_ incident: KeyPool.Incident, after former: KeyCondition?) {
        let first = former?.firstRefusal ?? Refusal(at: incident.now, request: incident.request)
        self.firstRefusal = first
        guard let former else { return }
        guard former.state != .invalid else {
            self.state = .invalid
            return
        }
        let isOther = incident.request == nil || incident.request != first.request
        let provedSince = incident.othersProved.map { $0 >= first.at } ?? false
        if isOther, incident.begun > first.at, provedSince { self.state = .invalid }
    }
}
