import ProxyCore

/// So many events at once and so many a second: a token bucket.
struct Allowance: Sendable, Equatable {
    /// How many events are allowed.
    struct Terms: Sendable, Equatable {
        /// Events at once.
        var capacity: Double
        /// Events a second in the long run.
        var perSecond: Double
    }

    private let terms: Terms
    private var left: Double
    private var lastLook: Instant

    /// Makes a full bucket.
    init(_ terms: Terms, at now: Instant) {
        self.terms = terms
        self.left = terms.capacity
        self.lastLook = now
    }

    /// One event; `false` if it is one too many.
    mutating func take(at now: Instant) -> Bool {
        if now > self.lastLook {
            self.left = min(self.terms.capacity, self.left + (now - self.lastLook).seconds * self.terms.perSecond)
            self.lastLook = now
        }
        guard self.left >= 1 else { return false }
        self.left -= 1
        return true
    }

    /// Allows some more events, never beyond the capacity.
    mutating func earn(_ events: Double) {
        self.left = min(self.terms.capacity, self.left + events)
    }
}
