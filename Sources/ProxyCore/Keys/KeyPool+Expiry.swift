extension KeyPool {
    /// Tells of the rests that are over, of whole keys and of models, each of them once.
    ///
    /// A rest is told of here or by whatever else touches the key, whichever comes first. The step of the ladder stays,
    /// so that a key that is refused again right after its rest rests for longer.
    public mutating func expire(at now: Instant) -> [KeyTransition] {
        // Asked with every step, of which nearly none has changed when rests end.
        guard now >= self.quietUntil else { return [] }
        var ends: [KeyTransition] = []
        if let next = self.nextDeadline, next <= now {
            for index in self.entries.indices where self.entries[index].hasConditions {
                ends += self.entries[index].expire(at: now)
            }
        }
        self.quietUntil = self.nextDeadline ?? Instant(nanoseconds: .max)
        return ends
    }

    /// When the next rest ends that ``expire(at:)`` will tell of; `nil` if there is none.
    ///
    /// It has passed while something is left to tell.
    public var nextDeadline: Instant? {
        var next: Instant?
        for index in self.entries.indices where self.entries[index].hasConditions {
            guard let own = self.entries[index].nextDeadline else { continue }
            next = min(next ?? own, own)
        }
        return next
    }

    /// Ends every rest of every key, those of models too; ladders start anew, and what is disabled stays so (K-019).
    public mutating func resetAll(at now: Instant) -> [KeyTransition] {
        self.noteMemoryChange()
        self.wholeLimits = [:]
        return self.entries.indices.flatMap { self.entries[$0].reset() }
    }

    /// Ends every rest of one key; ladders start anew (K-019).
    ///
    /// An unknown key gives no transition.
    public mutating func reset(_ label: KeyLabel, at now: Instant) -> [KeyTransition] {
        guard let index = self.index(of: label) else { return [] }
        self.noteMemoryChange()
        return self.entries[index].reset()
    }
}

extension KeyPool.Entry {
    /// Tells of the rests that are over and that nobody was told of, that of the key before those of models by name.
    ///
    /// The steps of the ladder stay. While a person has taken the key out, its rest ends silently.
    mutating func expire(at now: Instant) -> [KeyTransition] {
        var ends: [KeyTransition] = []
        if let whole = self.condition, !whole.isEndTold, !whole.isInForce(at: now) {
            if self.isEnabled, let end = self.untoldEnd(of: whole, model: nil) { ends.append(end) }
            self.condition?.isEndTold = true
        }
        guard !self.modelConditions.isEmpty else { return ends }
        let ended = self.modelConditions.filter { !$0.value.isEndTold && !$0.value.isInForce(at: now) }
        for model in ended.keys { self.modelConditions[model]?.isEndTold = true }
        return ends + self.ends(of: ended)
    }

    /// Ends every rest and starts the ladders anew.
    mutating func reset() -> [KeyTransition] {
        let ends = self.end(nil) + self.ends(of: self.modelConditions)
        self.modelConditions = [:]
        self.isRefreshWanted = false
        return ends
    }

    /// When the next rest ends that ``expire(at:)`` will tell of.
    var nextDeadline: Instant? {
        var next: Instant?
        for single in self.modelConditions.values where !single.isEndTold {
            next = min(next ?? single.end, single.end)
        }
        if self.isEnabled, let whole = self.condition, !whole.isEndTold {
            next = min(next ?? whole.end, whole.end)
        }
        return next
    }

    /// What became other than it was in `former`, of whose ended rests everybody was told.
    mutating func changes(since former: Self, at now: Instant) -> [KeyTransition] {
        var changes: [KeyTransition] = []
        let old = former.state(for: nil, at: now)
        let present = self.snapshot(for: nil, at: now)
        if present.state != old {
            changes.append(
                KeyTransition(
                    key: self.label, model: nil, old: old, new: present.state, reason: present.reason,
                    usableAt: present.usableAt))
        }
        // Whatever is over by now was told with it.
        if let whole = self.condition, !whole.isInForce(at: now) { self.condition?.isEndTold = true }
        return changes + self.ends(of: former.modelConditions.filter { self.modelConditions[$0.key] == nil })
    }

    private func ends(of conditions: [ModelName: KeyCondition]) -> [KeyTransition] {
        conditions.sorted { $0.key < $1.key }.compactMap { self.untoldEnd(of: $0.value, model: $0.key) }
    }
}
