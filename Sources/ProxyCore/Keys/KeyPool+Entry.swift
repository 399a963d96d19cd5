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
        private var perSecond: RateBucket?
        private var perMinute: RateBucket?
        private var tokens: RateBucket?
        /// Whether it has limits of its own at all.
        private let isLimited: Bool
        /// Requests with the present secret.
        private var current = 0
        /// Requests that began with a former secret, by generation; they take places of the key until they end.
        private var outdated: [UInt64: Int] = [:]
        /// What holds for the whole key; its end may have passed.
        var condition: KeyCondition? { didSet { self.noteConditions() } }
        /// What holds for single models; ends may have passed.
        var modelConditions: [ModelName: KeyCondition] = [:] { didSet { self.noteConditions() } }
        /// Whether anything at all is known of rests, be they over or not; false for most keys most of the time.
        private(set) var hasConditions = false
        /// The windows of its plan, and its limits.
        var windows = KeyWindows()
        /// When the background check began that runs now.
        var checkBegun: Instant?
        /// When a background check ended last.
        var lastCheck: Instant?
        /// When the youngest attempt began that succeeded.
        var lastSuccess: Instant?
        /// When the youngest attempt or check began that the provider accepted the key for.
        var lastProof: Instant?
        /// Whether it is used up until nobody knows when, and its usage was not asked for since.
        var isRefreshWanted = false
        /// The number of the last rest.
        private var lastTrial: UInt64 = 0

        init(_ key: Configuration.Key, generation: UInt64) {
            self.label = key.label
            self.generation = generation
            self.provider = key.provider
            self.priority = key.priority
            self.weight = max(1, key.weight)
            self.isEnabled = key.enabled
            self.models = Set(key.models)
            self.inFlightLimit = key.inFlight
            self.perSecond = RateBucket(key.rps, per: .seconds(1))
            self.perMinute = RateBucket(key.rpm, per: .seconds(60))
            self.tokens = RateBucket(key.tpm, per: .seconds(60))
            self.isLimited =
                key.inFlight != nil || self.perSecond != nil || self.perMinute != nil || self.tokens != nil
        }

        var grant: KeyGrant { KeyGrant(label: self.label, generation: self.generation) }

        private mutating func noteConditions() {
            self.hasConditions = self.condition != nil || !self.modelConditions.isEmpty
        }

        // MARK: Requests on it

        /// All requests that run with the key, those with a former secret among them.
        @inline(__always)
        var inFlight: Int {
            self.outdated.isEmpty ? self.current : self.outdated.values.reduce(self.current, +)
        }

        /// Whether it may serve one more request at once.
        // Inlined, as is much else here: a call copies the entry, which costs more than what it asks.
        @inline(__always)
        var hasPlace: Bool {
            self.inFlightLimit.map { self.inFlight < $0 } ?? true
        }

        /// When its own rates let it serve one more request; `nil` if they do.
        @inline(__always)
        func rateOpensAt(after now: Instant) -> Instant? {
            guard self.isLimited else { return nil }
            var opening = now
            if let perSecond { opening = max(opening, perSecond.opensAt) }
            if let perMinute { opening = max(opening, perMinute.opensAt) }
            if let tokens { opening = max(opening, tokens.opensAt) }
            return opening > now ? opening : nil
        }

        /// Whether its own limits let it serve one more request now.
        @inline(__always)
        func hasRoom(at now: Instant) -> Bool {
            guard self.isLimited else { return true }
            return self.hasPlace && self.rateOpensAt(after: now) == nil
        }

        /// Counts a request and answers the number of the rest whose end it shows; 0 if it is no trial.
        mutating func beginRequest(model: ModelName?, at now: Instant?) -> UInt64 {
            self.current += 1
            guard let now else { return 0 }
            if self.isLimited {
                self.perSecond?.take(at: now)
                self.perMinute?.take(at: now)
            }
            guard self.hasConditions else { return 0 }
            if let whole = self.condition, whole.isOnTrial(at: now) {
                self.condition?.trialsRunning += 1
                return whole.trial
            }
            guard let model, let single = self.modelConditions[model], single.isOnTrial(at: now) else { return 0 }
            self.modelConditions[model]?.trialsRunning += 1
            return single.trial
        }

        /// Takes off a request; one that is not counted takes nobody else's place.
        mutating func endRequest(of grant: KeyGrant) {
            if grant.generation == self.generation {
                self.current = max(0, self.current - 1)
                if grant.trial > 0 { self.endTrial(grant.trial) }
            } else if let count = self.outdated[grant.generation] {
                self.outdated[grant.generation] = count > 1 ? count - 1 : nil
            }
        }

        /// Counts tokens that an attempt took: a key over its limit is passed over until they are paid back.
        mutating func spend(_ tokens: Int64, at now: Instant) {
            self.tokens?.spend(tokens, at: now)
        }

        private mutating func endTrial(_ trial: UInt64) {
            if let whole = self.condition, whole.trial == trial {
                self.condition?.trialsRunning = max(0, whole.trialsRunning - 1)
            } else if let (model, single) = self.modelConditions.first(where: { $0.value.trial == trial }) {
                self.modelConditions[model]?.trialsRunning = max(0, single.trialsRunning - 1)
            }
        }

        /// A number that no rest of the key had yet.
        mutating func newTrial() -> UInt64 {
            self.lastTrial += 1
            return self.lastTrial
        }

        // MARK: A new configuration

        /// Counts the requests that run with what bore the label before, and those it had.
        mutating func takeOverRequests(of former: Entry) {
            self.perSecond?.takeOver(former.perSecond)
            self.perMinute?.takeOver(former.perMinute)
            self.tokens?.takeOver(former.tokens)
            self.outdated = former.outdated
            if former.generation == self.generation {
                self.current = former.current
            } else if former.current > 0 {
                self.outdated[former.generation] = former.current
            }
        }

        /// Keeps what is known of the same secret at the same provider; ends of rests are those of the present policy.
        mutating func takeOverKnowledge(of former: Entry, policy: Policy) {
            self.condition = former.condition
            if var whole = self.condition, !whole.isEndTold {
                whole.rest(until: whole.until, isProbed: policy.probes(whole.state, of: self.provider))
                self.condition = whole
            }
            self.modelConditions = former.modelConditions
            self.windows = former.windows
            self.checkBegun = former.checkBegun
            self.lastCheck = former.lastCheck
            self.lastSuccess = former.lastSuccess
            self.lastProof = former.lastProof
            self.isRefreshWanted = former.isRefreshWanted
            self.lastTrial = former.lastTrial
        }
    }
}
