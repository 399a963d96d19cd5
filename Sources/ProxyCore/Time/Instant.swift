/// A point in time on a clock that never jumps: nanoseconds since boot, time in suspend included (`CLOCK_BOOTTIME`).
///
/// All decisions take one as an argument; nothing in this module reads a clock.
public struct Instant: Sendable, Hashable, Comparable {
    /// Nanoseconds since boot.
    public var nanoseconds: Int64

    /// Makes an instant from nanoseconds since boot.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Whether `left` is earlier.
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// A later instant; past the end of the clock's range the last one.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `right` to `left`, negative if `left` is earlier.
    public static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

/// A point on the wall clock, in microseconds since 1970-01-01T00:00:00Z.
///
/// It may jump; intervals are never measured with it.
public struct WallTime: Sendable, Hashable, Comparable {
    /// Microseconds since the epoch.
    public var microseconds: Int64

    /// Makes a time from microseconds since the epoch.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Whether `left` is earlier.
    public static func < (left: WallTime, right: WallTime) -> Bool { left.microseconds < right.microseconds }

    /// A later time; past the end of the range the last one.
    public static func + (time: WallTime, duration: Duration) -> WallTime {
        let (sum, overflow) = time.microseconds.addingReportingOverflow(duration.nanoseconds / 1_000)
        return WallTime(microseconds: overflow ? .max : sum)
    }

    /// The time from `right` to `left`, negative if `left` is earlier.
    public static func - (left: WallTime, right: WallTime) -> Duration {
        .microseconds(left.microseconds) - .microseconds(right.microseconds)
    }
}

/// Where the shell around the decisions reads the time; tests put a clock there that they move by hand.
public protocol TimeSource: Sendable {
    /// The present instant.
    func now() -> Instant
    /// The present time of day.
    func wallTime() -> WallTime
}

extension Duration {
    /// The whole nanoseconds of this duration; durations of more than 292 years are clamped.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// This duration in seconds.
    public var seconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
