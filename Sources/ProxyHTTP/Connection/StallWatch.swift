import ProxyCore

/// Watches a reader: as long as it takes any byte of those that wait for it, it may be as slow as it likes.
struct StallWatch: Sendable, Equatable {
    /// When a reader that takes nothing until then has stalled; `nil` while nothing waits, or without a limit.
    private(set) var deadline: Instant?

    private let limit: Duration?
    private var sentBytes = 0

    /// Makes a watch; `nil` is no limit.
    init(limit: Duration?) {
        self.limit = limit
    }

    /// Says how many bytes have been taken altogether and how many wait.
    mutating func moved(sent: Int, pending: Int, at now: Instant) {
        guard pending > 0 else { return self.end() }
        guard self.deadline == nil || sent != self.sentBytes else { return }
        self.sentBytes = sent
        self.deadline = self.limit.map { now + $0 }
    }

    /// Nothing is waited for any more.
    mutating func end() {
        self.deadline = nil
    }
}
