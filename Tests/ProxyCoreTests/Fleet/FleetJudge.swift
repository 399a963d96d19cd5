import ProxyCore

/// Counts for itself what a dispatcher must keep to, and says where it did not.
struct FleetJudge: Sendable {
    /// A key has to take part again so long after its recovery at the latest.
    static let patience = 5 * FleetTime.second

    /// What is counted for a key.
    struct Key {
        let label: KeyLabel
        let inFlight: Int
        var minute: FleetKey.Bucket?
        var second: FleetKey.Bucket?
        var running = 0
        /// When it was last sent to rest, as a whole or for a model.
        var lastRest: Int64 = -1
        /// Whether the time of day was wrong then: a reset that its provider named may have seemed to be over.
        var restedByWrongClock = false
        /// Tells its rests apart: the whole key's, then those of the models.
        var serials: [UInt64] = [0, 0, 0]
        /// Since when the daemon knows that its provider does not know it.
        var unknownSince: Int64?
        /// How many attempts began on it since, and how many may.
        var late = 0
        var allowedLate = 1

        /// Whether its own limits let a request through.
        func hasRoom(at now: Int64) -> Bool {
            self.running < self.inFlight && (self.minute.map { $0.tokens(at: now) > 1.001 } ?? true)
                && (self.second.map { $0.tokens(at: now) > 1.001 } ?? true)
        }
    }

    /// What is counted for a provider.
    struct Provider {
        var requests: [Int64] = []
        var repeats: [Int64] = []
        /// When its breaker last changed.
        var lastChange: Int64 = -1

        /// How many of these times are in the minute that ends now.
        static func count(_ times: inout [Int64], at now: Int64, span: Int64 = FleetTime.minute) -> Int {
            if times.count > 2000 { times.removeFirst(1000) }
            var count = 0
            for time in times.reversed() {
                guard time > now - span else { break }
                count += 1
            }
            return count
        }
    }

    let seed: UInt64
    private let share: Double
    var now: Int64 = 0
    private(set) var faults: [String] = []
    var digest = FleetDigest()
    var keys: [Key]
    var providers: [Provider]
    private(set) var lastClockStep: Int64 = -1
    private(set) var lastRestart: Int64 = -1

    // What happened at all: a fleet in which nothing does shows nothing.
    private(set) var requests = 0
    private(set) var attempts = 0
    var served = 0
    var refused = 0
    private(set) var repeats = 0
    private(set) var restarts = 0
    private(set) var openings = 0
    private(set) var closings = 0
    var wholeLimits = 0
    private(set) var rests: [KeyState: Int] = [:]

    init(seed: UInt64, world: FleetWorld, budget: Double) {
        (self.seed, self.share) = (seed, budget)
        self.keys = world.keys.map { key in
            Key(
                label: key.label, inFlight: key.configuration.inFlight ?? .max,
                minute: key.configuration.rpm.map { FleetKey.Bucket(capacity: $0, rate: $0) },
                second: key.configuration.rps.map { FleetKey.Bucket(capacity: $0, rate: $0 * 60) })
        }
        self.providers = world.providers.map { _ in Provider() }
    }

    mutating func fault(_ rule: Character, _ text: String, key: Int? = nil) {
        let (day, rest) = self.now.quotientAndRemainder(dividingBy: FleetTime.day)
        let (hour, seconds) = rest.quotientAndRemainder(dividingBy: FleetTime.hour)
        let time = "day \(day), \(hour) h \(Double(seconds) / 1e6) s"
        self.faults.append(
            "(\(rule)) seed \(self.seed), \(time)\(key.map { ", key \(self.keys[$0].label)" } ?? ""): \(text)")
    }

    // MARK: Attempts

    mutating func noteRequest(_ provider: Int) {
        self.requests += 1
        self.providers[provider].requests.append(self.now)
    }

    mutating func begins(_ key: Int, caller: Int, _ state: FleetCaller, world: FleetWorld) {
        self.attempts += 1
        self.digest.note(0xA77, self.now, Int64(caller), Int64(key), Int64(state.attempts))
        if state.attempts > Fleet.maxAttempts { self.fault("c", "attempt \(state.attempts) of a request", key: key) }
        if self.now > state.deadline { self.fault("c", "an attempt after the deadline", key: key) }
        self.keys[key].running += 1
        if self.keys[key].running > self.keys[key].inFlight {
            self.fault("h", "\(self.keys[key].running) requests at once", key: key)
        }
        self.keys[key].minute?.take(at: self.now)
        self.keys[key].second?.take(at: self.now)
        if let left = self.keys[key].minute?.tokens(at: self.now), left < -0.01 {
            self.fault("h", "more requests in a minute than it may", key: key)
        }
        if let left = self.keys[key].second?.tokens(at: self.now), left < -0.01 {
            self.fault("h", "more requests in a second than it may", key: key)
        }
        // While its provider fails, what an attempt meets is that and not the key.
        guard self.keys[key].unknownSince != nil, world.keys[key].isRevoked(at: self.now),
            world.providers[world.keys[key].provider].outage(at: self.now) == nil
        else { return }
        self.keys[key].late += 1
        if self.keys[key].late > self.keys[key].allowedLate {
            self.fault("d", "caller \(caller) is one of \(self.keys[key].late) to pay for a revoked key", key: key)
        }
    }

    mutating func release(_ key: Int) {
        self.keys[key].running -= 1
        if self.keys[key].running < 0 { self.fault("h", "fewer requests than none", key: key) }
    }

    mutating func succeeded(_ key: Int) {
        self.digest.note(0x0C, self.now, Int64(key))
        self.isKnownAgain(key)
    }

    mutating func failed(_ end: AttemptEnd, caller: FleetCaller, key: Int, world: FleetWorld) {
        guard end.errorClass == .providerAuthFailed else { return }
        if self.keys[key].unknownSince == nil { self.keys[key].unknownSince = self.now }
        // Two keys of a provider that refuse a request clear each other: then the request or the provider is to blame.
        let others = caller.unknownTo.filter { world.keys[$0].provider == world.keys[key].provider }
        if !others.isEmpty { for cleared in others + [key] { self.keys[cleared].allowedLate += 1 } }
    }

    /// A request of a caller is to be repeated at the same provider.
    mutating func waits(_ provider: Int, caller: Int) {
        self.repeats += 1
        self.digest.note(0x3A17, self.now, Int64(provider), Int64(caller))
        self.providers[provider].repeats.append(self.now)
        let repeats = Provider.count(&self.providers[provider].repeats, at: self.now)
        let requests = Provider.count(&self.providers[provider].requests, at: self.now)
        if Double(repeats) > self.share * Double(requests) + 10.001 {
            self.fault("c", "\(repeats) repeats to \(requests) requests of a minute at provider \(provider)")
        }
    }

    /// Whether one more repeat would be more than the budget, counted with a second of leniency.
    mutating func isBudgetSpent(_ provider: Int) -> Bool {
        let second = FleetTime.second
        let repeats = Provider.count(
            &self.providers[provider].repeats, at: self.now, span: FleetTime.minute + second)
        let requests = Provider.count(
            &self.providers[provider].requests, at: self.now, span: FleetTime.minute - second)
        return Double(repeats + 1) > self.share * Double(requests) + 10
    }

    // MARK: Changes

    /// A key changed its state; answers what tells the rest from others of the key.
    mutating func keyChanged(
        _ key: Int, _ transition: KeyTransition, model: Int?, isClockRight: Bool
    ) -> UInt64 {
        self.digest.note(
            0x4E7, self.now, Int64(key), Int64(model ?? -1),
            Int64(KeyState.allCases.firstIndex(of: transition.new) ?? -1))
        let place = model.map { $0 + 1 } ?? 0
        self.keys[key].serials[place] += 1
        if transition.new != .usable {
            self.keys[key].lastRest = self.now
            self.keys[key].restedByWrongClock = !isClockRight
            self.rests[transition.new, default: 0] += 1
        }
        return self.keys[key].serials[place]
    }

    mutating func breakerChanged(_ provider: Int, from old: Breaker.State, to new: Breaker.State) {
        self.digest.note(0xB4, self.now, Int64(provider), new == .closed ? 1 : 0)
        self.providers[provider].lastChange = self.now
        if new == .open { self.openings += 1 }
        if new == .closed { self.closings += 1 }
    }

    /// The daemon asked about a key and heard something.
    mutating func checked(_ key: Int, _ result: KeyCheckResult) {
        switch result {
        case .accepted, .passed: self.isKnownAgain(key)
        case .refused: if self.keys[key].unknownSince == nil { self.keys[key].unknownSince = self.now }
        // It is a caller's request then that shows whether the key works.
        case .abandoned: break
        case .inconclusive: self.keys[key].allowedLate += 1
        }
    }

    private mutating func isKnownAgain(_ key: Int) {
        self.keys[key].unknownSince = nil
        (self.keys[key].late, self.keys[key].allowedLate) = (0, 1)
    }

    mutating func clockStepped() {
        self.lastClockStep = self.now
    }

    mutating func restarted(_ before: FleetPicture, _ after: FleetPicture) {
        self.digest.note(0x4E57, self.now)
        self.restarts += 1
        self.lastRestart = self.now
        for difference in before.differences(from: after) { self.fault("g", "a restart: \(difference)") }
        for key in self.keys.indices {
            self.keys[key].running = 0
            // Requests of a minute ago are not remembered.
            self.keys[key].minute = self.keys[key].minute.map {
                FleetKey.Bucket(capacity: Int($0.capacity), rate: Int($0.rate))
            }
            self.keys[key].second = self.keys[key].second.map {
                FleetKey.Bucket(capacity: Int($0.capacity), rate: Int($0.rate))
            }
        }
        for provider in self.providers.indices {
            (self.providers[provider].requests, self.providers[provider].repeats) = ([], [])
        }
    }
}
