extension KeyPool {
    /// When the next rest ends that ``expire(at:)`` will tell of; `nil` if there is none.
    public var nextDeadline: Instant? {
        self.entries.lazy.flatMap(\.untoldDeadlines).min()
    }

    /// Tells of the rests that have ended by themselves, each of them once.
    ///
    /// Their steps are kept, so that a key that fails again rests longer.
    public mutating func expire(at now: Instant) -> [KeyTransition] {
        self.entries.indices.flatMap { self.entries[$0].expire(at: now) }
    }

    /// Ends every rest of every key, and starts the ladders anew; a disabled key stays so.
    public mutating func resetAll(at now: Instant) -> [KeyTransition] {
        self.memoryRevision += 1
        return self.entries.indices.flatMap { self.entries[$0].reset(at: now) }
    }

    /// Ends every rest of one key, and starts its ladders anew; nothing changes if there is no such key.
    public mutating func reset(_ label: KeyLabel, at now: Instant) -> [KeyTransition] {
        guard let index = self.index(of: label) else { return [] }
        self.memoryRevision += 1
        return self.entries[index].reset(at: now)
    }
}

extension KeyPool.Entry {
    /// Whether anything is known that a success would clear.
    var hasConditions: Bool { self.condition != nil || !self.modelConditions.isEmpty }

    /// When the rests end whose end has not been told.
    fileprivate var untoldDeadlines: [Instant] {
        guard self.hasConditions else { return [] }
        let conditions = [self.condition].compactMap { $0 } + self.modelConditions.values
        return conditions.filter { !$0.isOver }.map(\.until)
    }

    fileprivate mutating func expire(at now: Instant) -> [KeyTransition] {
        guard self.hasConditions else { return [] }
        let former = self
        if let until = self.condition?.until, until <= now { self.condition?.isOver = true }
        for (model, condition) in self.modelConditions where condition.until <= now {
            self.modelConditions[model]?.isOver = true
        }
        return self.transitions(since: former, at: now)
    }

    fileprivate mutating func reset(at now: Instant) -> [KeyTransition] {
        let former = self
        self.condition = nil
        self.modelConditions = [:]
        return self.transitions(since: former, at: now)
    }

    /// What there is to tell about the way from a former standing of the same key to this one: first of the key as a
    /// whole, then of single models, by name.
    func transitions(since former: Self, at now: Instant) -> [KeyTransition] {
        var transitions: [KeyTransition] = []
        let old = former.toldState(for: nil)
        if old != self.toldState(for: nil) { transitions.append(self.transition(of: nil, from: old, at: now)) }
        for (model, condition) in former.modelConditions.sorted(by: { $0.key < $1.key }) where !condition.isOver {
            guard self.modelConditions[model]?.isOver ?? true else { continue }
            transitions.append(self.transition(of: model, from: condition.state, at: now))
        }
        return transitions
    }
}
