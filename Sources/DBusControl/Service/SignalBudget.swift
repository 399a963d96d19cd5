/// How many signals one subscriber may still get: at most `limit` within any second.
///
/// A pure value: time passes in.
struct SignalBudget {
    private let limit: Int
    /// When the last signals were sent, at most `limit` of them; a ring once it is full.
    private var sent: [ContinuousClock.Instant] = []
    private var oldest = 0
    private var dropped: UInt64 = 0

    init(limit: Int = 100) {
        self.limit = limit
    }

    /// Spends one signal; the number of signals that were dropped since the one before, `nil` if this one is dropped too.
    mutating func spend(now: ContinuousClock.Instant) -> UInt64? {
        if self.sent.count < self.limit {
            self.sent.append(now)
        } else if self.sent[self.oldest].advanced(by: .seconds(1)) <= now {
            self.sent[self.oldest] = now
            self.oldest = (self.oldest + 1) % self.limit
        } else {
            self.dropped += 1
            return nil
        }
        defer { self.dropped = 0 }
        return self.dropped
    }
}
