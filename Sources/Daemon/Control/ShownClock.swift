import ProxyCore
import Synchronization

/// Moments of the daemon's clock as people see them, on the clock on the wall.
///
/// The same moment is always shown as the same time: read anew for each use, the two clocks would differ by some
/// microseconds, and every look at a key would find that its rest ends at another time.
final class ShownClock: Sendable {
    /// A difference of the clocks that is less than this is no jump of the one on the wall.
    static let tolerance = Duration.milliseconds(100)

    private let time: any TimeSource
    /// What the clock on the wall showed at the beginning of the daemon's clock.
    private let origin: Mutex<WallTime>
    /// What that was when the daemon began.
    private let firstOrigin: WallTime

    init(time: any TimeSource) {
        self.time = time
        self.firstOrigin = Self.origin(of: time)
        self.origin = Mutex(self.firstOrigin)
    }

    /// How far the clock on the wall was set since the daemon began; negative if it was set back.
    var shift: Duration { Self.origin(of: self.time) - self.firstOrigin }

    /// What the clock on the wall shows at a moment.
    func wallTime(of instant: Instant) -> WallTime {
        let present = Self.origin(of: self.time)
        let origin = self.origin.withLock { origin in
            let difference = present - origin
            if difference > Self.tolerance || difference < .zero - Self.tolerance { origin = present }
            return origin
        }
        return origin + .nanoseconds(instant.nanoseconds)
    }

    private static func origin(of time: any TimeSource) -> WallTime {
        time.wallTime() + .nanoseconds(-time.now().nanoseconds)
    }
}
