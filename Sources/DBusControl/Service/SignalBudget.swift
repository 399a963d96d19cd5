/// How many signals one subscriber may still get: at most `limit` within any second, and one where the last `credit` of them
/// may not have been read.
///
/// What a subscriber does not read lies in the memory of the bus. So it is asked now and then to answer, which shows that it
/// has read what came before.
///
/// A pure value: time passes in.
struct SignalBudget {
    private let limit: Int
    private let credit: UInt64
    /// When the last signals were sent, at most `limit` of them; a ring once it is full.
    private var sent: [ContinuousClock.Instant] = []
    private var oldest = 0
    private var last: ContinuousClock.Instant?
    private var dropped: UInt64 = 0
    /// How many were sent, and how many of these were certainly read.
    private var total: UInt64 = 0
    private var read: UInt64 = 0
    private var isAsked = false

    private static let second = Duration.seconds(1)

    init(limit: Int = 100, credit: UInt64 = 500) {
        self.limit = limit
        self.credit = credit
    }

    /// Spends one signal; the number of signals that were dropped since the one before, `nil` if this one is dropped too.
    mutating func spend(now: ContinuousClock.Instant) -> UInt64? {
        guard self.isFree(now: now) else {
            self.dropped += 1
            return nil
        }
        if self.sent.count < self.limit {
            self.sent.append(now)
        } else {
            self.sent[self.oldest] = now
            self.oldest = (self.oldest + 1) % self.limit
        }
        self.last = now
        self.total += 1
        defer { self.dropped = 0 }
        return self.dropped
    }

    private func isFree(now: ContinuousClock.Instant) -> Bool {
        if self.total - self.read >= self.credit, let last = self.last, last.advanced(by: Self.second) > now {
            return false
        }
        return self.sent.count < self.limit || self.sent[self.oldest].advanced(by: Self.second) <= now
    }

    /// Whether the subscriber is to be asked to answer: half of its credit may lie unread.
    var isSilent: Bool { !self.isAsked && self.total - self.read >= self.credit / 2 }

    /// The subscriber is about to be asked: the number of signals that it has read if it answers; `nil` if it is not to be.
    mutating func ask() -> UInt64? {
        guard self.isSilent else { return nil }
        self.isAsked = true
        return self.total
    }

    /// The subscriber has answered what it was asked after so many signals, or has not in time (`nil`).
    mutating func answered(_ count: UInt64?) {
        self.isAsked = false
        if let count { self.read = max(self.read, min(count, self.total)) }
    }
}
