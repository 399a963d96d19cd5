/// One ``RateLimit`` with what was used of it.
struct RateBucket: Sendable, Equatable {
    private let limit: RateLimit
    private var arrival = RateLimit.unused

    /// A limit of so many units in a period; `nil` without one.
    init?(_ amount: Int?, per period: Duration) {
        guard let limit = RateLimit(amount, per: period) else { return nil }
        self.limit = limit
    }

    /// When there is room for a unit; in the past while there is.
    var opensAt: Instant { self.limit.opensAt(self.arrival) }

    /// Counts a unit.
    mutating func take(at now: Instant) {
        self.arrival = self.limit.taking(from: self.arrival, at: now)
    }

    /// Counts what was used without having been asked for before.
    mutating func spend(_ amount: Int64, at now: Instant) {
        self.arrival = self.limit.spending(amount, from: self.arrival, at: now)
    }

    /// Counts what a former limit of the same period still counts.
    mutating func takeOver(_ former: RateBucket?) {
        guard let former else { return }
        self.arrival = former.arrival
    }
}
