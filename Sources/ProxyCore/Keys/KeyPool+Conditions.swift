extension KeyPool.Entry {
    /// Puts the key, or one model of it, to rest.
    ///
    /// One window of trouble moves one step up the ladder, however many requests run into it: an attempt that began
    /// before the present rest did belongs to the same window. A deadline never gets shorter by a later failure.
    mutating func rest(
        _ rest: KeyPool.Rest,
        reason: ErrorClass,
        hint: Duration?,
        model: ModelName?,
        begun: Instant,
        at now: Instant
    ) -> KeyTransition? {
        let known = model.map { self.modelConditions[$0] } ?? self.condition
        let former = known.flatMap { rest.isSameKind(as: $0.state) ? $0 : nil }
        let isSameWindow = former.map { $0.until > begun } ?? false
        let step = former.map { isSameWindow ? $0.step : $0.step + 1 } ?? 0
        var until = now + rest.duration(hint: hint, step: step)
        if let former, former.until > until { until = former.until }
        // Trouble of another kind that lasts longer stays in force.
        if former == nil, let known, known.until > now, known.until >= until { return nil }
        let condition = KeyCondition(state: rest.state(at: step), reason: reason, until: until, step: step)
        if let model {
            self.keep(condition, for: model, at: now)
        } else {
            self.condition = condition
            // To those who watch, a key that a person took out stays so.
            guard self.isEnabled else { return nil }
        }
        let old = known.flatMap { $0.until > now ? $0.state : nil } ?? .usable
        guard condition.state != old || known?.until != until else { return nil }
        return KeyTransition(
            key: self.label, model: model, old: old, new: condition.state, reason: reason, usableAt: until)
    }

    /// A success ends what an attempt that began earlier than it may have caused, and the ladder starts anew.
    ///
    /// Such rests are over already. If nobody was told of that yet, the answer tells; where it would have to tell of the
    /// key and of the model, the model waits for ``expire(at:)``.
    mutating func clear(model: ModelName?, begun: Instant) -> KeyTransition? {
        var end: KeyTransition?
        if let whole = self.condition, whole.until <= begun {
            self.condition = nil
            if self.isEnabled { end = self.untoldEnd(of: whole, model: nil) }
        }
        if let model, let single = self.modelConditions[model], single.until <= begun {
            self.modelConditions[model] = nil
            if end == nil {
                end = self.untoldEnd(of: single, model: model)
            } else {
                self.leaveUntold(single, of: model)
            }
        }
        return end
    }

    /// Tells of the rests that are over and that nobody was told of, that of the key before those of models by name.
    ///
    /// The steps of the ladder stay. While a person has taken the key out, its rest ends silently.
    mutating func expire(at now: Instant) -> [KeyTransition] {
        var ends: [KeyTransition] = []
        if let whole = self.condition, whole.until <= now {
            if self.isEnabled, let end = self.untoldEnd(of: whole, model: nil) { ends.append(end) }
            self.condition?.isEndTold = true
        }
        var ended = self.untoldEnds
        self.untoldEnds = [:]
        for (model, single) in self.modelConditions where single.until <= now && !single.isEndTold {
            ended[model] = single
            self.modelConditions[model]?.isEndTold = true
        }
        return ends + self.ends(of: ended)
    }

    /// Ends every rest and starts the ladders anew.
    mutating func reset() -> [KeyTransition] {
        var ends: [KeyTransition] = []
        if self.isEnabled, let whole = self.condition, let end = self.untoldEnd(of: whole, model: nil) {
            ends.append(end)
        }
        ends += self.ends(of: self.modelConditions.merging(self.untoldEnds) { present, _ in present })
        self.condition = nil
        self.modelConditions = [:]
        self.untoldEnds = [:]
        return ends
    }

    /// When the next rest ends that ``expire(at:)`` will tell of.
    var nextDeadline: Instant? {
        var next = self.untoldEnds.values.map(\.until).min()
        for single in self.modelConditions.values where !single.isEndTold {
            next = min(next ?? single.until, single.until)
        }
        if self.isEnabled, let whole = self.condition, !whole.isEndTold {
            next = min(next ?? whole.until, whole.until)
        }
        return next
    }

    /// What became other than it was in `former`, of whose ended rests everybody was told.
    func changes(since former: Self, at now: Instant) -> [KeyTransition] {
        var changes: [KeyTransition] = []
        let old = former.state(for: nil, at: now)
        let present = self.snapshot(for: nil, at: now)
        if present.state != old {
            changes.append(
                KeyTransition(
                    key: self.label, model: nil, old: old, new: present.state, reason: present.reason,
                    usableAt: present.usableAt))
        }
        return changes + self.ends(of: former.modelConditions.filter { self.modelConditions[$0.key] == nil })
    }

    /// What is remembered of the whole key and of one model.
    func memory(of model: ModelName?) -> [KeyCondition?] {
        [self.condition, model.flatMap { self.modelConditions[$0] }]
    }

    /// Notes a condition of one model; when there are too many, the one that ends first gives way.
    mutating func keep(_ condition: KeyCondition, for model: ModelName, at now: Instant) {
        self.untoldEnds[model] = nil
        if self.modelConditions[model] == nil, self.modelConditions.count >= KeyPool.modelConditionCapacity,
            let first = self.modelConditions.min(by: { ($0.value.until, $0.key) < ($1.value.until, $1.key) })
        {
            self.modelConditions[first.key] = nil
            var given = first.value
            given.until = min(given.until, now)
            self.leaveUntold(given, of: first.key)
        }
        self.modelConditions[model] = condition
    }

    /// Keeps the end of a model's rest until ``expire(at:)`` tells of it, within the same bound as the rests themselves.
    private mutating func leaveUntold(_ condition: KeyCondition, of model: ModelName) {
        guard !condition.isEndTold, self.untoldEnds.count < KeyPool.modelConditionCapacity else { return }
        self.untoldEnds[model] = condition
    }

    private func ends(of conditions: [ModelName: KeyCondition]) -> [KeyTransition] {
        conditions.sorted { $0.key < $1.key }.compactMap { self.untoldEnd(of: $0.value, model: $0.key) }
    }

    /// The transition back to usable, unless it was told already.
    private func untoldEnd(of condition: KeyCondition, model: ModelName?) -> KeyTransition? {
        guard !condition.isEndTold else { return nil }
        return KeyTransition(
            key: self.label, model: model, old: condition.state, new: .usable, reason: nil, usableAt: nil)
    }
}
