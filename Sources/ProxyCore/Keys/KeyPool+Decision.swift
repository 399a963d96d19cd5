extension KeyPool {
    /// Which key a demand gets.
    struct Decision {
        /// The place of the key; `nil` for none.
        var index: Int?
        /// What decided.
        var selection = KeySelection.turn
        /// Whether a usable key was passed over only because of its own limits.
        var isBusy = false
        /// When a key that only its rates keep from serving has room again.
        var limitedUntil: Instant?
    }

    /// How gladly a key is taken: lower is better, and only the best ones of those that can serve take turns.
    enum Reluctance {
        /// Little of its quota is left.
        static let warned: UInt8 = 1
        /// Another request is finding out whether it works again.
        static let onTrial: UInt8 = 2
    }

    /// The keys that can serve a demand.
    private struct Field {
        /// The places of the best ones, ascending.
        var ready: [Int] = []
        /// How gladly they are taken.
        var reluctance = UInt8.max
        /// How many can serve at all.
        var count = 0
        var isBusy = false
        var limitedUntil: Instant?
    }

    /// Decides on a demand; only the turn changes.
    ///
    /// In this order: the caller's pin; the key that the conversation is bound to; a person's word; the key of the conversation;
    /// the mode, among those of the highest priority.
    func decide(_ demand: KeyDemand, _ turn: inout Turn, at now: Instant) -> Decision {
        self.decideAtOnce(demand, &turn, at: now) ?? self.decideAmongAll(demand, &turn, at: now)
    }

    /// Decides with a look at every key of the provider.
    func decideAmongAll(_ demand: KeyDemand, _ turn: inout Turn, at now: Instant) -> Decision {
        let field = self.field(for: demand, at: now)
        var decision = Decision(isBusy: field.isBusy, limitedUntil: field.limitedUntil)
        if demand.pinned != nil {
            decision.index = field.ready.first
            decision.selection = .pinned
            return decision
        }
        if let wanted = turn.wanted, !self.isUsable(wanted, of: demand.provider, at: now) { turn.forgetWanted() }
        guard !field.ready.isEmpty else { return decision }
        let ownLabel = self.ownKey(of: demand)
        let own = ownLabel.flatMap { self.index(of: $0) }
        let ownReluctance = own.flatMap { self.reluctance(of: $0, for: demand, at: now) }
        let isBound = demand.conversation?.isBound ?? false
        if isBound, ownReluctance != nil {
            decision.index = own
            decision.selection = .affinity
            return decision
        }
        let wanted = turn.wanted.flatMap { self.index(of: $0) }.flatMap { index in
            self.reluctance(of: index, for: demand, at: now).flatMap { reluctance in
                reluctance <= max(field.reluctance, Reluctance.warned) ? index : nil
            }
        }
        let isWord = wanted != nil && !turn.isTaken
        if !isWord, ownReluctance == field.reluctance {
            decision.index = own
            decision.selection = .affinity
            return decision
        }
        let index = turn.next(among: field.ready, wanted: wanted, in: self, at: now)
        decision.index = index
        if isBound, ownLabel != nil {
            decision.selection = .moved
        } else if isWord, index == wanted {
            decision.selection = .wanted
        } else if let index, self.entries[index].trial(for: demand.model, at: now) != nil {
            decision.selection = .trial
        } else if field.count == 1 {
            decision.selection = .only
        }
        return decision
    }

    /// Whether a key can serve a demand.
    func canServe(_ index: Int, _ demand: KeyDemand, at now: Instant) -> Bool {
        self.reluctance(of: index, for: demand, at: now) != nil
    }

    /// Whether only their own limits keep usable keys from serving a demand, and when rates leave room again.
    func room(for demand: KeyDemand, at now: Instant) -> (isBusy: Bool, limitedUntil: Instant?) {
        let field = self.field(for: demand, at: now)
        return field.count == 0 ? (field.isBusy, field.limitedUntil) : (false, nil)
    }

    private func field(for demand: KeyDemand, at now: Instant) -> Field {
        var field = Field()
        guard let roster = self.roster(of: demand.provider) else { return field }
        field.ready.reserveCapacity(roster.places.count)
        // By index: a loop over the elements would copy each of them, which costs more than to look at it.
        for index in roster.places {
            guard self.entries[index].fits(demand), self.entries[index].isUsable(for: demand.model, at: now),
                demand.excluded.isEmpty || !demand.excluded.contains(self.entries[index].label)
            else { continue }
            guard self.entries[index].hasRoom(at: now) else {
                field.isBusy = true
                if self.entries[index].hasPlace, let opening = self.entries[index].rateOpensAt(after: now) {
                    field.limitedUntil = min(field.limitedUntil ?? opening, opening)
                }
                continue
            }
            field.count += 1
            let reluctance = self.taste(index, demand, at: now)
            guard reluctance <= field.reluctance else { continue }
            if reluctance < field.reluctance {
                field.ready.removeAll(keepingCapacity: true)
                field.reluctance = reluctance
            }
            field.ready.append(index)
        }
        return field
    }

    /// How gladly a key is taken for a demand; `nil` if it cannot serve it.
    func reluctance(of index: Int, for demand: KeyDemand, at now: Instant) -> UInt8? {
        guard self.entries[index].fits(demand), self.entries[index].isUsable(for: demand.model, at: now),
            !demand.excluded.contains(self.entries[index].label), self.entries[index].hasRoom(at: now)
        else { return nil }
        return self.taste(index, demand, at: now)
    }

    @inline(__always)
    private func taste(_ index: Int, _ demand: KeyDemand, at now: Instant) -> UInt8 {
        var reluctance: UInt8 = 0
        if !self.policy.includeWarn, self.entries[index].windows.isWarned(at: now) { reluctance |= Reluctance.warned }
        if self.entries[index].hasConditions,
            let trial = self.entries[index].trial(for: demand.model, at: now), trial.trialsRunning > 0
        {
            reluctance |= Reluctance.onTrial
        }
        return reluctance
    }

    private func isUsable(_ label: KeyLabel, of provider: ProviderName, at now: Instant) -> Bool {
        guard let index = self.index(of: label), self.entries[index].provider == provider else { return false }
        return self.entries[index].isUsable(for: nil, at: now)
    }

    /// The key that the demand's conversation was last served by.
    func ownKey(of demand: KeyDemand) -> KeyLabel? {
        guard self.policy.affinity, let conversation = demand.conversation, conversation.isLookedUp else { return nil }
        return self.sessions.key(of: SessionTable.Session(provider: demand.provider, name: conversation.id))
    }

    // MARK: Why

    /// Which key ``choose(_:at:)`` would take, and a verdict for every key of every provider.
    ///
    /// Nothing changes.
    public func explain(_ demand: KeyDemand, at now: Instant) -> KeyExplanation {
        var turn = self.turns[demand.provider] ?? Turn()
        let decision = self.decide(demand, &turn, at: now)
        return KeyExplanation(
            chosen: decision.index.map { self.entries[$0].label },
            selection: decision.index.map { _ in decision.selection },
            verdicts: self.entries.indices.map { self.verdict($0, demand, decision, at: now) })
    }

    /// Why none of the others of the provider was chosen: of the first 16.
    func others(_ demand: KeyDemand, _ decision: Decision, at now: Instant) -> [KeyVerdict] {
        var others: [KeyVerdict] = []
        guard let places = self.roster(of: demand.provider)?.places, places.count > 1 else { return others }
        others.reserveCapacity(min(places.count, Self.othersCapacity))
        for index in places where index != decision.index {
            others.append(self.verdict(index, demand, decision, at: now))
            if others.count == Self.othersCapacity { break }
        }
        return others
    }

    /// Of how many keys a choice tells why it is none of them.
    static let othersCapacity = 16

    private func verdict(_ index: Int, _ demand: KeyDemand, _ decision: Decision, at now: Instant) -> KeyVerdict {
        // Each request has up to 16 of these; nearly all are of keys that nothing is known of.
        var verdict = KeyVerdict(
            label: self.entries[index].label, provider: self.entries[index].provider,
            state: self.entries[index].isEnabled ? .usable : .disabled,
            obstacle: index == decision.index ? nil : self.obstacle(index, demand, decision, at: now), reason: nil,
            usableAt: nil)
        if self.entries[index].isEnabled, self.entries[index].hasConditions,
            let present = self.entries[index].present(for: demand.model, at: now)
        {
            verdict.state = present.state
            verdict.reason = present.reason
            verdict.usableAt = present.usableAt(after: now)
        }
        if verdict.obstacle == .rate { verdict.usableAt = self.entries[index].rateOpensAt(after: now) }
        return verdict
    }

    private func obstacle(
        _ index: Int, _ demand: KeyDemand, _ decision: Decision, at now: Instant
    ) -> KeyVerdict.Obstacle {
        if self.entries[index].provider != demand.provider { return .provider }
        if let pinned = demand.pinned, pinned != self.entries[index].label { return .pin }
        if !self.entries[index].serves(demand.model) { return .model }
        if !self.entries[index].isUsable(for: demand.model, at: now) { return .state }
        if !demand.excluded.isEmpty, demand.excluded.contains(self.entries[index].label) { return .tried }
        if !self.entries[index].hasPlace { return .inFlight }
        if !self.entries[index].hasRoom(at: now) { return .rate }
        guard let chosen = decision.index, chosen != index else { return .turn }
        if decision.selection == .affinity { return .affinity }
        if decision.selection == .wanted { return .turn }
        let own = self.taste(index, demand, at: now)
        let other = self.taste(chosen, demand, at: now)
        if own > other {
            if own & ~other & Reluctance.onTrial > 0 { return .trial }
            return .warn
        }
        return self.entries[index].priority < self.entries[chosen].priority ? .priority : .turn
    }
}
