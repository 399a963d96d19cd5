/// The limits of one caller, of one address, or of all callers together.
struct CallerLimits: Sendable, Equatable {
    /// Requests per second.
    var perSecond: RateLimit?
    /// Requests per minute.
    var perMinute: RateLimit?
    /// Tokens per minute.
    var tokens: RateLimit?
    /// Requests at once; at least 1.
    var inFlight: Int?

    /// No limits.
    init() {}

    /// Makes limits of what the configuration says.
    init(rps: Int?, rpm: Int?, tpm: Int?, inFlight: Int? = nil) {
        self.perSecond = RateLimit(rps, per: .seconds(1))
        self.perMinute = RateLimit(rpm, per: .seconds(60))
        self.tokens = RateLimit(tpm, per: .seconds(60))
        self.inFlight = inFlight.map { max(1, $0) }
    }

    /// The limits of each member of a group.
    init(_ rates: Configuration.Limits.Rates) {
        self.init(rps: rates.rps, rpm: rates.rpm, tpm: rates.tpm, inFlight: rates.inFlight)
    }

    /// The limits of a client, which win over those that hold for each.
    init(_ client: Configuration.Client, else rates: Configuration.Limits.Rates) {
        self.init(
            rps: client.rps ?? rates.rps, rpm: client.rpm ?? rates.rpm, tpm: client.tpm ?? rates.tpm,
            inFlight: client.inFlight ?? rates.inFlight)
    }

    /// Whether there is no limit.
    var isNone: Bool {
        self.perSecond == nil && self.perMinute == nil && self.tokens == nil && self.inFlight == nil
    }
}

/// What one caller, one address, or all callers together have used of their limits.
struct LimitUse: Sendable, Equatable {
    /// The kinds of rates.
    enum Rate: Sendable {
        case perSecond
        case perMinute
        case tokens
    }

    /// What one request took, so that it can be given back if it never runs.
    struct Taken: Sendable, Hashable {
        fileprivate var perSecond = RateLimit.unused
        fileprivate var perMinute = RateLimit.unused
    }

    private var perSecond = RateLimit.unused
    private var perMinute = RateLimit.unused
    private var tokens = RateLimit.unused
    /// Requests under way.
    var inside: Int32 = 0
    /// Requests that wait.
    var waiting: Int32 = 0

    /// Nothing is used.
    init() {}

    /// The rate that leaves no room for a request, and when it does again: the one that is waited for longest.
    func obstacle(_ limits: CallerLimits, at now: Instant) -> (rate: Rate, opensAt: Instant)? {
        var found: (rate: Rate, opensAt: Instant)?
        func look(_ rate: Rate, _ limit: RateLimit?, _ arrival: Int64) {
            guard let opening = limit?.opensAt(arrival), opening > (found?.opensAt ?? now) else { return }
            found = (rate, opening)
        }
        look(.perSecond, limits.perSecond, self.perSecond)
        look(.perMinute, limits.perMinute, self.perMinute)
        look(.tokens, limits.tokens, self.tokens)
        return found
    }

    /// Counts a request.
    mutating func take(_ limits: CallerLimits, at now: Instant) -> Taken {
        if let limit = limits.perSecond { self.perSecond = limit.taking(from: self.perSecond, at: now) }
        if let limit = limits.perMinute { self.perMinute = limit.taking(from: self.perMinute, at: now) }
        return Taken(perSecond: self.perSecond, perMinute: self.perMinute)
    }

    /// Takes back a request that never ran, as far as time has not done so.
    mutating func giveBack(_ taken: Taken, _ limits: CallerLimits, at now: Instant) {
        if let limit = limits.perSecond {
            self.perSecond = limit.givingBack(taken.perSecond, from: self.perSecond, at: now)
        }
        if let limit = limits.perMinute {
            self.perMinute = limit.givingBack(taken.perMinute, from: self.perMinute, at: now)
        }
    }

    /// Counts tokens.
    mutating func spend(_ amount: Int64, _ limits: CallerLimits, at now: Instant) {
        guard let limit = limits.tokens else { return }
        self.tokens = limit.spending(amount, from: self.tokens, at: now)
    }

    /// Whether it says nothing that a new one would not say: all rates have their whole burst, and nothing is under way.
    func isUnused(at now: Instant) -> Bool {
        self.inside == 0 && self.waiting == 0
            && max(self.perSecond, self.perMinute, self.tokens) <= now.nanoseconds
    }
}
