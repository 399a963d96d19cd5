extension KeyPool {
    /// What of the pool outlives the process, in the order of the configuration and by name.
    public func memory(at now: Instant, wallTime: WallTime) -> KeyMemory {
        var conditions: [KeyMemory.Condition] = []
        for index in self.entries.indices where self.entries[index].hasConditions {
            let entry = self.entries[index]
            func remember(_ condition: KeyCondition, of model: ModelName?) {
                conditions.append(
                    KeyMemory.Condition(
                        label: entry.label, provider: entry.provider, model: model, state: condition.state,
                        reason: condition.reason, until: wallTime.corresponding(to: condition.until, seenAt: now),
                        step: condition.step))
            }
            if let whole = entry.condition { remember(whole, of: nil) }
            for (model, single) in entry.modelConditions.sorted(by: { $0.key < $1.key }) { remember(single, of: model) }
        }
        let turns = self.turns.sorted { $0.key < $1.key }.compactMap { $0.value.memory(of: $0.key) }
        return KeyMemory(conditions: conditions, turns: turns)
    }

    /// Takes over what an earlier process remembered; called once, before the first choice.
    ///
    /// Conditions of keys that are gone, or belong to another provider by now, are dropped. A deadline that is further away
    /// than the longest rest that can occur is brought down to that: the wall clock has jumped. A condition whose deadline has
    /// passed keeps its step of the ladder, and nobody is told of its end any more: nobody saw the rest in this process.
    public mutating func restore(_ memory: KeyMemory, at now: Instant, wallTime: WallTime) {
        let longest = Rest.longest(of: self.policy.cooldown)
        for remembered in memory.conditions where remembered.state != .usable && remembered.state != .disabled {
            guard let index = self.index(of: remembered.label),
                self.entries[index].provider == remembered.provider
            else { continue }
            let until = now.corresponding(to: remembered.until, seenAt: wallTime, notAfter: longest)
            let condition = KeyCondition(
                state: remembered.state, reason: remembered.reason, until: until,
                step: min(max(0, remembered.step), Self.highestRestoredStep), isEndTold: until <= now)
            if let model = remembered.model {
                self.entries[index].keep(condition, for: model, at: now)
                self.entries[index].untoldEnds = [:]
            } else {
                self.entries[index].condition = condition
            }
        }
        let labels = Dictionary(grouping: self.entries, by: \.provider).mapValues { Set($0.map(\.label)) }
        for turn in memory.turns {
            if let present = labels[turn.provider] { self.turns[turn.provider] = Turn(turn, keeping: present) }
        }
        self.noteMemoryChange()
    }

    /// Far beyond any ladder, and far from what an integer holds.
    private static let highestRestoredStep = 1_000_000
}

extension WallTime {
    /// The time of day that an instant has if it is this time at `now`; rounded up, so that no rest gets shorter.
    fileprivate func corresponding(to instant: Instant, seenAt now: Instant) -> WallTime {
        let (nanoseconds, overflow) = instant.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        let distance = overflow ? (instant < now ? Int64.min : .max) : nanoseconds
        let (whole, rest) = distance.quotientAndRemainder(dividingBy: 1000)
        let (sum, overflowed) = self.microseconds.addingReportingOverflow(rest > 0 ? whole + 1 : whole)
        return WallTime(microseconds: overflowed ? (distance < 0 ? .min : .max) : sum)
    }
}

extension Instant {
    /// The instant of a time of day if this instant is `wallTime`: at most `longest` after this one, at most ten years before.
    fileprivate func corresponding(to time: WallTime, seenAt wallTime: WallTime, notAfter longest: Duration) -> Instant
    {
        let (difference, overflow) = time.microseconds.subtractingReportingOverflow(wallTime.microseconds)
        let distance = overflow ? (time < wallTime ? Int64.min : .max) : difference
        let tenYears: Int64 = 3650 * 86_400 * 1_000_000
        return self + .microseconds(min(max(distance, -tenYears), longest.nanoseconds / 1000))
    }
}
