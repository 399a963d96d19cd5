import Glibc

/// The clock that both ends of a stream read; it is one for all processes of a machine.
enum MonotonicClock {
    /// Nanoseconds since some moment before all that is measured.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
