internal import ProxyCore

/// When the next transaction begins: at most 20 a second, and 50 ms after the first value that waits (K-049).
///
/// Changes that a caller waits for begin at once unless the last transaction began less than 50 ms ago. After a failure
/// values wait longer and longer, up to 5 s; changes are tried all the same, and what waits goes with them.
struct WriterSchedule: Sendable {
    /// The least time from the start of one transaction to that of the next, and the most that a value waits for one.
    static let spacing = Duration.milliseconds(50)
    /// The longest pause after a failure.
    static let longestPause = Duration.seconds(5)

    private var lastStart: Instant?
    private var failures = 0
    private var pausedUntil: Instant?

    /// When the next transaction begins; `nil` if nothing waits.
    func due(waitingSince: Instant?, isUrgent: Bool) -> Instant? {
        guard let waitingSince else { return nil }
        let earliest = self.lastStart.map { $0 + Self.spacing } ?? waitingSince
        if isUrgent { return max(earliest, waitingSince) }
        return max(earliest, waitingSince + Self.spacing, self.pausedUntil ?? waitingSince)
    }

    /// A transaction begins.
    mutating func began(at now: Instant) {
        self.lastStart = now
    }

    /// The transaction was committed.
    mutating func succeeded() {
        self.failures = 0
        self.pausedUntil = nil
    }

    /// The transaction failed: the pause doubles from 250 ms on.
    mutating func failed(at now: Instant) {
        let pause = Duration.milliseconds(250 << min(self.failures, 5))
        self.failures += 1
        self.pausedUntil = now + min(pause, Self.longestPause)
    }
}
