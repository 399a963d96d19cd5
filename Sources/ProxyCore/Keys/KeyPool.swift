/// The keys of all providers, which of them may be used now, and whose turn it is.
///
/// A pure value: time comes in as an argument, and choosing a key and counting the request on it is one step (K-026).
public struct KeyPool: Sendable {
    /// What the pool decides by.
    public struct Policy: Sendable, Equatable {
        /// How the next key is chosen among equals.
        public var mode: RotationMode
        /// Whether a conversation stays on its key while that is usable.
        public var affinity: Bool
        /// How long a key rests after each kind of failure.
        public var cooldown: Configuration.Cooldown

        /// Makes a policy.
        public init(
            mode: RotationMode = .roundRobin,
            affinity: Bool = true,
            cooldown: Configuration.Cooldown = Configuration.Cooldown()
        ) {
            self.mode = mode
            self.affinity = affinity
            self.cooldown = cooldown
        }
    }

    /// How many conversations the pool remembers the key of.
    public static let sessionCapacity = 8192
    /// How many models of one key can have a state of their own; more are refused together with the whole key.
    static let modelConditionCapacity = 64

    var entries: [Entry]
    var policy: Policy
    var turns: [ProviderName: Turn] = [:]
    var sessions = SessionTable(capacity: KeyPool.sessionCapacity)

    /// Changes whenever ``memory(at:wallTime:)`` may say something else than before.
    public internal(set) var memoryRevision: UInt64 = 0
    /// The last number that a key or a secret was counted with.
    private var lastNumber: UInt64 = 0

    /// Makes a pool of keys, all of them usable but the disabled ones.
    public init(keys: [Configuration.Key], policy: Policy) {
        self.entries = keys.map { Entry($0, number: 0) }
        self.policy = policy
    }

    /// Takes over a new configuration: what is known of a key that stays with its provider is kept.
    ///
    /// Of a key in `renewed` the secret is another one: how the old one fared says nothing about it. Answers what
    /// changed for keys that stay.
    public mutating func reconfigure(
        keys: [Configuration.Key], policy: Policy, renewed: Set<KeyLabel> = [], at now: Instant
    ) -> [KeyTransition] {
        let known = Dictionary(self.entries.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
        self.lastNumber += 1
        var transitions: [KeyTransition] = []
        self.entries = keys.map { key in
            var entry = Entry(key, number: self.lastNumber)
            guard let former = known[key.label], former.provider == key.provider else { return entry }
            entry.holder = former.holder
            entry.inFlight = former.inFlight
            if !renewed.contains(key.label) {
                entry.generation = former.generation
                entry.condition = former.condition
                entry.modelConditions = former.modelConditions
            }
            transitions += entry.transitions(since: former, at: now)
            return entry
        }
        self.policy = policy
        let labels = Dictionary(grouping: self.entries, by: \.provider).mapValues { Set($0.map(\.label)) }
        self.turns = self.turns.filter { labels[$0.key] != nil }
        for (provider, kept) in labels { self.turns[provider]?.keep(only: kept) }
        self.memoryRevision += 1
        return transitions
    }

    /// Chooses a key for a request and counts the request on it.
    public mutating func choose(_ demand: KeyDemand, at now: Instant) -> KeyChoice {
        let fitting = self.entries.indices.filter { self.entries[$0].fits(demand) }
        let free = fitting.filter { index in
            !demand.excluded.contains(self.entries[index].label)
                && self.entries[index].state(for: demand.model, at: now) == .usable
        }
        let ready = free.filter { self.entries[$0].hasRoom }
        guard let index = self.pick(ready, for: demand, at: now) else {
            return .none(
                KeyShortage(
                    keys: fitting.map { self.entries[$0].snapshot(for: demand.model, at: now) },
                    isBusy: !free.isEmpty
                )
            )
        }
        self.entries[index].inFlight += 1
        let label = self.entries[index].label
        if let session = demand.session, self.policy.affinity, demand.pinned == nil {
            self.sessions.remember(SessionTable.Session(provider: demand.provider, name: session), on: label)
        }
        return .chosen(self.entries[index].grant)
    }

    /// The first usable key of a provider, for a call of the daemon's own that takes nobody's turn.
    ///
    /// Nothing changes.
    public func firstUsableKey(of provider: ProviderName, at now: Instant) -> KeyLabel? {
        self.entries.first { $0.provider == provider && $0.state(for: nil, at: now) == .usable }?.label
    }

    /// Whether ``choose(_:at:)`` would find a key.
    ///
    /// Nothing changes.
    public func canServe(_ demand: KeyDemand, at now: Instant) -> Bool {
        self.entries.contains { entry in
            entry.fits(demand) && !demand.excluded.contains(entry.label)
                && entry.state(for: demand.model, at: now) == .usable && entry.hasRoom
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
    /// `nil` if a person took the key away meanwhile, or gave it another secret.
    public mutating func chooseAgain(_ grant: KeyGrant) -> KeyGrant? {
        guard let index = self.index(of: grant.label), self.entries[index].grant == grant,
            self.entries[index].isEnabled
        else { return nil }
        self.entries[index].inFlight += 1
        return grant
    }

    /// Takes a request off a key that ``choose(_:at:)`` put on it.
    ///
    /// Of a key that is gone by now it does nothing.
    public mutating func release(_ grant: KeyGrant) {
        guard let index = self.index(of: grant.label), self.entries[index].holder == grant.holder else { return }
        self.entries[index].inFlight = max(0, self.entries[index].inFlight - 1)
    }

    /// Notes how an attempt that began at `begun` ended, and answers what that changed.
    public mutating func record(
        _ outcome: KeyOutcome,
        on grant: KeyGrant,
        model: ModelName?,
        begun: Instant,
        at now: Instant
    ) -> KeyTransition? {
        guard let index = self.index(of: grant.label), self.entries[index].grant == grant else { return nil }
        switch outcome {
        case .neutral:
            return nil
        case .succeeded:
            // Nothing to clear is what nearly every request finds.
            guard self.entries[index].hasConditions else { return nil }
            self.memoryRevision += 1
            return self.entries[index].clear(model: model, begun: begun, at: now)
        case .failed(let reason, let scope, let hint):
            guard let rest = Rest(after: reason, policy: self.policy.cooldown) else { return nil }
            let model = scope == .model ? model : nil
            self.memoryRevision += 1
            return self.entries[index].rest(rest, reason: reason, hint: hint, model: model, begun: begun, at: now)
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

    func index(of label: KeyLabel) -> Int? {
        self.entries.firstIndex { $0.label == label }
    }

    /// Of the indices that could serve, the one whose turn it is: the one that a person wants, the conversation's own,
    /// else by mode among those of the highest priority.
    mutating func pick(_ ready: [Int], for demand: KeyDemand, at now: Instant) -> Int? {
        guard let highest = ready.map({ self.entries[$0].priority }).max() else { return nil }
        if demand.pinned != nil { return ready.first }
        var turn = self.turns[demand.provider] ?? Turn()
        let former = (turn.last, turn.wanted)
        let index =
            self.takeWanted(of: &turn, among: ready, at: now) ?? self.ownKey(of: demand, among: ready)
            ?? turn.next(
                among: ready.filter { self.entries[$0].priority == highest }, of: self.entries, mode: self.policy.mode)
        self.turns[demand.provider] = turn
        if (turn.last, turn.wanted) != former { self.memoryRevision += 1 }
        return index
    }

    /// The key that the conversation was last served by.
    private mutating func ownKey(of demand: KeyDemand, among ready: [Int]) -> Int? {
        guard self.policy.affinity, let session = demand.session,
            let label = self.sessions.key(of: SessionTable.Session(provider: demand.provider, name: session))
        else { return nil }
        return ready.first { self.entries[$0].label == label }
    }

    /// The key that a person wants to be next, once.
    ///
    /// One that cannot be used any more is wanted no longer; one that only does not fit this request stays wanted.
    private func takeWanted(of turn: inout Turn, among ready: [Int], at now: Instant) -> Int? {
        guard let wanted = turn.wanted else { return nil }
        if let index = ready.first(where: { self.entries[$0].label == wanted }) {
            turn.wanted = nil
            turn.last = wanted
            return index
        }
        let entry = self.entries.first { $0.label == wanted }
        if entry?.state(for: nil, at: now) != .usable { turn.wanted = nil }
        return nil
    }
}
