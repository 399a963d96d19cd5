import ProxyCore

/// One of the providers of a fleet, as it really is: what its keys may do, and when it is in trouble.
struct FleetProvider {
    /// What a provider is like.
    enum Kind: CaseIterable {
        /// Keys of plans with windows; limits hold for the whole key and come without a hint.
        case plan
        /// Keys with money; limits hold for a key and a model and come with a hint.
        case hinting
        /// Keys with money; limits hold for a key and a model and come without a hint.
        case silent
    }

    /// A time in which it fails.
    struct Outage {
        enum Kind: CaseIterable {
            case error, overload, hintedOverload, timeout, unreachable, limitOfAddress
        }

        let kind: Kind
        let time: Range<Int64>
        /// The share of the requests that fail.
        let share: Double
    }

    let name: ProviderName
    let kind: Kind
    var outages: [Outage] = []

    func outage(at now: Int64) -> Outage? {
        self.outages.first { $0.time.contains(now) }
    }

    /// The states whose end a check decides.
    var checkedStates: Set<KeyState> {
        self.kind == .hinting ? [.suspect, .invalid] : [.suspect, .invalid, .billing]
    }
}

/// A key as its provider knows it.
struct FleetKey {
    /// A window of a plan, which begins anew at fixed times.
    struct Window {
        let name: String
        let length: Int64
        let limit: Int
        let offset: Int64
        private var used = 0
        private var number: Int64 = -1

        init(name: String, length: Int64, limit: Int, offset: Int64) {
            (self.name, self.length, self.limit, self.offset) = (name, length, limit, offset)
        }

        func reset(after now: Int64) -> Int64 {
            ((now + self.offset) / self.length + 1) * self.length - self.offset
        }

        func used(at now: Int64) -> Int {
            (now + self.offset) / self.length == self.number ? self.used : 0
        }

        mutating func use(at now: Int64) {
            let present = (now + self.offset) / self.length
            if present != self.number { (self.number, self.used) = (present, 0) }
            self.used += 1
        }
    }

    /// A limit in time: so many tokens, which come back evenly.
    struct Bucket {
        let capacity: Double
        /// How many come back in a minute.
        let rate: Double
        private var tokens: Double
        private var time: Int64 = 0

        init(capacity: Int, rate: Int) {
            (self.capacity, self.rate, self.tokens) = (Double(capacity), Double(rate), Double(capacity))
        }

        func tokens(at now: Int64) -> Double {
            min(self.capacity, self.tokens + Double(now - self.time) / Double(FleetTime.minute) * self.rate)
        }

        mutating func take(at now: Int64) {
            self.tokens = self.tokens(at: now) - 1
            self.time = now
        }

        mutating func giveBack() {
            self.tokens += 1
        }
    }

    let configuration: Configuration.Key
    let provider: Int
    var windows: [Window] = []
    /// One for each model, or one for all.
    var buckets: [Bucket]
    /// A model that it may not use.
    var forbidden: Int?
    /// When its provider does not know it.
    var revoked: [Range<Int64>] = []
    /// When its account has no money.
    var unpaid: [Range<Int64>] = []
    /// Whether its provider says when a window begins anew.
    var namesReset = true

    var label: KeyLabel { self.configuration.label }

    func isRevoked(at now: Int64) -> Bool { self.revoked.contains { $0.contains(now) } }
    func isUnpaid(at now: Int64) -> Bool { self.unpaid.contains { $0.contains(now) } }

    /// The window that is used up, of several the one that begins anew last.
    func fullWindow(at now: Int64) -> Window? {
        self.windows.filter { $0.used(at: now) >= $0.limit }.max { $0.reset(after: now) < $1.reset(after: now) }
    }

    /// Whether it would serve a request that is within the limits in time.
    func isHealthy(at now: Int64) -> Bool {
        !self.isRevoked(at: now) && !self.isUnpaid(at: now) && self.fullWindow(at: now) == nil
    }
}

/// How a provider answers an attempt.
enum FleetAnswer {
    /// It begins to answer, and has answered.
    case success(begins: Int64, ends: Int64)
    /// It refuses.
    case failure(AttemptEnd, after: Int64)
}
