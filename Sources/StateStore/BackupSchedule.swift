public import ProxyCore

/// When the next regular copy of the database is due.
///
/// Decisions only, no I/O.
public struct BackupSchedule: Sendable, Equatable {
    /// Nobody waits longer than this without looking at the clock again, which may have been set.
    public static let longestWait = Duration.seconds(900)
    /// After a first failure it is tried again so much later; it doubles with each further one.
    public static let firstRetry = Duration.seconds(60)
    /// It is tried again after so much at the latest, or after the interval if that is shorter: a copy that fails may have read
    /// all of the database.
    public static let longestRetry = Duration.seconds(3600)

    /// A copy is made so often.
    public let interval: Duration
    private var failedAt: WallTime?
    private var failures = 0

    /// Makes copies so often; at most one a minute.
    public init(every interval: Duration) {
        self.interval = max(interval, .seconds(60))
    }

    /// When the next copy is due; has passed if it is due now.
    ///
    /// `newest` is when the newest copy was made, none from the future: a clock that was set back must not keep copies away.
    public func due(newest: WallTime?, now: WallTime) -> WallTime {
        var due = newest.map { $0 + self.interval } ?? now
        if let failedAt = self.failedAt, failedAt <= now {
            due = max(due, failedAt + self.pause)
        }
        return due
    }

    /// How long to wait until the next copy is due, at most ``longestWait``; zero if it is due now.
    public func wait(newest: WallTime?, now: WallTime) -> Duration {
        min(max(self.due(newest: newest, now: now) - now, .zero), Self.longestWait)
    }

    /// How long nothing is tried after the present failure.
    public var pause: Duration {
        let doublings = min(max(self.failures - 1, 0), 16)
        return min(self.interval, Self.firstRetry * (1 << doublings), Self.longestRetry)
    }

    /// A copy could not be made.
    public mutating func failed(at now: WallTime) {
        self.failedAt = now
        self.failures += 1
    }

    /// A copy was made.
    public mutating func succeeded() {
        self.failedAt = nil
        self.failures = 0
    }
}
