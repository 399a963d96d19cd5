import ProxyCore

/// Watches a reader: as long as it takes any byte of those that wait for it, it may be as slow as it likes.
struct StallWatch: Sendable, Equatable {
    /// When to look: a reader that takes nothing until then has stalled, or nobody knows yet whether anything waits.
    ///
    /// `nil` while nothing waits, or without a limit.
    var deadline: Instant? { self.stalled ?? self.look }

    /// When a reader that takes nothing until then has stalled.
    private(set) var stalled: Instant?
    /// When it has to be found out whether anything waits.
    private var look: Instant?

    private let limit: Duration?
    /// What is found out late lengthens the limit by this part of it at most.
    private static let lateness = 10
    private var sentBytes = 0

    /// Makes a watch; `nil` is no limit.
    init(limit: Duration?) {
        self.limit = limit
    }

    /// Says how many bytes have been taken altogether and how many wait.
    mutating func moved(sent: Int, pending: Int, at now: Instant) {
        guard pending > 0 else { return self.end() }
        self.look = nil
        guard self.stalled == nil || sent != self.sentBytes else { return }
        self.sentBytes = sent
        self.stalled = self.limit.map { now + $0 }
    }

    /// Says that bytes were written, and not how many of them wait, which costs more than most events of a stream; whether
    /// that has to be said now all the same.
    mutating func wrote(at now: @autoclosure () -> Instant) -> Bool {
        if self.stalled != nil { return true }
        if self.look == nil, let limit { self.look = now() + limit / Self.lateness }
        return false
    }

    /// Nothing is waited for any more.
    mutating func end() {
        self.stalled = nil
        self.look = nil
    }
}
