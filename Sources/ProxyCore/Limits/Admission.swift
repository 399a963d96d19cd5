/// Who is let in, who waits and who is refused: all limits of callers, addresses and all requests together, in one value.
///
/// A request passes the rates first: of its caller, its address, and all callers. Each has to have room, and only what comes
/// in or waits is counted; what waited and never ran is given back. Then it needs a place: of its caller, its address, and
/// one of those that all share. Who has none waits, in a ``WaitingLine``; those over a limit of their own hold none of the
/// shared places meanwhile and delay nobody.
///
/// Tokens are known only afterwards. Nothing is set aside for them when a request comes; what it took is counted when it
/// leaves. So a caller may go over its tokens by what runs at the time, and then waits until the debt is paid.
///
/// Priorities go high, normal, low. High priority has places of its own and a bound; low has a bound and goes after the
/// others, but takes every ``turnsBeforeLow``th turn, so that it is never starved (L-004).
///
/// As long as more than one caller was seen lately, nobody takes all places: a caller takes another one only while it holds
/// less than ``shareOfFree`` times those still free (the dynamic threshold of Choudhury and Hahne for shared buffers), so that
/// some stay free for whoever comes next. Nothing is taken from who holds more, and a caller alone has all places.
///
/// Time comes in as an argument, and each step costs the same however many callers there are, hash tables and the
/// occasional tidying apart. After each step whoever drives it takes out the decisions about those who waited.
public struct Admission: Sendable {
    /// After so many others in a row who waited it is the turn of one of low priority.
    public static let turnsBeforeLow = 16
    /// For how long places are kept for high priority after a request of it, where no client is allowed it by name.
    static let highMemory = Duration.seconds(600)
    /// For how long places are shared out between callers after a second one was seen.
    static let shareMemory = Duration.seconds(600)
    /// A caller holds less than so many times the places that are free when it takes another one.
    static let shareOfFree = 8
    /// The most entries of callers, of those known by their address only, and of addresses.
    public static let (callerCapacity, addressCapacity) = (4096, 16_384)

    var policy: AdmissionPolicy
    var shares: LaneShares
    var adaptive: AdaptiveLimit

    // What is used.
    var all = LimitUse()
    var callers = LimitTable(capacity: Admission.callerCapacity)
    var strangers = LimitTable(capacity: Admission.addressCapacity)
    var addresses = LimitTable(capacity: Admission.addressCapacity)
    /// Requests that are in.
    var inside = LaneCounts()
    /// How many requests of each caller are in; as many entries as requests at most.
    var present: [LimitKey: Int] = [:]

    // Who waits.
    var waiters: [UInt64: Waiter] = [:]
    var lines: [UInt64: WaitingLine] = [:]
    var lineOf: [WaitingLine.Key: UInt64] = [:]
    var turns: [UInt64: CallerTurns] = [:]
    var turnsOf: [TurnsKey: UInt64] = [:]
    var rounds: [LineRound] = RequestPriority.allCases.map { _ in LineRound() }
    var aside: [LinesAside.Key: LinesAside] = [:]
    /// How many requests of each caller wait.
    var waitingOf = WaitingCounts()
    /// Turns of others since one of low priority had one while one waited.
    var turnsWithoutLow = 0
    var lastNumber: UInt64 = 0

    var departures = DepartureRate()
    var notices = LimitNotices()
    private var lastHigh: Instant?
    /// The caller that came last, and when one came last that was another than the one before.
    private var lastCaller: LimitKey?
    private var lastChange: Instant?
    private var nextTick = Instant(nanoseconds: .min)
    /// Decisions about those who waited, in their order.
    var decisions: [(number: UInt64, decision: AdmissionDecision)] = []

    /// One who waits.
    struct Waiter: Sendable {
        let request: AdmissionRequest
        let line: UInt64
        let caller: LimitPlace?
        let address: LimitPlace?
        let taken: Taken
    }

    /// Whose turns they are.
    struct TurnsKey: Sendable, Hashable {
        let caller: LimitKey
        let priority: RequestPriority
    }

    /// What one request took of the rates.
    struct Taken: Sendable, Hashable {
        let caller: LimitUse.Taken?
        let address: LimitUse.Taken?
        let all: LimitUse.Taken
    }

    /// Lets everybody in that the policy allows.
    public init(_ policy: AdmissionPolicy) {
        self.policy = policy
        self.adaptive = AdaptiveLimit(policy.inFlight, isOn: policy.isAdaptive)
        self.shares = LaneShares(limit: policy.inFlight, policy: policy, keepsHigh: policy.isHighExpected)
    }

    /// Takes over another policy; what was used and who is in or waits stays.
    public mutating func reconfigure(_ policy: AdmissionPolicy, at now: Instant) {
        self.policy = policy
        self.adaptive.reconfigure(policy.inFlight, isOn: policy.isAdaptive, at: now)
        self.shareOut(at: now)
        for key in Array(self.aside.keys) {
            while self.callBack(key) {}
        }
        self.serve(at: now)
    }

    // MARK: Coming and going

    /// A request asks to be let in.
    public mutating func enter(_ request: AdmissionRequest, at now: Instant) -> AdmissionEntry {
        self.tick(at: now)
        if request.priority == .high { self.noteHigh(at: now) }
        self.noteCaller(request.caller, at: now)
        let (caller, address) = self.places(of: request, at: now)
        if let refusal = self.refusalByRate(request, caller, address, at: now) { return .refused(refusal) }
        let isOverOwn = self.ownLimit(request, caller, address) != nil
        if !isOverOwn, self.inside.hasRoom(for: request.priority, in: self.shares), !self.isOverShare(request) {
            let taken = self.take(request, caller, address, at: now)
            return .admitted(self.admit(request, caller, address, taken, at: now))
        }
        if !isOverOwn, self.isNearlyFull { self.adaptive.noteFull(at: now) }
        if let refusal = self.makeRoom(for: request, caller, address, at: now) { return .refused(refusal) }
        let taken = self.take(request, caller, address, at: now)
        return .waiting(self.line(up: request, caller, address, taken, at: now))
    }

    /// A request that takes no place, such as one for the list of models: it counts for the rates.
    ///
    /// `nil` if it is let in.
    public mutating func pass(_ request: AdmissionRequest, at now: Instant) -> LimitRefusal? {
        self.tick(at: now)
        let (caller, address) = self.places(of: request, at: now)
        if let refusal = self.refusalByRate(request, caller, address, at: now) { return refusal }
        _ = self.take(request, caller, address, at: now)
        return nil
    }

    /// A request that was in is over.
    ///
    /// - Parameter tokens: What its attempts took, as far as it is known.
    public mutating func leave(_ ticket: AdmissionTicket, tokens: Int64, at now: Instant) {
        self.departures.add(at: now)
        self.release(ticket, tokens: tokens, at: now)
    }

    private mutating func release(_ ticket: AdmissionTicket, tokens: Int64, at now: Instant) {
        self.tick(at: now)
        self.inside[ticket.priority] -= 1
        if let count = self.present[ticket.request.caller] {
            self.present[ticket.request.caller] = count > 1 ? count - 1 : nil
        }
        self.all.spend(tokens, self.policy.all, at: now)
        if let place = ticket.caller {
            self[place].inside -= 1
            self[place].spend(tokens, self.policy.limits(of: ticket.request.caller), at: now)
            self.callBack(from: place)
        }
        if let place = ticket.address {
            self[place].inside -= 1
            self[place].spend(tokens, self.policy.address, at: now)
            self.callBack(from: place)
        }
        self.serve(at: now)
    }

    /// A request that was let in after it had waited does not run after all: what it took of the rates is given back too.
    public mutating func withdraw(_ ticket: AdmissionTicket, at now: Instant) {
        self.giveBack(ticket.taken, of: ticket.request, ticket.caller, ticket.address, at: now)
        // Not one of those by whom is reckoned how fast places come free.
        self.release(ticket, tokens: 0, at: now)
    }

    /// Lets a request in that everything was asked for.
    mutating func admit(
        _ request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?, _ taken: Taken, at now: Instant
    ) -> AdmissionTicket {
        self.inside[request.priority] += 1
        self.present[request.caller, default: 0] += 1
        if let caller { self[caller].inside += 1 }
        if let address { self[address].inside += 1 }
        if self.isNearlyFull { self.adaptive.noteFull(at: now) }
        return AdmissionTicket(request: request, caller: caller, address: address, taken: taken)
    }

    /// Whether so many are in that the limit is in use: so many that a caller alone would be held to its share.
    ///
    /// That a priority has its share says nothing of that.
    private var isNearlyFull: Bool {
        guard let limit = self.shares.limit else { return false }
        return limit > 0
            && self.inside.total >= Self.shareOfFree * self.inside.free(for: .normal, in: self.shares)
    }

    // MARK: What providers tell

    /// An answer of a provider has begun; see ``AdaptiveLimit``.
    public mutating func noteFirstByte(after time: Duration, of source: LatencySource, at now: Instant) {
        self.adaptive.noteFirstByte(after: time, of: source, at: now)
        self.tick(at: now)
    }

    /// A provider said that it has too much to do.
    public mutating func noteOverload(at now: Instant) {
        self.adaptive.noteOverload(at: now)
        self.tick(at: now)
    }

    // MARK: Time

    /// Does what is to be done once in a second.
    mutating func tick(at now: Instant) {
        guard now >= self.nextTick else { return }
        self.nextTick = now + .seconds(1)
        self.adaptive.advance(to: now)
        let former = self.shares
        self.shareOut(at: now)
        if self.shares != former { self.serve(at: now) }
    }

    private mutating func shareOut(at now: Instant) {
        let keepsHigh = self.policy.isHighExpected || self.lastHigh.map { now - $0 < Self.highMemory } ?? false
        let isShared = self.lastChange.map { now - $0 < Self.shareMemory } ?? false
        self.shares = LaneShares(
            limit: self.adaptive.limit, policy: self.policy, keepsHigh: keepsHigh, isShared: isShared)
    }

    private mutating func noteHigh(at now: Instant) {
        let isNew = self.lastHigh == nil
        self.lastHigh = now
        if isNew { self.shareOut(at: now) }
    }

    private mutating func noteCaller(_ caller: LimitKey, at now: Instant) {
        defer { self.lastCaller = caller }
        guard let lastCaller, lastCaller != caller else { return }
        self.lastChange = now
        if !self.shares.isShared { self.shareOut(at: now) }
    }

    // MARK: Sharing places

    /// Whether a caller holds so many of the places that the others need those that are free.
    func isOverShare(_ request: AdmissionRequest) -> Bool {
        guard let limit = self.shares.limit, self.shares.isShared, let own = self.present[request.caller],
            own >= max(8, limit / 8)
        else { return false }
        return own >= Self.shareOfFree * self.inside.free(for: request.priority, in: self.shares)
    }

    // MARK: What is known

    /// How things stand.
    public mutating func statistics(at now: Instant) -> AdmissionStatistics {
        self.tick(at: now)
        let tables = [self.callers, self.strangers, self.addresses]
        return AdmissionStatistics(
            inside: self.inside.total, waiting: self.waiters.count, concurrencyLimit: self.shares.limit,
            entries: tables.reduce(0) { $0 + $1.count }, evictions: tables.reduce(0) { $0 &+ $1.evictions },
            overflows: tables.reduce(0) { $0 &+ $1.overflows })
    }

    /// How many are in, and how many wait.
    public var occupancy: (inside: Int, waiting: Int) { (self.inside.total, self.waiters.count) }

    /// Takes out what was decided about those who waited.
    public mutating func takeDecisions() -> [(number: UInt64, decision: AdmissionDecision)] {
        guard !self.decisions.isEmpty else { return [] }
        defer { self.decisions = [] }
        return self.decisions
    }
}
