extension KeyPool {
    /// The key that the next ordinary request to the provider gets, one without model, conversation or pin.
    ///
    /// Nothing changes.
    public func nextKey(of provider: ProviderName, at now: Instant) -> KeyLabel? {
        var turn = self.turns[provider] ?? Turn()
        let decision = self.decide(KeyDemand(provider: provider), &turn, at: now)
        return decision.index.map { self.entries[$0].label }
    }

    /// Makes the next request to the provider use the given key, or the one after the one whose turn it would be.
    ///
    /// A person's word beats mode and priority, not a pin (K-013, X-001), and the keys of conversations are forgotten. A
    /// request that does not fit the key (its model, its places, a failure with it) leaves the word to the following one; a
    /// key that rests or is disabled by then is passed over for good. Afterwards rotation goes on from the key; the mode `sticky` stays on
    /// it. Without a label the keys follow each other by priority, then in the order of the configuration, those with a model
    /// list only where there are no others; a repeated call moves on from the key that is wanted already.
    public mutating func rotate(
        to label: KeyLabel?, of provider: ProviderName, at now: Instant
    ) throws(KeyRotationRefusal) -> KeyRotation {
        let rotation =
            if let label {
                try self.rotation(to: label, of: provider, at: now)
            } else {
                try self.rotationOnwards(of: provider, at: now)
            }
        var turn = self.turns[provider] ?? Turn()
        turn.want(rotation.key)
        self.turns[provider] = turn
        // Conversations too go on with the key that the person wants.
        self.sessions.forget(provider)
        self.noteMemoryChange()
        return rotation
    }

    private func rotation(
        to label: KeyLabel, of provider: ProviderName, at now: Instant
    ) throws(KeyRotationRefusal) -> KeyRotation {
        guard self.entries.contains(where: { $0.provider == provider }) else { throw .noKeys }
        guard let index = self.index(of: label), self.entries[index].provider == provider else {
            throw .wrongProvider
        }
        let snapshot = self.entries[index].snapshot(for: nil, at: now)
        guard snapshot.state == .usable else { throw .keyNotUsable(snapshot) }
        return KeyRotation(key: label, reason: .requested)
    }

    private func rotationOnwards(
        of provider: ProviderName, at now: Instant
    ) throws(KeyRotationRefusal) -> KeyRotation {
        let own = self.entries.indices.filter { self.entries[$0].provider == provider }
        guard !own.isEmpty else { throw .noKeys }
        let usable = own.filter { self.entries[$0].state(for: nil, at: now) == .usable }
        // Whose turn it would be: the wanted one, else that of the next ordinary request. Where no key takes an ordinary
        // request (all are full, or serve listed models only), the order among the usable ones decides.
        var turn = self.turns[provider] ?? Turn()
        let wanted = turn.wanted.flatMap { self.index(of: $0) }.flatMap { usable.contains($0) ? $0 : nil }
        let ordinary = self.nextKey(of: provider, at: now).flatMap(self.index(of:))
        guard
            let current = wanted ?? ordinary ?? turn.next(among: usable, wanted: nil, in: self, at: now)
        else {
            throw .noUsableKey(
                KeyShortage(keys: own.map { self.entries[$0].snapshot(for: nil, at: now) }, isBusy: false))
        }
        let ring = usable.sorted { left, right in
            (self.entries[right].priority, left) < (self.entries[left].priority, right)
        }
        let place = ring.firstIndex(of: current) ?? 0
        // Where some keys take ordinary requests, one that serves listed models only is not the next one unless it is asked
        // for by name: the next request would not use it.
        let hasOrdinary = usable.contains { self.entries[$0].models.isEmpty }
        let others = (ring[(place + 1)...] + ring[..<place]).filter {
            !hasOrdinary || self.entries[$0].models.isEmpty
        }
        let demand = KeyDemand(provider: provider)
        let gladly = others.first {
            self.reluctance(of: $0, for: demand, at: now).map { $0 <= Reluctance.warned } ?? false
        }
        let following = gladly ?? others.first { self.entries[$0].hasRoom(at: now) } ?? others.first
        guard let following else {
            return KeyRotation(key: self.entries[current].label, reason: .only)
        }
        return KeyRotation(key: self.entries[following].label, reason: .next)
    }
}
