import ProxyCore
import Testing

/// A schedule in virtual time, and what a test did with it.
private struct Timetable {
    var schedule: CheckSchedule
    var now = Instant(nanoseconds: 1_000_000_000)
    /// When each key was asked about.
    var calls: [(label: String, at: Instant)] = []
    /// What is under way in ``run(for:latency:end:)``, and until when.
    private var running: [(grant: KeyGrant, until: Instant)] = []

    init(policy: CheckSchedule.Policy = CheckSchedule.Policy(), seed: UInt64 = 1) {
        self.schedule = CheckSchedule(policy: policy, seed: seed)
    }

    static func target(
        _ label: String, of provider: String = "kimi", generation: UInt64 = 0, every interval: Duration? = .seconds(600)
    ) throws -> CheckSchedule.Target {
        CheckSchedule.Target(
            grant: KeyGrant(label: try #require(KeyLabel(label)), generation: generation),
            provider: try #require(ProviderName(provider)), interval: interval)
    }

    static func targets(_ count: Int, of provider: String = "kimi") throws -> [CheckSchedule.Target] {
        try (0..<count).map { try self.target("\(provider)-\(10 + $0)", of: provider) }
    }

    mutating func update(_ targets: [CheckSchedule.Target]) { self.schedule.update(targets, at: self.now) }

    mutating func take() -> [KeyGrant] {
        let taken = self.schedule.takeDue(at: self.now)
        for grant in taken { self.calls.append((grant.label.text, self.now)) }
        return taken
    }

    /// Lets time pass, every call being answered after `latency` with what `end` says.
    mutating func run(
        for duration: Duration, latency: Duration = .milliseconds(50), end: (KeyGrant) -> CheckSchedule.End
    ) {
        let last = self.now + duration
        while true {
            for grant in self.take() { self.running.append((grant, self.now + latency)) }
            let next = [self.running.map(\.until).min(), self.schedule.next].compactMap { $0 }.min()
            guard let next, next <= last else { break }
            self.now = max(next, self.now)
            for call in self.running where call.until <= self.now {
                self.schedule.ended(call.grant, end(call.grant), at: self.now)
            }
            self.running.removeAll { $0.until <= self.now }
        }
        self.now = last
    }

    func times(of label: String) -> [Instant] { self.calls.filter { $0.label == label }.map(\.at) }
}

struct CheckScheduleTests {
    @Test func asksForEachKeyOnceInAnInterval() throws {
        var table = Timetable()
        try table.update(Timetable.targets(5))
        table.run(for: .seconds(6_000)) { _ in .succeeded }
        for target in try Timetable.targets(5) {
            let times = table.times(of: target.grant.label.text)
            #expect((9...12).contains(times.count))
            for (earlier, later) in zip(times.dropFirst(), times.dropFirst(2)) {
                #expect((540...661).contains((later - earlier).seconds))
            }
        }
    }

    @Test("spreads the keys over the interval, so that they never come all at once")
    func spreadsKeys() throws {
        var table = Timetable()
        try table.update(Timetable.targets(20))
        table.run(for: .seconds(6_000)) { _ in .succeeded }
        // After the first round no ten seconds see more than a few of twenty keys.
        let later = table.calls.filter { $0.at > Instant(nanoseconds: 0) + .seconds(60) }.map(\.at).sorted()
        for (index, time) in later.enumerated() {
            #expect(later[index...].prefix { ($0 - time).seconds < 10 }.count <= 6)
        }
        #expect(table.calls.filter { ($0.at - Instant(nanoseconds: 0)).seconds < 32 }.count == 20)
    }

    @Test("never asks where the interval says so, unless a person wants it")
    func asksNeverWithoutInterval() throws {
        var table = Timetable()
        try table.update([Timetable.target("a", every: nil)])
        table.run(for: .seconds(86_400)) { _ in .succeeded }
        #expect(table.calls.isEmpty)
        let label = try #require(KeyLabel("a"))
        #expect(table.schedule.want(label, by: .daemon, at: table.now) == .refused)
        #expect(table.schedule.want(label, by: .person, at: table.now) == .next)
        table.run(for: .seconds(86_400)) { _ in .failed(retryAfter: nil) }
        #expect(table.calls.count == 1)
    }

    @Test("backs off while a refresh fails: few attempts in ten minutes, and others go on (K-027)")
    func backsOff() throws {
        var table = Timetable()
        try table.update([Timetable.target("bad", every: .seconds(10)), Timetable.target("good", every: .seconds(10))])
        table.run(for: .seconds(600)) { $0.label.text == "bad" ? .failed(retryAfter: nil) : .succeeded }
        #expect((4...7).contains(table.times(of: "bad").count))
        #expect(table.times(of: "good").count >= 55)
        let gaps = zip(table.times(of: "bad"), table.times(of: "bad").dropFirst()).map { ($1 - $0).seconds }
        for (step, gap) in gaps.enumerated() {
            let whole = 30 * Double(1 << step)
            #expect((whole / 2...whole + 1).contains(gap))
        }
    }

    @Test("every refresh failing costs a bounded number of attempts (K-027)")
    func boundsAttemptsWhenAllFail() throws {
        var table = Timetable()
        try table.update(Timetable.targets(20))
        table.run(for: .seconds(600)) { _ in .failed(retryAfter: nil) }
        #expect((20 * 4...20 * 7).contains(table.calls.count))
    }

    @Test("never backs off for longer than an hour, and a success starts anew (K-027)")
    func capsBackoff() throws {
        var table = Timetable()
        try table.update([Timetable.target("a")])
        table.run(for: .seconds(86_400)) { _ in .failed(retryAfter: nil) }
        let times = table.times(of: "a")
        #expect(zip(times, times.dropFirst()).allSatisfy { ($1 - $0).seconds <= 3_601 })
        #expect(times.count >= 24)
        let failed = times.count
        table.run(for: .seconds(4_000)) { _ in .succeeded }
        table.calls.removeFirst(failed)
        // Having recovered it is asked about at its usual pace, and fails from the first step again.
        #expect(table.calls.count >= 1)
        table.calls = []
        table.run(for: .seconds(1_500)) { _ in .failed(retryAfter: nil) }
        #expect(table.calls.count >= 5)
    }

    @Test func jittersTheBackoff() throws {
        let gaps = try (UInt64(0)..<200).map { seed in
            var table = Timetable(seed: seed)
            try table.update([Timetable.target("a")])
            table.run(for: .seconds(61)) { _ in .failed(retryAfter: nil) }
            let times = table.times(of: "a")
            return (try #require(times.dropFirst().first) - times[0]).seconds
        }
        #expect(gaps.allSatisfy { (15...30.1).contains($0) })
        #expect(Set(gaps.map { Int($0) }).count >= 10)
    }

    @Test func honoursWhatTheProviderAsksFor() throws {
        var table = Timetable()
        try table.update([Timetable.target("a")])
        let label = try #require(KeyLabel("a"))
        table.run(for: .seconds(40)) { _ in .failed(retryAfter: .seconds(5_000)) }
        #expect(table.calls.count == 1)
        // Not even a person may ask sooner.
        #expect(table.schedule.want(label, by: .person, at: table.now) == .refused)
        table.run(for: .seconds(4_900)) { _ in .succeeded }
        #expect(table.calls.count == 1)
        table.run(for: .seconds(600)) { _ in .succeeded }
        #expect((2...3).contains(table.calls.count))
    }

    @Test("asks once although many want it, and first (K-032)")
    func isSingleFlight() throws {
        var policy = CheckSchedule.Policy()
        policy.atOncePerProvider = 1
        var table = Timetable(policy: policy)
        try table.update(Timetable.targets(3))
        table.now = table.now + .seconds(40)
        let last = try #require(KeyLabel("kimi-12"))
        #expect(table.schedule.want(last, by: .person, at: table.now) == .next)
        #expect(table.schedule.want(last, by: .daemon, at: table.now) == .next)
        let taken = table.take()
        #expect(taken.map(\.label) == [last])
        #expect(table.schedule.want(last, by: .person, at: table.now) == .underWay)
        #expect(table.schedule.want(last, by: .daemon, at: table.now) == .underWay)
        #expect(table.take().isEmpty)
        #expect(table.schedule.next == nil)
        table.schedule.ended(taken[0], .succeeded, at: table.now)
        #expect(table.take().map(\.label.text) == ["kimi-10"])
    }

    @Test("a key that is refused again and again is not asked about each time (K-027)")
    func pausesBetweenWishes() throws {
        var table = Timetable()
        try table.update([Timetable.target("a")])
        let label = try #require(KeyLabel("a"))
        table.run(for: .seconds(1)) { _ in .succeeded }
        for _ in 0..<600 {
            _ = table.schedule.want(label, by: .daemon, at: table.now)
            table.run(for: .seconds(1)) { _ in .succeeded }
        }
        #expect((5...7).contains(table.calls.count))
        // And within the back-off not at all.
        table.calls = []
        for _ in 0..<600 {
            _ = table.schedule.want(label, by: .daemon, at: table.now)
            table.run(for: .seconds(1)) { _ in .failed(retryAfter: nil) }
        }
        #expect(table.calls.count <= 7)
    }

    @Test("a provider that hangs delays twenty keys by one timeout, and other providers not at all (K-044)")
    func boundsByProvider() throws {
        var table = Timetable()
        try table.update(Timetable.targets(20, of: "hangs") + Timetable.targets(20, of: "works"))
        let start = table.now
        var asked: Set<String> = []
        // Nothing ever ends.
        for _ in 0..<40 {
            table.now = table.now + .seconds(1)
            asked.formUnion(table.take().map(\.label.text))
        }
        #expect(asked.count == 40)
        #expect(table.calls.allSatisfy { ($0.at - start).seconds <= 31 })
    }

    @Test func keepsTheBounds() throws {
        var policy = CheckSchedule.Policy()
        policy.atOncePerProvider = 3
        policy.atOnce = 5
        var table = Timetable(policy: policy)
        try table.update(Timetable.targets(10, of: "one") + Timetable.targets(10, of: "two"))
        table.now = table.now + .seconds(60)
        let taken = table.take()
        #expect(taken.count == 5)
        #expect(Dictionary(grouping: taken) { $0.label.text.prefix(3) }.values.allSatisfy { $0.count <= 3 })
        #expect(table.schedule.next == nil)
        table.schedule.ended(taken[0], .abandoned, at: table.now)
        #expect(table.schedule.next.map { $0 <= table.now } == true)
        #expect(table.take().count == 1)
    }

    @Test func forgetsKeysThatAreGone() throws {
        var table = Timetable()
        try table.update(Timetable.targets(100))
        table.now = table.now + .seconds(60)
        let taken = table.take()
        #expect(taken.count == 32)
        table.update([])
        #expect(table.schedule.count == 0)
        for grant in taken { table.schedule.ended(grant, .succeeded, at: table.now) }
        #expect(table.schedule.next == nil)
        #expect(table.schedule.want(taken[0].label, by: .person, at: table.now) == .refused)
    }

    @Test("a key whose secret was renewed starts anew, and the old call says nothing about it")
    func startsAnewWithAnotherSecret() throws {
        var table = Timetable()
        try table.update([Timetable.target("a")])
        table.now = table.now + .seconds(60)
        let old = table.take()
        try table.update([Timetable.target("a", generation: 1)])
        table.schedule.ended(old[0], .failed(retryAfter: .seconds(80_000)), at: table.now)
        table.now = table.now + .seconds(60)
        #expect(table.take().map(\.generation) == [1])
        // A second word on the old one changes nothing.
        table.schedule.ended(old[0], .succeeded, at: table.now)
        #expect(table.take().isEmpty)
    }

    @Test func isTheSameForTheSameSeed() throws {
        func calls(_ seed: UInt64) throws -> [Instant] {
            var table = Timetable(seed: seed)
            try table.update(Timetable.targets(7))
            table.run(for: .seconds(10_000)) { $0.label.text == "kimi-13" ? .failed(retryAfter: nil) : .succeeded }
            return table.calls.map(\.at)
        }
        #expect(try calls(3) == calls(3))
        #expect(try calls(3) != calls(4))
    }
}
