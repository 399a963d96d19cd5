import ProxyCore
import SystemSupport

/// The clocks of the system, in the domain's terms.
struct SystemTime: TimeSource {
    func now() -> Instant {
        Instant(nanoseconds: SystemClock.nanosecondsSinceBoot())
    }

    func wallTime() -> WallTime {
        WallTime(microseconds: SystemClock.microsecondsSinceEpoch())
    }
}
