public import ProxyCore
import Synchronization

/// A clock that only tests move.
public final class ManualClock: TimeSource {
    private struct Reading {
        var instant: Instant
        var wallTime: WallTime
    }

    private let reading: Mutex<Reading>

    /// Starts at a time since boot and at a time of day (2026-01-01T00:00:00Z unless told otherwise).
    public init(
        instant: Instant = Instant(nanoseconds: 1_000_000_000_000),
        wallTime: WallTime = WallTime(microseconds: 1_767_225_600_000_000)
    ) {
        self.reading = Mutex(Reading(instant: instant, wallTime: wallTime))
    }

    public func now() -> Instant { self.reading.withLock { $0.instant } }

    public func wallTime() -> WallTime { self.reading.withLock { $0.wallTime } }

    /// Lets time pass: both clocks move on by the same duration.
    public func advance(by duration: Duration) {
        self.reading.withLock {
            $0.instant = $0.instant + duration
            $0.wallTime.microseconds += duration.nanoseconds / 1000
        }
    }

    /// Sets the time of day as a person or a time server would; the time since boot stays.
    public func setWallTime(_ wallTime: WallTime) {
        self.reading.withLock { $0.wallTime = wallTime }
    }

    /// Lets the time of day jump; the time since boot stays.
    public func jumpWallTime(by duration: Duration) {
        self.reading.withLock { $0.wallTime.microseconds += duration.nanoseconds / 1000 }
    }
}
