/// Decides which key of which provider serves a request, whether it is tried again, where and when.
///
/// A pure value that holds the key pool and how each provider fares; time comes in as an argument, and every jitter from a
/// generator with a seed. The gateway keeps one under a lock; a fleet of simulated callers drives the same one in virtual
/// time.
public struct Dispatcher: Sendable {
    /// What it decides by.
    public struct Policy: Sendable, Equatable {
        /// How keys are chosen, and how long they rest.
        public var pool: KeyPool.Policy
        /// How requests are repeated.
        public var retry: Configuration.Retry
        /// When a provider is left alone.
        public var breaker: Configuration.Breaker

        /// Makes a policy.
        public init(
            pool: KeyPool.Policy = KeyPool.Policy(), retry: Configuration.Retry = Configuration.Retry(),
            breaker: Configuration.Breaker = Configuration.Breaker()
        ) {
            self.pool = pool
            self.retry = retry
            self.breaker = breaker
        }
    }

    /// The keys of all providers.
    public internal(set) var pool: KeyPool
    /// What happened since this was last emptied, in its order; whoever drives the dispatcher takes it out.
    public var news: [DispatchNews] = []
    /// Changes whenever ``memory(at:)`` may say something else than before, but for the keys, whose pool has its own.
    public internal(set) var memoryRevision: UInt64 = 0

    var policy: Policy
    /// Those that were asked, among the configured ones.
    var providers: [ProviderName: ProviderHealth] = [:]
    var random: SeededGenerator
    private var lastNumber: UInt64 = 0
    var warnedAgents: Set<String> = []
    /// The keys whose last request somebody waits for.
    var awaitedEnds: Set<KeyLabel> = []

    /// Makes a dispatcher for these keys.
    ///
    /// - Parameters:
    ///   - keys: The keys.
    ///   - policy: What it decides by.
    ///   - seed: The same seed makes the same decisions.
    public init(keys: [Configuration.Key], policy: Policy, seed: UInt64) {
        self.policy = policy
        var poolPolicy = policy.pool
        poolPolicy.seed = seed
        self.pool = KeyPool(keys: keys, policy: poolPolicy)
        self.random = SeededGenerator(seed: seed ^ 0x5DEE_CE66_D1CE_4E5B)
    }

    /// Takes over a new configuration; see ``KeyPool/reconfigure(keys:policy:renewed:at:)``.
    ///
    /// What is known of providers that are no longer in `providers` is forgotten.
    public mutating func reconfigure(
        keys: [Configuration.Key], providers: Set<ProviderName>, policy: Policy, renewed: Set<KeyLabel>,
        at now: Moment
    ) {
        self.catchUp(now)
        var poolPolicy = policy.pool
        poolPolicy.seed = self.policy.pool.seed
        self.policy = policy
        self.tell(self.pool.reconfigure(keys: keys, policy: poolPolicy, renewed: renewed, at: now.instant))
        self.providers = self.providers.filter { providers.contains($0.key) }
        for name in self.providers.keys { self.providers[name]?.reconfigure(policy) }
        self.memoryRevision &+= 1
    }

    // MARK: Looking for a key

    /// Begins with a request: looks for its first attempt.
    public mutating func begin(_ plan: inout RequestPlan, at now: Moment) -> DispatchStep {
        self.lastNumber += 1
        plan.number = self.lastNumber
        plan.idleSince = now.instant
        self.catchUp(now)
        plan.order = self.order(of: plan)
        if let conversation = plan.conversation, conversation.isBound {
            plan.home = plan.order.map { plan.candidates[$0].provider }.first {
                self.pool.remembers(conversation, at: $0)
            }
        }
        return self.next(&plan, at: now)
    }

    /// Goes on with a request that has waited as long as it was told to.
    public mutating func resume(_ plan: inout RequestPlan, at now: Moment) -> DispatchStep {
        self.catchUp(now)
        guard now.instant < plan.deadline else { return .giveUp(.spent) }
        return self.next(&plan, at: now)
    }

    /// Takes back the attempt that was to be made: it counts as none, and its places are free again.
    ///
    /// What its key's rates and the turn have given stays taken, so that nobody goes around them by withdrawing.
    public mutating func withdraw(_ plan: inout RequestPlan, at now: Moment) {
        guard plan.current != nil else { return }
        plan.attempts -= 1
        self.close(&plan, at: now)
    }

    /// Looks for another attempt in place of one that cannot be made with its key.
    public mutating func replace(_ plan: inout RequestPlan, at now: Moment) -> DispatchStep {
        if let current = plan.current { plan.excluded.append(current.grant.label) }
        self.withdraw(&plan, at: now)
        return self.next(&plan, at: now)
    }

    /// Makes the attempt that runs once more, at once and with the same key: what its provider refused was no part of the
    /// caller's request.
    ///
    /// `nil` if none runs.
    public mutating func again(_ plan: inout RequestPlan, at now: Moment) -> DispatchedAttempt? {
        guard let current = plan.current else { return nil }
        plan.attempts += 1
        plan.ownAttempts += 1
        let next = current.again(at: now.instant)
        plan.current = next
        return next
    }

    /// The next attempt that can be made at once.
    ///
    /// - Parameter sparing: Whether providers that failed the request are left out.
    mutating func next(_ plan: inout RequestPlan, sparing: Bool = false, at now: Moment) -> DispatchStep {
        var shortage: KeyShortage?
        var rests: Instant?
        var gate: Instant?
        for index in self.preferred(plan, at: now.instant) {
            let candidate = plan.candidates[index]
            guard !plan.unreachable.contains(candidate.provider),
                !(sparing && plan.troubled.contains(candidate.provider))
            else { continue }
            let demand = plan.demand(for: candidate)
            // Who has no key for it anyway is not to take the one place of a provider's probe.
            guard self.pool.canServe(demand, at: now.instant) else {
                let own = self.pool.shortage(for: demand, at: now.instant)
                shortage = shortage?.merged(with: own) ?? own
                continue
            }
            self.prepare(candidate.provider)
            if plan.attempts == 0, let until = self.providers[candidate.provider]?.gatedUntil(at: now.instant) {
                gate = min(gate ?? until, until)
                continue
            }
            let admission = self.providers[candidate.provider]?.breaker.admit(at: now.instant) ?? .passes
            if case .refused(let until) = admission {
                rests = min(rests ?? until, until)
                continue
            }
            let isProbe = if case .passesAsProbe = admission { true } else { false }
            guard case .chosen(let grant, let reason) = self.pool.choose(demand, at: now.instant) else {
                if isProbe { self.settle(candidate.provider, .neutral, isProbe: true, begun: now.instant, at: now) }
                continue
            }
            return .attempt(
                self.begin(
                    DispatchedAttempt(
                        grant: grant, index: index, candidate: candidate, reason: reason,
                        waited: now.instant - (plan.idleSince ?? now.instant), begun: now.instant,
                        isProviderProbe: isProbe),
                    of: &plan, at: now))
        }
        if let gate, let wait = self.wait(atGate: gate, plan, at: now) { return wait }
        let other = shortage?.soonestTry(after: now.instant)
        if gate ?? rests != nil, let until = [gate, rests, other].compactMap(\.self).min() {
            return .giveUp(.providerRests(until: until))
        }
        return .giveUp(.noKey(shortage ?? KeyShortage(keys: [], isBusy: false)))
    }

    /// A new request waits for a provider that said it is overloaded; `nil` if that would be for too long.
    private mutating func wait(atGate until: Instant, _ plan: RequestPlan, at now: Moment) -> DispatchStep? {
        guard until - now.instant <= self.policy.retry.cap, until < plan.deadline else { return nil }
        // Those who wait do not come all at once.
        let jitter = Backoff(base: self.policy.retry.base, cap: self.policy.retry.cap).delay(
            step: 0, using: &self.random)
        return .wait(until: until + jitter)
    }

    private mutating func begin(
        _ attempt: DispatchedAttempt, of plan: inout RequestPlan, at now: Moment
    ) -> DispatchedAttempt {
        var attempt = attempt
        attempt.isOnOwnKey = attempt.reason.selection == .affinity
        let provider = attempt.candidate.provider
        if plan.counted.insert(provider).inserted { self.providers[provider]?.budget.noteRequest(at: now.instant) }
        if attempt.reason.selection == .moved || plan.home.map({ $0 != provider }) ?? false {
            self.news.append(.conversationMoved(provider, to: attempt.grant.label))
        }
        plan.attempts += 1
        plan.current = attempt
        plan.isSettled = false
        plan.idleSince = nil
        return attempt
    }

    /// The candidates in the order in which they are tried now: those that failed the request last, before them those
    /// that are overloaded, and first of all the one that a conversation is bound to.
    func preferred(_ plan: RequestPlan, at now: Instant) -> [Int] {
        guard plan.order.count > 1 else { return plan.order }
        var (first, second, last) = ([Int](), [Int](), [Int]())
        for index in plan.order {
            let provider = plan.candidates[index].provider
            if provider == plan.home {
                first.insert(index, at: 0)
            } else if plan.troubled.contains(provider) {
                last.append(index)
            } else if self.providers[provider]?.overloadedUntil(at: now) != nil {
                second.append(index)
            } else {
                first.append(index)
            }
        }
        return first + second + last
    }

    /// The order of a request's candidates: by priority, by weight among equals, and the provider that knows its
    /// conversation before its equals.
    mutating func order(of plan: RequestPlan) -> [Int] {
        guard plan.candidates.count > 1 else { return Array(plan.candidates.indices) }
        var order: [Int] = []
        let byPriority = Dictionary(grouping: plan.candidates.indices) { plan.candidates[$0].priority }
        for (_, group) in byPriority.sorted(by: { $0.key > $1.key }) {
            var equals = group.sorted()
            if equals.contains(where: { plan.candidates[$0].weight != 1 }) { equals = self.drawn(equals, of: plan) }
            if let conversation = plan.conversation {
                let known = equals.filter {
                    self.pool.remembers(conversation, at: plan.candidates[$0].provider)
                }
                equals = known + equals.filter { !known.contains($0) }
            }
            order += equals
        }
        return order
    }

    /// The candidates in an order drawn by their weights.
    private mutating func drawn(_ equals: [Int], of plan: RequestPlan) -> [Int] {
        var (left, drawn) = (equals, [Int]())
        while !left.isEmpty {
            let sum = left.reduce(0) { $0 + max(1, plan.candidates[$1].weight) }
            var ticket = Int.random(in: 0..<max(1, sum), using: &self.random)
            let place = left.firstIndex { index in
                ticket -= max(1, plan.candidates[index].weight)
                return ticket < 0
            }
            drawn.append(left.remove(at: place ?? left.startIndex))
        }
        return drawn
    }

    // MARK: What all steps need

    /// Brings deadlines that a provider gave as a time of day in line with the clock, and tells of rests that are over.
    mutating func catchUp(_ now: Moment) {
        _ = self.pool.noteClock(at: now)
        self.tell(self.pool.expire(at: now.instant))
    }

    mutating func tell(_ transitions: [KeyTransition]) {
        self.news += transitions.map(DispatchNews.key)
    }

    /// Begins to watch a provider that was never asked before.
    mutating func prepare(_ provider: ProviderName) {
        if self.providers[provider] == nil { self.providers[provider] = ProviderHealth(self.policy) }
    }
}
