import ProxyCore
import Testing

/// A breaker goes on after a restart where it stopped.
struct BreakerMemoryTests {
    private static let day: Int64 = 86_400_000_000

    private static func moment(_ nanoseconds: Int64, wall: Int64 = 20_000 * Self.day) -> Moment {
        Moment(
            instant: Instant(nanoseconds: nanoseconds), wallTime: WallTime(microseconds: wall + nanoseconds / 1000))
    }

    private static func opened(at now: Instant, failedProbes: Int = 0) -> Breaker {
        var breaker = Breaker(policy: Configuration.Breaker())
        for _ in 0..<5 { _ = breaker.record(.failure, asProbe: false, begun: now, at: now) }
        for _ in 0..<failedProbes {
            guard let until = breaker.retryAt(at: now), breaker.admit(at: until) == .passesAsProbe else { break }
            _ = breaker.record(.failure, asProbe: true, begun: until, at: until)
        }
        return breaker
    }

    @Test func aClosedOneHasNothingToRemember() {
        #expect(Breaker(policy: Configuration.Breaker()).memory(at: Self.moment(0)) == nil)
    }

    @Test("the picture before and after a restart is the same (X-030)", arguments: 0...8)
    func isTheSameAfterwards(failedProbes: Int) throws {
        let breaker = Self.opened(at: Instant(nanoseconds: 0), failedProbes: failedProbes)
        let until = try #require(breaker.retryAt(at: Instant(nanoseconds: 0)))
        for early: Int64 in [1, 999, 1_000_000_001, 9_999_999_999] {
            let stop = Self.moment(until.nanoseconds - early)
            let memory = try #require(breaker.memory(at: stop))
            // The machine has been started anew: its clock is elsewhere, the time of day goes on.
            let start = Moment(instant: Instant(nanoseconds: 777), wallTime: stop.wallTime)
            var restored = Breaker(policy: Configuration.Breaker(), restoring: memory, at: start)
            #expect(restored.state(at: start.instant) == .open)
            let wait = try #require(restored.retryAt(at: start.instant)) - start.instant
            #expect(wait >= .nanoseconds(early) && wait < .nanoseconds(early + 1000))
            #expect(restored.memory(at: start) == memory)
            // The doubling goes on as well.
            let due = start.instant + wait
            #expect(restored.admit(at: due) == .passesAsProbe)
            _ = restored.record(.failure, asProbe: true, begun: due, at: due)
            let next = min(300, 10 << (failedProbes + 1))
            #expect(restored.retryAt(at: due) == due + .seconds(next))
        }
    }

    @Test func aProbeThatWasDueOrRunningIsDueAfterwards() throws {
        var breaker = Self.opened(at: Instant(nanoseconds: 0))
        let stop = Self.moment(12_000_000_000)
        #expect(breaker.admit(at: stop.instant) == .passesAsProbe)
        let memory = try #require(breaker.memory(at: stop))
        var restored = Breaker(policy: Configuration.Breaker(), restoring: memory, at: stop)
        #expect(restored.state(at: stop.instant) == .halfOpen)
        #expect(restored.admit(at: stop.instant) == .passesAsProbe)
        #expect(restored.admit(at: stop.instant) != .passesAsProbe)
    }

    @Test(
        "a wall clock that jumped makes no wait longer than it could have been",
        arguments: [
            (Int64.min, 10), (-365 * 86_400_000_000, 10), (-1_000_000, 10), (3_000_000, 7), (365 * 86_400_000_000, 0),
            (Int64.max, 0),
        ] as [(Int64, Int)])
    func bearsClockSteps(step: Int64, seconds: Int) throws {
        let stop = Self.moment(0, wall: 0)
        let memory = try #require(Self.opened(at: stop.instant).memory(at: stop))
        let start = Moment(instant: stop.instant, wallTime: WallTime(microseconds: step))
        let restored = Breaker(policy: Configuration.Breaker(), restoring: memory, at: start)
        let wait = restored.retryAt(at: start.instant).map { $0 - start.instant } ?? .zero
        #expect(wait == .seconds(seconds))
    }

    @Test func bearsNonsense() {
        for (time, probes) in [(Int64.max, Int.max), (.min, .min), (0, -1)] {
            let memory = BreakerMemory(retryAt: WallTime(microseconds: time), failedProbes: probes)
            for nanoseconds in [Int64.min, 0, .max] {
                let now = Moment(
                    instant: Instant(nanoseconds: nanoseconds), wallTime: WallTime(microseconds: ~nanoseconds / 2))
                var breaker = Breaker(policy: Configuration.Breaker(), restoring: memory, at: now)
                #expect(breaker.memory(at: now) != nil)
                _ = breaker.admit(at: now.instant + .seconds(300))
                _ = breaker.record(
                    .failure, asProbe: true, begun: .init(nanoseconds: .max), at: .init(nanoseconds: .max))
            }
        }
    }
}
