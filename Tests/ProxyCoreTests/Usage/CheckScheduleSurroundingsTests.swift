import ProxyCore
import Testing

@Suite("How the schedule of usage follows what the machine is going through")
struct CheckScheduleSurroundingsTests {
    private static func time(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

    private static func target(_ label: String, every interval: Duration? = .seconds(600)) throws
        -> CheckSchedule.Target
    {
        CheckSchedule.Target(
            grant: KeyGrant(label: try #require(KeyLabel(label)), generation: 0),
            provider: try #require(ProviderName("kimi")), interval: interval)
    }

    /// Calls within a time, each of which ends at once.
    private static func calls(
        _ schedule: inout CheckSchedule, from begin: Double, for seconds: Double, _ end: CheckSchedule.End = .succeeded
    ) -> [Instant] {
        var times: [Instant] = []
        let last = self.time(begin + seconds)
        while let next = schedule.next, next <= last {
            let now = max(next, self.time(begin))
            for grant in schedule.takeDue(at: now) {
                times.append(now)
                schedule.ended(grant, end, at: now)
            }
        }
        return times
    }

    @Test(
        "slowed down it asks a quarter as often, at once and not after the wait that runs; and as often again afterwards"
    )
    func slows() throws {
        var schedule = CheckSchedule(seed: 1)
        schedule.update([try Self.target("a")], at: Self.time(0))
        #expect((9...12).contains(Self.calls(&schedule, from: 0, for: 6_000).count))
        let before = try #require(schedule.next)
        schedule.slow(by: 4, at: Self.time(6_000))
        #expect(try #require(schedule.next) > before)
        #expect((2...4).contains(Self.calls(&schedule, from: 6_000, for: 7_000).count))
        let slow = try #require(schedule.next)
        schedule.slow(by: 1, at: Self.time(13_000))
        #expect(try #require(schedule.next) < slow)
        #expect(try #require(schedule.next) >= Self.time(13_000))
        #expect((9...12).contains(Self.calls(&schedule, from: 13_000, for: 6_000).count))
        schedule.slow(by: 0, at: Self.time(19_000))
        #expect((9...12).contains(Self.calls(&schedule, from: 19_000, for: 6_000).count))
    }

    @Test("a person's wish is not slowed down")
    func personsComeFirst() throws {
        var schedule = CheckSchedule(seed: 1)
        schedule.update([try Self.target("a")], at: Self.time(0))
        _ = Self.calls(&schedule, from: 0, for: 100)
        let label = try #require(KeyLabel("a"))
        #expect(schedule.want(label, by: .person, at: Self.time(101)) == .next)
        schedule.slow(by: 4, at: Self.time(101))
        #expect(schedule.next == Self.time(101))
    }

    @Test("what failed is asked at once when the network is back, but not before the time that a provider named")
    func retries() throws {
        var schedule = CheckSchedule(seed: 1)
        schedule.update([try Self.target("a"), try Self.target("b", every: nil)], at: Self.time(0))
        #expect(!Self.calls(&schedule, from: 0, for: 400, .failed(retryAfter: nil)).isEmpty)
        #expect(try #require(schedule.next) > Self.time(410))
        schedule.retryFailed(at: Self.time(410))
        #expect(schedule.next == Self.time(410))
        #expect(schedule.takeDue(at: Self.time(410)).map(\.label.text) == ["a"])
        // Nothing is asked twice at a time.
        schedule.retryFailed(at: Self.time(411))
        #expect(schedule.next == nil)
        schedule.ended(try Self.target("a").grant, .failed(retryAfter: .seconds(5_000)), at: Self.time(412))
        schedule.retryFailed(at: Self.time(420))
        #expect(try #require(schedule.next) >= Self.time(5_412))
        // What goes well keeps its time.
        var other = CheckSchedule(seed: 1)
        other.update([try Self.target("a")], at: Self.time(0))
        _ = Self.calls(&other, from: 0, for: 100)
        let next = other.next
        other.retryFailed(at: Self.time(101))
        #expect(other.next == next)
    }
}
