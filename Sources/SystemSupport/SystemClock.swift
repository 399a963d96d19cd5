import Glibc

/// The clocks of the system.
public enum SystemClock {
    /// Nanoseconds since boot, time in suspend included: never jumps (`CLOCK_BOOTTIME`).
    public static func nanosecondsSinceBoot() -> Int64 {
        self.nanoseconds(of: CLOCK_BOOTTIME)
    }

    /// Nanoseconds on the clock that the service manager measures reloads by, which stands still in suspend
    /// (`CLOCK_MONOTONIC`).
    static func nanosecondsMonotonic() -> Int64 {
        self.nanoseconds(of: CLOCK_MONOTONIC)
    }

    /// Microseconds since 1970-01-01T00:00:00Z: jumps when the clock is set (`CLOCK_REALTIME`).
    public static func microsecondsSinceEpoch() -> Int64 {
        self.nanoseconds(of: CLOCK_REALTIME) / 1_000
    }

    private static func nanoseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
