/// Whether a provider is asked at all: after failures that concern it as a whole it is left alone for a while, and then
/// shown one request at a time until it serves one ("circuit breaker"; Nygard, "Release It!", 2007).
///
/// It opens when `failures` results within `window` were failures **and** these are at least half of all results in that
/// time. The second condition is there because a number alone says nothing: a provider that serves ten thousand requests in
/// thirty seconds and fails with five is in good health, and to refuse everybody because of these five would make an outage
/// of a hiccup. A provider that few requests go to, or that fails with most, opens it as fast as the number says.
///
/// Once open it lets nobody through until its deadline, then exactly one probe. Attempts that had begun before it
/// opened end when they end: what they show is old and moves nothing.
public struct Breaker: Sendable, Equatable {
    /// How it stands.
    public enum State: String, Sendable, CaseIterable {
        /// All requests pass.
        case closed
        /// None passes.
        case open
        /// One request passes, to see whether the provider works again.
        case halfOpen = "half_open"
    }

    /// What becomes of a request.
    public enum Admission: Sendable, Equatable {
        /// It may be sent.
        case passes
        /// It may be sent, and nobody else until ``Breaker/record(_:asProbe:begun:at:)`` was told how it ended.
        case passesAsProbe
        /// It may not; trying again makes no sense before then.
        case refused(until: Instant)
    }

    /// What an attempt showed of the provider.
    public enum Result: Sendable, Equatable {
        /// It works.
        case success
        /// It does not: 5xx, overload, timeout, no connection.
        case failure
        /// Nothing: the caller left, or the answer was a 4xx, 429 among them.
        case neutral
    }

    /// A change of the state.
    public struct Transition: Sendable, Equatable {
        /// Before.
        public var old: State
        /// After.
        public var new: State

        /// Makes a change.
        public init(old: State, new: State) {
            self.old = old
            self.new = new
        }
    }

    /// The longest time that it stays open, unless it is configured to begin with a longer one.
    public static let longestOpen: Duration = .seconds(300)
    /// While a probe runs nobody knows when it ends: whoever is refused then may ask again after so long.
    public static let probeWait: Duration = .seconds(1)

    var policy: Configuration.Breaker
    var opening: Opening?
    private var failures: SlidingCount
    private var successes: SlidingCount
    /// When it closed last: results of attempts that began before are of the trouble that is over.
    private var closedAt: Instant?

    /// What there is to know while it is not closed.
    struct Opening: Sendable, Equatable {
        /// Nothing passes before.
        var until: Instant
        /// How many probes in succession failed.
        var failedProbes: Int
        /// Whether a probe is running; its beginning, so that only its own end counts.
        var probe: Instant?
    }

    /// Makes a closed one.
    public init(policy: Configuration.Breaker) {
        self.policy = policy
        self.failures = Self.emptyCount(policy)
        self.successes = Self.emptyCount(policy)
    }

    /// Takes over a new configuration.
    ///
    /// An open one keeps its deadline; if the window changes, counting begins anew.
    public mutating func reconfigure(_ policy: Configuration.Breaker) {
        if policy.window != self.policy.window {
            self.failures = Self.emptyCount(policy)
            self.successes = Self.emptyCount(policy)
        }
        self.policy = policy
    }

    // MARK: Asking

    /// How it stands.
    public func state(at now: Instant) -> State {
        guard let opening = self.opening else { return .closed }
        return now < opening.until ? .open : .halfOpen
    }

    /// When a request that is refused now may be let through; `nil` if none would be refused.
    public func retryAt(at now: Instant) -> Instant? {
        guard let opening = self.opening else { return nil }
        if now < opening.until { return opening.until }
        return opening.probe == nil ? nil : now + Self.probeWait
    }

    /// Whether ``admit(at:)`` would let a request through.
    public func wouldAdmit(at now: Instant) -> Bool {
        self.retryAt(at: now) == nil
    }

    /// Lets a request through, or not.
    ///
    /// Whoever is let through as the probe must be followed by one ``record(_:asProbe:begun:at:)`` with `asProbe`, whatever
    /// becomes of it.
    public mutating func admit(at now: Instant) -> Admission {
        if let until = self.retryAt(at: now) { return .refused(until: until) }
        guard self.opening != nil else { return .passes }
        self.opening?.probe = now
        return .passesAsProbe
    }

    /// Lets the next request through as the probe, without waiting for the deadline; tells whether that changed anything.
    ///
    /// For when the reason may have lain on this side, and is gone.
    public mutating func allowProbe(at now: Instant) -> Bool {
        guard let opening = self.opening, now < opening.until else { return false }
        self.opening?.until = now
        return true
    }

    // MARK: Telling

    /// Takes note of how an attempt ended.
    ///
    /// - Parameters:
    ///   - asProbe: Whether it was let through as the probe.
    ///   - begun: When it began.
    /// - Returns: What changed, if anything did.
    public mutating func record(_ result: Result, asProbe: Bool, begun: Instant, at now: Instant) -> Transition? {
        guard let opening = self.opening else { return self.count(result, begun: begun, at: now) }
        guard asProbe, let probe = opening.probe, begun >= probe else { return nil }
        switch result {
        case .neutral:
            self.opening?.probe = nil
            return nil
        case .success:
            self.close(at: now)
            return Transition(old: .halfOpen, new: .closed)
        case .failure:
            let failedProbes = min(opening.failedProbes + 1, Self.mostFailedProbes)
            self.opening = Opening(
                until: now + Self.openTime(self.policy, failedProbes: failedProbes), failedProbes: failedProbes)
            return Transition(old: .halfOpen, new: .open)
        }
    }

    private mutating func count(_ result: Result, begun: Instant, at now: Instant) -> Transition? {
        if let closedAt = self.closedAt, begun < closedAt { return nil }
        switch result {
        case .neutral:
            return nil
        case .success:
            self.successes.add(at: now)
            return nil
        case .failure:
            self.failures.add(at: now)
            let failures = self.failures.sum(ofLast: Self.slots + 1, at: now)
            let successes = self.successes.sum(ofLast: Self.slots + 1, at: now)
            guard failures >= self.policy.failures, failures >= successes else { return nil }
            self.opening = Opening(until: now + Self.openTime(self.policy, failedProbes: 0), failedProbes: 0)
            return Transition(old: .closed, new: .open)
        }
    }

    private mutating func close(at now: Instant) {
        self.opening = nil
        self.failures.removeAll()
        self.successes.removeAll()
        self.closedAt = now
    }

    // MARK: Times

    /// How long it stays open after so many failed probes.
    static func openTime(_ policy: Configuration.Breaker, failedProbes: Int) -> Duration {
        Backoff(base: policy.open, cap: max(policy.open, Self.longestOpen)).bound(step: failedProbes)
    }

    /// Far beyond what doubles any open time to the longest.
    static let mostFailedProbes = 64

    /// The window is counted in so many slots and the one that is running, that is over at most a thirtieth too much.
    private static let slots = 30

    private static func emptyCount(_ policy: Configuration.Breaker) -> SlidingCount {
        SlidingCount(capacity: Self.slots + 1, width: .nanoseconds(policy.window.nanoseconds / Int64(Self.slots)))
    }
}
