extension KeyPool {
    /// One key with all that the pool knows of it.
    struct Entry: Sendable {
        let label: KeyLabel
        let provider: ProviderName
        let priority: Int
        let weight: Int
        let isEnabled: Bool
        let models: Set<ModelName>
        let inFlightLimit: Int?
        /// Counts the keys that had the label, so that a late release does not take a request off another key.
        var holder: UInt64
        /// Counts the secrets that the key had.
        var generation: UInt64
        var inFlight = 0
        /// What holds for the whole key; its deadline may have passed.
        var condition: KeyCondition?
        /// What holds for single models; deadlines may have passed.
        var modelConditions: [ModelName: KeyCondition] = [:]

        init(_ key: Configuration.Key, number: UInt64) {
            self.holder = number
            self.generation = number
            self.label = key.label
            self.provider = key.provider
            self.priority = key.priority
            self.weight = max(1, key.weight)
            self.isEnabled = key.enabled
            self.models = Set(key.models)
            self.inFlightLimit = key.inFlight
        }

        /// What an attempt gets that may use the key.
        var grant: KeyGrant {
            KeyGrant(label: self.label, holder: self.holder, generation: self.generation)
        }

        var hasRoom: Bool {
            self.inFlightLimit.map { self.inFlight < $0 } ?? true
        }

        /// Whether the key could serve the demand if it were usable.
        func fits(_ demand: KeyDemand) -> Bool {
            guard self.provider == demand.provider else { return false }
            if let pinned = demand.pinned, pinned != self.label { return false }
            guard !self.models.isEmpty else { return true }
            // A key with a model list serves nothing whose model cannot be told (contract section 4).
            return demand.model.map(self.models.contains) ?? false
        }

        /// The condition that is in force, that of the model before that of the key.
        private func present(for model: ModelName?, at now: Instant) -> KeyCondition? {
            if let whole = self.condition, whole.until > now { return whole }
            guard let model, let single = self.modelConditions[model], single.until > now else { return nil }
            return single
        }

        func state(for model: ModelName?, at now: Instant) -> KeyState {
            guard self.isEnabled else { return .disabled }
            return self.present(for: model, at: now)?.state ?? .usable
        }

        func snapshot(for model: ModelName?, at now: Instant) -> KeySnapshot {
            let present = self.isEnabled ? self.present(for: model, at: now) : nil
            return KeySnapshot(
                label: self.label,
                provider: self.provider,
                state: self.state(for: model, at: now),
                reason: present?.reason,
                usableAt: present?.until,
                inFlight: self.inFlight,
                isEnabled: self.isEnabled,
                priority: self.priority,
                weight: self.weight,
                modelStates: self.modelConditions.filter { $0.value.until > now }.sorted { $0.key < $1.key }.map {
                    ModelStanding(
                        model: $0.key, state: $0.value.state, reason: $0.value.reason, usableAt: $0.value.until)
                }
            )
        }

        /// The state as it was last told, whose end may have come since.
        func toldState(for model: ModelName?) -> KeyState {
            guard self.isEnabled else { return .disabled }
            if let whole = self.condition, !whole.isOver { return whole.state }
            guard let model, let single = self.modelConditions[model], !single.isOver else { return .usable }
            return single.state
        }

        /// Puts the key, or one model of it, to rest.
        ///
        /// One window of trouble moves one step up the ladder, however many requests run into it: an attempt that began
        /// before the present rest did belongs to the same window. A deadline never gets shorter by a later failure.
        mutating func rest(
            _ rest: Rest,
            reason: ErrorClass,
            hint: Duration?,
            model: ModelName?,
            begun: Instant,
            at now: Instant
        ) -> KeyTransition? {
            let old = self.toldState(for: model)
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
                self.makeRoomForModel(at: now)
                self.modelConditions[model] = condition
            } else {
                self.condition = condition
            }
            let new = self.state(for: model, at: now)
            guard new != old || known?.until != until else { return nil }
            return KeyTransition(
                key: self.label, model: model, old: old, new: new, reason: reason, usableAt: until)
        }

        /// A success ends what an attempt that began earlier than it may have caused, and the ladder starts anew.
        mutating func clear(model: ModelName?, begun: Instant, at now: Instant) -> KeyTransition? {
            if let whole = self.condition, whole.until <= begun {
                let old = self.toldState(for: nil)
                self.condition = nil
                // The end of the model's rest is told by itself.
                if old != self.toldState(for: nil) { return self.transition(of: nil, from: old, at: now) }
            }
            if let model, let single = self.modelConditions[model], single.until <= begun {
                let old = self.toldState(for: model)
                self.modelConditions[model] = nil
                if old != self.toldState(for: model) { return self.transition(of: model, from: old, at: now) }
            }
            return nil
        }

        /// The change from a state to the present one.
        func transition(of model: ModelName?, from old: KeyState, at now: Instant) -> KeyTransition {
            let present = self.isEnabled ? self.present(for: model, at: now) : nil
            return KeyTransition(
                key: self.label, model: model, old: old, new: self.state(for: model, at: now),
                reason: present?.reason, usableAt: present?.until)
        }

        /// Forgets the model whose rest ends first when there are too many of them.
        private mutating func makeRoomForModel(at now: Instant) {
            guard self.modelConditions.count >= KeyPool.modelConditionCapacity else { return }
            if let first = self.modelConditions.min(by: { $0.value.until < $1.value.until })?.key {
                self.modelConditions[first] = nil
            }
        }
    }

    /// How long a key rests after a failure, and in which state.
    struct Rest {
        private let state: KeyState
        private let ladder: [Duration]

        /// The rest that a class of error calls for; `nil` if the class does not blame the key.
        init?(after reason: ErrorClass, policy: Configuration.Cooldown) {
            switch reason {
            case .providerRateLimited: (self.state, self.ladder) = (.cooling, policy.rateLimited)
            case .providerForbidden: (self.state, self.ladder) = (.cooling, [policy.forbidden])
            case .providerAuthFailed: (self.state, self.ladder) = (.suspect, policy.auth)
            case .providerBilling: (self.state, self.ladder) = (.billing, [policy.billing])
            case .providerQuotaExhausted: (self.state, self.ladder) = (.exhausted, [policy.billing])
            default: return nil
            }
        }

        /// The state at a step of the ladder: a key that is refused again after its rest is known to be invalid.
        func state(at step: Int) -> KeyState {
            self.state == .suspect && step > 0 ? .invalid : self.state
        }

        /// Whether a present state came from the same ladder.
        func isSameKind(as present: KeyState) -> Bool {
            present == self.state || (self.state == .suspect && present == .invalid)
        }

        /// A provider's own word counts, kept between a second and a day; without one the step of the ladder does.
        func duration(hint: Duration?, step: Int) -> Duration {
            if let hint { return min(max(hint, .seconds(1)), .seconds(86_400)) }
            return self.ladder.isEmpty ? .seconds(1) : self.ladder[min(step, self.ladder.count - 1)]
        }
    }
}
