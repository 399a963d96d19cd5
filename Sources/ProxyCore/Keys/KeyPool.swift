/// The keys of all providers, which of them may be used now, and whose turn it is.
///
/// A pure value: time comes in as an argument, and choosing a key and counting the request on it is one step (K-026).
public struct KeyPool: Sendable {
    /// How many conversations the pool remembers the key of.
    public static let sessionCapacity = 8192
    /// How many models of one key can have a state of their own; more are refused together with the whole key.
    static let modelConditionCapacity = 64

    /// Changes whenever ``memory(at:wallTime:)`` may say something else than before.
    public internal(set) var memoryRevision: UInt64 = 0

    var entries: [Entry] = []
    var policy: Policy
    var turns: [ProviderName: Turn] = [:]
    var sessions = SessionTable(capacity: KeyPool.sessionCapacity)
    private var lastGeneration: UInt64 = 0

    /// Makes a pool of keys, all of them usable but the disabled ones.
    public init(keys: [Configuration.Key], policy: Policy) {
        self.policy = policy
        for key in keys { self.entries.append(Entry(key, generation: self.newGeneration())) }
    }

    /// A generation that no key had yet.
    mutating func newGeneration() -> UInt64 {
        self.lastGeneration += 1
        return self.lastGeneration
    }

    mutating func noteMemoryChange() {
        self.memoryRevision &+= 1
    }

    /// Chooses a key for a request and counts the request on it.
    public mutating func choose(_ demand: KeyDemand, at now: Instant) -> KeyChoice {
        let (ready, isBusy) = self.ready(for: demand, at: now)
        guard let index = self.pick(ready, for: demand, at: now) else {
            var shortage = self.shortage(for: demand, at: now)
            shortage.isBusy = isBusy
            return .none(shortage)
        }
        self.entries[index].beginRequest()
        let grant = self.entries[index].grant
        if let conversation = demand.conversation, self.policy.affinity, demand.pinned == nil {
            self.sessions.remember(
                SessionTable.Session(provider: demand.provider, name: conversation.id), on: grant.label)
        }
        return .chosen(grant, KeyChoiceReason(selection: .turn))
    }

    /// The keys that can serve the demand, and whether one cannot only because it serves as many requests as it may.
    private func ready(for demand: KeyDemand, at now: Instant) -> (keys: [Int], isBusy: Bool) {
        var ready: [Int] = []
        var isBusy = false
        // By index: a loop over the elements would copy each of them, which costs more than to look at it.
        for index in self.entries.indices {
            guard self.entries[index].fits(demand), self.entries[index].isUsable(for: demand.model, at: now),
                !demand.excluded.contains(self.entries[index].label)
            else { continue }
            if self.entries[index].hasRoom { ready.append(index) } else { isBusy = true }
        }
        return (ready, isBusy)
    }

    /// The first usable key of a provider, for a call of the daemon's own that takes nobody's turn.
    ///
    /// Nothing changes.
    public func firstUsableKey(of provider: ProviderName, at now: Instant) -> KeyGrant? {
        self.entries.first { $0.provider == provider && $0.isUsable(for: nil, at: now) }?.grant
    }

    /// Whether ``choose(_:at:)`` would find a key.
    ///
    /// Nothing changes.
    public func canServe(_ demand: KeyDemand, at now: Instant) -> Bool {
        self.entries.contains { entry in
            entry.fits(demand) && !demand.excluded.contains(entry.label)
                && entry.isUsable(for: demand.model, at: now) && entry.hasRoom
        }
    }

    /// How the keys stand that could serve the demand.
    ///
    /// Nothing changes.
    public func shortage(for demand: KeyDemand, at now: Instant) -> KeyShortage {
        KeyShortage(
            keys: self.entries.filter { $0.fits(demand) }.map { $0.snapshot(for: demand.model, at: now) },
            isBusy: false
        )
    }

    /// Counts another attempt of a request on the key that it has just used, whoever's turn it is.
    ///
    /// `nil` if a person took the key away meanwhile, or made another one of it.
    public mutating func chooseAgain(_ grant: KeyGrant) -> KeyGrant? {
        guard let index = self.index(of: grant), self.entries[index].isEnabled else { return nil }
        self.entries[index].beginRequest()
        return grant
    }

    /// Takes a request off a key that ``choose(_:at:)`` put on it.
    ///
    /// Of a key that is gone by now it does nothing; of one whose secret is another by now it frees the place that the
    /// request still took.
    public mutating func release(_ grant: KeyGrant) {
        guard let index = self.index(of: grant.label) else { return }
        self.entries[index].endRequest(of: grant.generation)
    }

    /// Notes how an attempt that began at `begun` ended, and answers what that changed.
    ///
    /// A grant that is outdated has no effect. A failure right after a rest that nobody was told the end of is told as the
    /// step from usable into the next rest; whoever counts both calls ``expire(at:)`` first.
    public mutating func record(
        _ outcome: KeyOutcome,
        on grant: KeyGrant,
        request: UInt64,
        model: ModelName?,
        begun: Instant,
        at moment: Moment
    ) -> [KeyTransition] {
        let now = moment.instant
        guard let index = self.index(of: grant) else { return [] }
        let former = self.entries[index].memory(of: model)
        defer { if self.entries[index].memory(of: model) != former { self.noteMemoryChange() } }
        switch outcome {
        case .neutral:
            return []
        case .succeeded:
            return self.entries[index].clear(model: model, begun: begun).map { [$0] } ?? []
        case .failed(let failure):
            guard let rest = Rest(after: failure.errorClass, policy: self.policy.cooldown) else { return [] }
            let hint: Duration? = if case .after(let wait) = failure.recovery { wait } else { nil }
            return self.entries[index].rest(
                rest, reason: failure.errorClass, hint: hint, model: failure.scope == .model ? model : nil,
                begun: begun, at: now
            ).map { [$0] } ?? []
        }
    }

    /// Every key as it stands, in the order of the configuration.
    public func snapshots(at now: Instant) -> [KeySnapshot] {
        self.entries.map { $0.snapshot(for: nil, at: now) }
    }

    /// Whether a key of that label exists.
    public func contains(_ label: KeyLabel) -> Bool {
        self.index(of: label) != nil
    }

    /// The provider that a key belongs to.
    public func provider(of label: KeyLabel) -> ProviderName? {
        self.index(of: label).map { self.entries[$0].provider }
    }

    /// The present generation of every key.
    public var generations: [KeyLabel: UInt64] {
        Dictionary(self.entries.map { ($0.label, $0.generation) }, uniquingKeysWith: { first, _ in first })
    }

    /// The present grant of a key, for what the daemon itself learns of it without a request of a caller.
    ///
    /// Nothing is counted on the key.
    public func grant(of label: KeyLabel) -> KeyGrant? {
        self.index(of: label).map { self.entries[$0].grant }
    }

    func index(of label: KeyLabel) -> Int? {
        self.entries.firstIndex { $0.label == label }
    }

    /// The place of a key unless the grant is outdated.
    private func index(of grant: KeyGrant) -> Int? {
        self.entries.firstIndex { $0.label == grant.label && $0.generation == grant.generation }
    }
}
