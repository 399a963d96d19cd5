import ProxyCore
import Synchronization
import Testing

@testable import Daemon

struct ShownClockTests {
    /// Two clocks that a test moves apart.
    private final class Clocks: TimeSource {
        let boot = Mutex(Instant(nanoseconds: 5_000_000_000))
        let wall = Mutex(WallTime(microseconds: 1_000_000_000))

        func now() -> Instant { self.boot.withLock { $0 } }
        func wallTime() -> WallTime { self.wall.withLock { $0 } }

        func advance(by duration: Duration, wallBy other: Duration) {
            self.boot.withLock { $0 = $0 + duration }
            self.wall.withLock { $0 = $0 + other }
        }
    }

    @Test("a moment is shown as the same time at every look, although the clocks are not read together")
    func isStable() {
        let clocks = Clocks()
        let clock = ShownClock(time: clocks)
        let moment = clocks.now() + .seconds(30)
        let shown = clock.wallTime(of: moment)
        #expect(shown == WallTime(microseconds: 1_030_000_000))
        for _ in 0..<50 {
            clocks.advance(by: .seconds(1), wallBy: .seconds(1) + .microseconds(7))
            #expect(clock.wallTime(of: moment) == shown)
        }
    }

    @Test("when the clock on the wall is set, times follow it", arguments: [3600, -3600])
    func followsJumps(seconds: Int) {
        let clocks = Clocks()
        let clock = ShownClock(time: clocks)
        let moment = clocks.now() + .seconds(30)
        let shown = clock.wallTime(of: moment)
        clocks.advance(by: .zero, wallBy: .seconds(seconds))
        #expect(clock.wallTime(of: moment) == shown + .seconds(seconds))
    }
}
