public import ProxyCore

/// When the next regular copy of the database is due.
///
/// Decisions only, no I/O.
public struct BackupSchedule: Sendable, Equatable {
    /// Nobody waits longer than this without looking at the clock again, which may have been set.
    public static let longestWait = Duration.seconds(900)
    /// After a failure it is tried again so much later, or after the interval if that is shorter.
    public static let retryInterval = Duration.seconds(3600)

    /// A copy is made so often.
    public let interval: Duration
    private var failedAt: WallTime?

    /// Makes copies so often; at most one a minute.
    public init(every interval: Duration) {
        self.interval = max(interval, .seconds(60))
    }

    /// How long to wait until the next copy is due, at most ``longestWait``; zero if it is due now.
    ///
    /// `newest` is when the newest copy was made, none from the future: a clock that was set back must not keep copies away.
    public func wait(newest: WallTime?, now: WallTime) -> Duration {
        var due = newest.map { $0 + self.interval } ?? now
        if let failedAt = self.failedAt, failedAt <= now {
            due = max(due, failedAt + min(self.interval, Self.retryInterval))
        }
        return min(max(due - now, .zero), Self.longestWait)
    }

    /// A copy could not be made.
    public mutating func failed(at now: WallTime) {
        self.failedAt = now
    }

    /// A copy was made.
    public mutating func succeeded() {
        self.failedAt = nil
    }
}
