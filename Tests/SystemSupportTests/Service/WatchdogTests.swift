import Synchronization
import TestSupport
import Testing

@testable import SystemSupport

@Suite("The watchdog is fed only while every part makes progress (T-018)")
struct WatchdogTests {
    private static let second: Int64 = 1_000_000_000

    /// An interval of 20 s: asked every 5 s, fed every 10 s.
    private static func watchdog(_ limits: Int64...) -> Watchdog {
        Watchdog(
            interval: 20 * Self.second,
            parts: limits.enumerated().map { Watchdog.Part(name: "part \($0)", limit: $1 * Self.second) })
    }

    /// `#expect` takes no calls that mutate.
    private func tick(_ watchdog: inout Watchdog, _ seconds: Int64) -> Watchdog.Step {
        watchdog.tick(at: seconds * Self.second)
    }

    @Test("every part is asked again once it has answered, and it is fed every half interval")
    func healthy() {
        var watchdog = Self.watchdog(10, 10)
        #expect(watchdog.period == 5 * Self.second)
        var fed: [Int64] = []
        for seconds in stride(from: Int64(0), through: 100, by: 5) {
            let step = self.tick(&watchdog, seconds)
            #expect(step.asked == [0, 1])
            #expect(step.hanging.isEmpty)
            if step.feeds { fed.append(seconds) }
            watchdog.progressed(0)
            watchdog.progressed(1)
        }
        #expect(fed == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    }

    @Test("one part that hangs withholds the food, is told once, and everything goes on when it comes back")
    func hanging() {
        var watchdog = Self.watchdog(10, 10)
        _ = self.tick(&watchdog, 0)
        watchdog.progressed(0)
        var told: [Int64] = []
        for seconds in stride(from: Int64(5), through: 60, by: 5) {
            let step = self.tick(&watchdog, seconds)
            #expect(step.asked == [0], "nobody is asked twice")
            if step.hanging == [1] { told.append(seconds) }
            // It owes its sign since the beginning; within its limit it is believed.
            #expect(step.feeds == (seconds == 10))
            watchdog.progressed(0)
        }
        #expect(told == [15])

        watchdog.progressed(1)
        #expect(self.tick(&watchdog, 65).feeds)
        // The next time is told again.
        for seconds in [70, 75] as [Int64] { #expect(self.tick(&watchdog, seconds).hanging.isEmpty) }
        #expect(self.tick(&watchdog, 80).hanging == [0, 1])
    }

    @Test("a part with a longer limit may take longer")
    func patience() {
        var watchdog = Self.watchdog(10, 600)
        for seconds in stride(from: Int64(0), through: 600, by: 5) {
            #expect(self.tick(&watchdog, seconds).hanging.isEmpty)
            watchdog.progressed(0)
        }
        let step = self.tick(&watchdog, 605)
        #expect(step.hanging == [1] && !step.feeds)
    }

    @Test("a process that stood still blames no part for it")
    func suspended() {
        var watchdog = Self.watchdog(10)
        _ = self.tick(&watchdog, 0)
        let step = self.tick(&watchdog, 500)
        #expect(step.hanging.isEmpty && step.feeds)
        // It still owes the sign, and has the rest of its time for it.
        #expect(self.tick(&watchdog, 505).hanging.isEmpty)
        #expect(self.tick(&watchdog, 510).hanging == [0])
    }

    @Test(
        "the thread feeds as long as it gets signs, stops when one is missing, and goes on after it",
        .timeLimit(.minutes(5)))
    func feeder() async throws {
        struct Seen {
            var isHanging = false
            var owed: [@Sendable () -> Void] = []
            var fed = 0
            var reports: [String] = []
            /// How often the part that is well was asked, once a tick.
            var asked = 0
        }
        let seen = Mutex(Seen())
        let good = WatchdogFeeder.Part(name: "good") { sign in
            seen.withLock { $0.asked += 1 }
            sign()
        }
        let bad = WatchdogFeeder.Part(name: "bad") { sign in
            let hangs = seen.withLock { seen in
                if seen.isHanging { seen.owed.append(sign) }
                return seen.isHanging
            }
            if !hangs { sign() }
        }
        let made = WatchdogFeeder(
            interval: .milliseconds(40), parts: [good, bad], feed: { seen.withLock { $0.fed += 1 } },
            report: { name in seen.withLock { $0.reports.append(name) } })
        let feeder = try #require(made)
        #expect(feeder.start())
        defer { feeder.stop() }
        try await eventually("it feeds") { seen.withLock { $0.fed > 3 } }
        seen.withLock { $0.isHanging = true }
        try await eventually("it tells") { !seen.withLock { $0.reports.isEmpty } }
        let (fed, asked) = seen.withLock { ($0.fed, $0.asked) }
        // So many ticks of a quarter of the interval would feed it often.
        try await eventually("time goes by") { seen.withLock { $0.asked > asked + 16 } }
        #expect(seen.withLock { $0.fed } == fed)
        #expect(seen.withLock { $0.reports } == ["bad"])
        let owed = seen.withLock { seen in
            seen.isHanging = false
            return seen.owed
        }
        #expect(owed.count == 1)
        for sign in owed { sign() }
        try await eventually("it feeds again") { seen.withLock { $0.fed > fed + 3 } }
    }
}
