extension KeyPool.Entry {
    /// Whether the key could serve the demand if it were usable.
    @inline(__always)
    func fits(_ demand: KeyDemand) -> Bool {
        guard self.provider == demand.provider else { return false }
        if let pinned = demand.pinned, pinned != self.label { return false }
        return self.serves(demand.model)
    }

    /// Whether its model list lets it serve a model.
    @inline(__always)
    func serves(_ model: ModelName?) -> Bool {
        guard !self.models.isEmpty else { return true }
        // A key with a model list serves nothing whose model cannot be told (contract section 4).
        return model.map(self.models.contains) ?? false
    }

    /// What is known of the rest of the key, or of one model with it.
    func condition(of model: ModelName?) -> KeyCondition? {
        if let model { self.modelConditions[model] } else { self.condition }
    }

    /// The condition that is in force, that of the key before that of the model.
    func present(for model: ModelName?, at now: Instant) -> KeyCondition? {
        if let whole = self.condition, whole.isInForce(at: now) { return whole }
        guard let model, let single = self.modelConditions[model], single.isInForce(at: now) else { return nil }
        return single
    }

    func state(for model: ModelName?, at now: Instant) -> KeyState {
        guard self.isEnabled else { return .disabled }
        return self.present(for: model, at: now)?.state ?? .usable
    }

    /// Whether nothing keeps the key from serving the model, but perhaps its own limits.
    @inline(__always)
    func isUsable(for model: ModelName?, at now: Instant) -> Bool {
        guard self.isEnabled else { return false }
        guard self.hasConditions else { return true }
        return self.present(for: model, at: now) == nil
    }

    /// The condition whose end the next request shows, that of the key before that of the model; only of a usable key.
    @inline(__always)
    func trial(for model: ModelName?, at now: Instant) -> KeyCondition? {
        guard self.hasConditions else { return nil }
        if let whole = self.condition, whole.isOnTrial(at: now) { return whole }
        guard let model, let single = self.modelConditions[model], single.isOnTrial(at: now) else { return nil }
        return single
    }

    /// Whether a background check is to decide on the key.
    func isCheckDue(at now: Instant) -> Bool {
        self.isEnabled && (self.condition?.isCheckDue(at: now) ?? false)
    }

    /// The models that rest, by name.
    func modelStates(at now: Instant) -> [ModelStanding] {
        self.modelConditions
            .filter { $0.value.isInForce(at: now) }
            .sorted { $0.key < $1.key }
            .map { model, single in
                ModelStanding(model: model, state: single.state, reason: single.reason, usableAt: single.until)
            }
    }

    func snapshot(for model: ModelName?, at now: Instant) -> KeySnapshot {
        let present = self.isEnabled ? self.present(for: model, at: now) : nil
        return KeySnapshot(
            label: self.label,
            provider: self.provider,
            state: self.state(for: model, at: now),
            reason: present?.reason,
            usableAt: present?.usableAt(after: now),
            inFlight: self.inFlight,
            isEnabled: self.isEnabled,
            priority: self.priority,
            weight: self.weight,
            modelStates: self.modelConditions.isEmpty ? [] : self.modelStates(at: now),
            windows: self.windows.isEmpty ? [] : self.windows.windows(at: now),
            remainingShare: self.windows.remainingShare(at: now),
            isWarned: self.windows.isWarned(at: now),
            isOnTrial: self.isEnabled && present == nil && self.trial(for: model, at: now) != nil,
            isCheckDue: self.isCheckDue(at: now)
        )
    }
}

extension KeyCondition {
    /// When the key takes part again: at the deadline, or once the time for a check is over.
    func usableAt(after now: Instant) -> Instant {
        self.until > now ? self.until : self.end
    }
}
