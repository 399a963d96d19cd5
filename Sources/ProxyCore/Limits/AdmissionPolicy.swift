/// What admission decides by: `[limits]` and the limits of the clients.
public struct AdmissionPolicy: Sendable, Equatable {
    /// For all callers together.
    let all: CallerLimits
    /// For each caller without limits of its own.
    let caller: CallerLimits
    /// For clients that have limits of their own.
    let clients: [ClientName: CallerLimits]
    /// For each address, beside those of the caller.
    let address: CallerLimits
    /// Requests at once; `nil` for no limit.
    let inFlight: Int?
    /// Requests that wait.
    let queue: Int
    /// The share of the places that is kept for high priority.
    let highReserved: Double
    /// The share of the places that high priority may take.
    let highMaximum: Double
    /// The share of the places that low priority may take.
    let lowMaximum: Double
    /// Whether a client is allowed high priority, so that places are kept for it.
    let isHighExpected: Bool
    /// Whether the number of requests at once follows how providers fare.
    let isAdaptive: Bool

    /// Reads the policy out of a configuration.
    public init(_ configuration: Configuration) {
        let limits = configuration.limits
        self.all = CallerLimits(rps: limits.rps, rpm: limits.rpm, tpm: limits.tpm)
        self.caller = CallerLimits(limits.client)
        self.address = CallerLimits(limits.address)
        var clients: [ClientName: CallerLimits] = [:]
        for client in configuration.clients {
            let own = CallerLimits(client, else: limits.client)
            if own != self.caller { clients[client.name] = own }
        }
        self.clients = clients
        self.inFlight = limits.inFlight.map { max(1, $0) }
        self.queue = max(0, limits.queue)
        self.highReserved = limits.highReserved
        self.highMaximum = limits.highMaximum
        self.lowMaximum = limits.lowMaximum
        self.isHighExpected = configuration.clients.contains { $0.scopes.contains(.priorityHigh) }
        self.isAdaptive = limits.adaptive
    }

    /// The limits of a caller.
    func limits(of key: LimitKey) -> CallerLimits {
        if !self.clients.isEmpty, case .client(let name) = key, let own = self.clients[name] { return own }
        return self.caller
    }
}

/// How the places are shared out between the priorities.
struct LaneShares: Sendable, Equatable {
    /// All places; `nil` for no limit.
    let limit: Int?
    /// Places that only high priority takes.
    let reserved: Int
    /// Places that high priority takes at most.
    let high: Int
    /// Places that low priority takes at most.
    let low: Int
    /// Whether more than one caller was seen lately.
    let isShared: Bool

    /// Shares out a number of places.
    ///
    /// - Parameters:
    ///   - keepsHigh: Whether places are kept for high priority: at least one of two or more, and never the last.
    ///   - isShared: Whether no caller may take all of them.
    init(limit: Int?, policy: AdmissionPolicy, keepsHigh: Bool, isShared: Bool = false) {
        func part(_ share: Double, of limit: Int) -> Int { max(1, Int(Double(limit) * share)) }
        self.limit = limit
        self.isShared = isShared
        self.high = limit.map { part(policy.highMaximum, of: $0) } ?? .max
        self.low = limit.map { part(policy.lowMaximum, of: $0) } ?? .max
        if keepsHigh, let limit, limit >= 2, policy.highReserved > 0 {
            self.reserved = min(part(policy.highReserved, of: limit), self.high, limit - 1)
        } else {
            self.reserved = 0
        }
    }
}

/// How many requests of each priority are under way, or wait.
struct LaneCounts: Sendable, Equatable {
    /// Of high priority.
    var high = 0
    /// Of normal priority.
    var normal = 0
    /// Of low priority.
    var low = 0

    /// All of them.
    var total: Int { self.high + self.normal + self.low }

    subscript(priority: RequestPriority) -> Int {
        get {
            switch priority {
            case .high: self.high
            case .normal: self.normal
            case .low: self.low
            }
        }
        set {
            switch priority {
            case .high: self.high = newValue
            case .normal: self.normal = newValue
            case .low: self.low = newValue
            }
        }
    }

    /// Whether one more of a priority has a place.
    func hasRoom(for priority: RequestPriority, in shares: LaneShares) -> Bool {
        self.free(for: priority, in: shares) > 0
    }

    /// How many more of a priority have a place; below zero where a limit was lowered.
    func free(for priority: RequestPriority, in shares: LaneShares) -> Int {
        guard let limit = shares.limit else { return .max }
        // What is kept for high priority counts as taken for the others, whether it is or not.
        let others = limit - (self.normal + self.low + max(self.high, shares.reserved))
        return switch priority {
        case .high: min(limit - self.total, shares.high - self.high)
        case .normal: others
        case .low: min(others, shares.low - self.low)
        }
    }
}
