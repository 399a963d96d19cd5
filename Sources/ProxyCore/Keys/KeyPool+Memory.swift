extension KeyPool {
    /// No rest is remembered to last longer than this: the clock on the wall may have jumped meanwhile.
    static let longestRest = Duration.seconds(86_400)

    /// What of the pool is to outlive the process, in an order that only depends on the pool.
    public func memory(at now: Instant, wallTime: WallTime) -> KeyMemory {
        KeyMemory(
            conditions: self.entries.flatMap { entry in
                guard entry.hasConditions else { return [KeyMemory.Condition]() }
                let whole = [entry.condition.map { (nil as ModelName?, $0) }].compactMap { $0 }
                let models = entry.modelConditions.sorted { $0.key < $1.key }.map { ($0.key as ModelName?, $0.value) }
                return (whole + models).map { model, condition in
                    KeyMemory.Condition(
                        label: entry.label, provider: entry.provider, model: model, state: condition.state,
                        reason: condition.reason, until: wallTime + (condition.until - now), step: condition.step)
                }
            },
            turns: self.turns.sorted { $0.key < $1.key }.filter { $0.value.last != nil || $0.value.wanted != nil }.map {
                KeyMemory.Turn(provider: $0.key, last: $0.value.last, next: $0.value.wanted)
            }
        )
    }

    /// Takes over what an earlier process remembered; called once, before the first choice.
    ///
    /// What concerns keys that are gone, or that belong to another provider by now, is dropped. A rest that has ended
    /// meanwhile only leaves its step: a key that was refused before the restart and is refused again is invalid.
    public mutating func restore(_ memory: KeyMemory, at now: Instant, wallTime: WallTime) {
        for remembered in memory.conditions {
            guard let index = self.index(of: remembered.label),
                self.entries[index].provider == remembered.provider,
                remembered.state != .usable, remembered.state != .disabled
            else { continue }
            let rest = min(max(remembered.until - wallTime, .zero), Self.longestRest)
            let condition = KeyCondition(
                state: remembered.state, reason: remembered.reason, until: now + rest,
                step: max(0, remembered.step), isOver: rest == .zero)
            if let model = remembered.model {
                guard self.entries[index].modelConditions.count < Self.modelConditionCapacity else { continue }
                self.entries[index].modelConditions[model] = condition
            } else {
                self.entries[index].condition = condition
            }
        }
        for remembered in memory.turns {
            let labels = Set(self.entries.filter { $0.provider == remembered.provider }.map(\.label))
            guard !labels.isEmpty else { continue }
            var turn = Turn()
            turn.last = remembered.last
            turn.wanted = remembered.next
            turn.keep(only: labels)
            self.turns[remembered.provider] = turn
        }
        self.memoryRevision += 1
    }
}
