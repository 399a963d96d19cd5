extension KeyPool {
    /// One key with all that the pool knows of it.
    struct Entry: Sendable {
        let label: KeyLabel
        let generation: UInt64
        let provider: ProviderName
        let priority: Int
        let weight: Int
        let isEnabled: Bool
        let models: Set<ModelName>
        private let inFlightLimit: Int?
        /// Requests with the present secret.
        private var current = 0
        /// Requests that began with a former secret, by generation; they take places of the key until they end.
        private var outdated: [UInt64: Int] = [:]
        /// What holds for the whole key; its deadline may have passed.
        var condition: KeyCondition?
        /// What holds for single models; deadlines may have passed.
        var modelConditions: [ModelName: KeyCondition] = [:]
        /// Rests of models that ended otherwise than by their deadline, until somebody is told.
        ///
        /// A model is here or in ``modelConditions``, never in both.
        var untoldEnds: [ModelName: KeyCondition] = [:]

        init(_ key: Configuration.Key, generation: UInt64) {
            self.label = key.label
            self.generation = generation
            self.provider = key.provider
            self.priority = key.priority
            self.weight = max(1, key.weight)
            self.isEnabled = key.enabled
            self.models = Set(key.models)
            self.inFlightLimit = key.inFlight
        }

        var grant: KeyGrant { KeyGrant(label: self.label, generation: self.generation) }

        // MARK: Requests on it

        /// All requests that run with the key, those with a former secret among them.
        var inFlight: Int { self.outdated.values.reduce(self.current, +) }

        // Inlined, as are `fits` and `isUsable`: a call copies the entry, which costs more than what it asks.
        @inline(__always)
        var hasRoom: Bool {
            self.inFlightLimit.map { self.inFlight < $0 } ?? true
        }

        mutating func beginRequest() {
            self.current += 1
        }

        /// Takes off a request that began in a generation; one that is not counted takes nobody else's place.
        mutating func endRequest(of generation: UInt64) {
            if generation == self.generation {
                self.current = max(0, self.current - 1)
            } else if let count = self.outdated[generation] {
                self.outdated[generation] = count > 1 ? count - 1 : nil
            }
        }

        /// Counts the requests that run with what bore the label before.
        mutating func takeOverRequests(of former: Entry) {
            self.outdated = former.outdated
            if former.generation == self.generation {
                self.current = former.current
            } else if former.current > 0 {
                self.outdated[former.generation] = former.current
            }
        }

        // MARK: How it stands

        /// Whether the key could serve the demand if it were usable.
        @inline(__always)
        func fits(_ demand: KeyDemand) -> Bool {
            guard self.provider == demand.provider else { return false }
            if let pinned = demand.pinned, pinned != self.label { return false }
            guard !self.models.isEmpty else { return true }
            // A key with a model list serves nothing whose model cannot be told (contract section 4).
            return demand.model.map(self.models.contains) ?? false
        }

        /// The condition that is in force, that of the key before that of the model.
        private func present(for model: ModelName?, at now: Instant) -> KeyCondition? {
            if let whole = self.condition, whole.until > now { return whole }
            guard let model, let single = self.modelConditions[model], single.until > now else { return nil }
            return single
        }

        func state(for model: ModelName?, at now: Instant) -> KeyState {
            guard self.isEnabled else { return .disabled }
            return self.present(for: model, at: now)?.state ?? .usable
        }

        /// Whether nothing keeps the key from serving the model, but perhaps its places.
        @inline(__always)
        func isUsable(for model: ModelName?, at now: Instant) -> Bool {
            guard self.isEnabled else { return false }
            guard self.hasConditions else { return true }
            return self.present(for: model, at: now) == nil
        }

        /// Whether anything at all is known of rests, be they over or not; false for most keys most of the time.
        var hasConditions: Bool {
            self.condition != nil || !self.modelConditions.isEmpty || !self.untoldEnds.isEmpty
        }

        /// The models that rest, by name.
        func modelStates(at now: Instant) -> [ModelStanding] {
            self.modelConditions
                .filter { $0.value.until > now }
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
                usableAt: present?.until,
                inFlight: self.inFlight,
                isEnabled: self.isEnabled,
                priority: self.priority,
                weight: self.weight,
                modelStates: self.modelStates(at: now)
            )
        }
    }
}
