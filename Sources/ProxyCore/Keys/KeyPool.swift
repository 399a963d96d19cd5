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
    var wholeLimits: [WholeLimitScope: WholeLimit] = [:]
    var jitter: Jitter
    /// By how much the time of day was ahead of the other clock when deadlines were made, in nanoseconds.
    var clockOffset: Int64?
    /// ``expire(at:)`` has nothing to tell before this; the beginning of all time if that is not known.
    var quietUntil = Instant(nanoseconds: .min)
    /// Where each key is among the entries.
    private var places: [KeyLabel: Int] = [:]
    private var rosters: [ProviderName: Roster] = [:]
    private var lastGeneration: UInt64 = 0

    /// Makes a pool of keys, all of them usable but the disabled ones.
    public init(keys: [Configuration.Key], policy: Policy) {
        self.policy = policy
        self.jitter = Jitter(seed: policy.seed)
        self.replaceEntries(keys.map { Entry($0, generation: self.newGeneration()) })
    }

    /// Puts other keys in the place of the present ones.
    mutating func replaceEntries(_ entries: [Entry]) {
        self.entries = entries
        self.places = Dictionary(
            entries.enumerated().map { ($1.label, $0) }, uniquingKeysWith: { first, _ in first })
        self.rosters = Self.rosters(of: entries)
    }

    /// The keys of a provider; `nil` if it has none.
    func roster(of provider: ProviderName) -> Roster? {
        self.rosters[provider]
    }

    /// A generation that no key had yet.
    mutating func newGeneration() -> UInt64 {
        self.lastGeneration += 1
        return self.lastGeneration
    }

    /// Notes that something else is to be remembered, and that rests may end at other times than before.
    mutating func noteMemoryChange() {
        self.memoryRevision &+= 1
        self.quietUntil = Instant(nanoseconds: .min)
    }

    /// Chooses a key for a request and counts the request on it.
    public mutating func choose(_ demand: KeyDemand, at now: Instant) -> KeyChoice {
        let known = self.turns.removeValue(forKey: demand.provider)
        var turn = known ?? Turn()
        let decision = self.decide(demand, &turn, at: now)
        if known != nil || decision.index != nil, demand.pinned == nil || known != nil {
            // It is to be remembered too, and changes no rest.
            if !turn.isSame(as: known) { self.memoryRevision &+= 1 }
            self.turns[demand.provider] = turn
        }
        guard let index = decision.index else {
            return .none(self.shortage(for: demand, at: now))
        }
        var reason = KeyChoiceReason(
            selection: decision.selection, others: self.others(demand, decision, at: now))
        let grant = self.begin(index, demand.model, at: now)
        reason.isTrial = grant.trial > 0
        // One that is moved belongs to another key only once that has served it.
        if let conversation = demand.conversation, self.policy.affinity, demand.pinned == nil,
            decision.selection != .moved
        {
            self.sessions.remember(
                SessionTable.Session(provider: demand.provider, name: conversation.id), on: grant.label)
        }
        return .chosen(grant, reason)
    }

    private mutating func begin(_ index: Int, _ model: ModelName?, at now: Instant?) -> KeyGrant {
        var grant = self.entries[index].grant
        grant.trial = self.entries[index].beginRequest(model: model, at: now)
        return grant
    }

    /// The first usable key of a provider, for a call of the daemon's own that takes nobody's turn.
    ///
    /// Nothing changes.
    public func firstUsableKey(of provider: ProviderName, at now: Instant) -> KeyGrant? {
        let places = self.roster(of: provider)?.places ?? []
        return places.first { self.entries[$0].isUsable(for: nil, at: now) }.map { self.entries[$0].grant }
    }

    /// Whether ``choose(_:at:)`` would find a key.
    ///
    /// Nothing changes.
    public func canServe(_ demand: KeyDemand, at now: Instant) -> Bool {
        self.roster(of: demand.provider)?.places.contains { self.canServe($0, demand, at: now) } ?? false
    }

    /// How the keys stand that could serve the demand.
    ///
    /// Nothing changes.
    public func shortage(for demand: KeyDemand, at now: Instant) -> KeyShortage {
        let room = self.room(for: demand, at: now)
        return KeyShortage(
            keys: self.entries.filter { $0.fits(demand) }.map { $0.snapshot(for: demand.model, at: now) },
            isBusy: room.isBusy, limitedUntil: room.limitedUntil)
    }

    /// Counts another attempt of a request on the key that it has just used, whoever's turn it is and however the key stands.
    ///
    /// `nil` if a person took the key away meanwhile, or made another one of it, or if its own limits leave no room: those on
    /// rates are asked only if the moment is told.
    public mutating func chooseAgain(_ grant: KeyGrant, at now: Instant? = nil) -> KeyGrant? {
        guard let index = self.index(of: grant), self.entries[index].isEnabled, self.entries[index].hasPlace
        else { return nil }
        if let now, !self.entries[index].hasRoom(at: now) { return nil }
        return self.begin(index, nil, at: now)
    }

    /// Takes a request off a key that ``choose(_:at:)`` put on it.
    ///
    /// Of a key that is gone by now it does nothing; of one whose secret is another by now it frees the place that the
    /// request still took.
    public mutating func release(_ grant: KeyGrant) {
        guard let index = self.index(of: grant.label) else { return }
        self.entries[index].endRequest(of: grant)
    }

    /// Counts the tokens that an attempt took on its key's limit of them.
    ///
    /// Of a key that is gone, or whose secret is another by now, it does nothing.
    public mutating func spend(_ tokens: Int64, on grant: KeyGrant, at now: Instant) {
        guard let index = self.index(of: grant) else { return }
        self.entries[index].spend(tokens, at: now)
    }

    /// Every key as it stands, in the order of the configuration.
    public func snapshots(at now: Instant) -> [KeySnapshot] {
        self.entries.map { $0.snapshot(for: nil, at: now) }
    }

    /// The key of that label, if there is one.
    public func snapshot(of label: KeyLabel, at now: Instant) -> KeySnapshot? {
        self.index(of: label).map { self.entries[$0].snapshot(for: nil, at: now) }
    }

    /// Whether a key of that label exists.
    public func contains(_ label: KeyLabel) -> Bool {
        self.index(of: label) != nil
    }

    /// The provider that a key belongs to.
    public func provider(of label: KeyLabel) -> ProviderName? {
        self.index(of: label).map { self.entries[$0].provider }
    }

    /// Requests that a key serves, those with a former secret among them; 0 for a key that is not there.
    public func requestsInFlight(on label: KeyLabel) -> Int {
        self.index(of: label).map { self.entries[$0].inFlight } ?? 0
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
        self.places[label]
    }

    /// The place of a key unless the grant is outdated.
    func index(of grant: KeyGrant) -> Int? {
        guard let index = self.places[grant.label], self.entries[index].generation == grant.generation else {
            return nil
        }
        return index
    }
}
