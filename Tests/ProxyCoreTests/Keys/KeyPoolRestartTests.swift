import ProxyCore
import Testing

/// A restart in the middle of everything changes nothing (A-031, K-013).
struct KeyPoolRestartTests {
    private static let rebooted = Instant(nanoseconds: 7_000_000_000)

    private static func restart(
        _ pool: KeyPool, _ labels: [String], _ policy: KeyPool.Policy = KeyPool.Policy(), at seconds: Double
    ) throws -> KeyPool {
        let memory = pool.memory(at: .second(seconds), wallTime: .second(seconds))
        var next = try KeyPool.make(labels, policy)
        next.restore(memory, at: Self.rebooted, wallTime: .second(seconds))
        #expect(next.memory(at: Self.rebooted, wallTime: .second(seconds)) == memory)
        return next
    }

    /// The moment after the restart, where the clock of the machine has begun anew.
    private static func moment(_ later: Double, since seconds: Double) -> Moment {
        Moment(
            instant: Self.rebooted + .milliseconds(Int64(later * 1000)), wallTime: .second(seconds + later))
    }

    @Test("the ladder of a limit that all keys ran into goes on")
    func wholeLimit() throws {
        var pool = try KeyPool.make(["a", "b"])
        for label in ["a", "b"] { try pool.fail(.providerRateLimited, on: label, at: .start) }
        var next = try Self.restart(pool, ["a", "b"], at: 1)
        let kimi = try KeyPoolFixture.provider("kimi")
        #expect(next.isLimitedAsAWhole(kimi, at: Self.rebooted))
        let moment = Self.moment(1, since: 1)
        for label in ["a", "b"] {
            _ = next.record(
                .failed(KeyFailure(.providerRateLimited, scope: .wholeKey)), on: try next.present(label), request: 1,
                model: nil, begun: moment.instant, at: moment)
        }
        #expect(next.usableAt("b", at: moment.instant) == moment.instant + .seconds(5))
    }

    @Test("a quota for a day that was named before the restart is confirmed after it")
    func dailyQuota() throws {
        let failure = KeyFailure(
            .providerRateLimited, scope: .wholeKey, recovery: .after(.seconds(30)),
            daily: AnswerClassification.DailyQuota(id: "PerDay", reset: .second(9000)))
        var pool = try KeyPool.make(["a"])
        try pool.fail(with: failure, on: "a", at: .start)
        var next = try Self.restart(pool, ["a"], at: 40)
        let moment = Self.moment(0, since: 40)
        _ = next.record(
            .failed(failure), on: try next.present("a"), request: 2, model: nil, begun: moment.instant, at: moment)
        #expect(next.state(of: "a", at: moment.instant) == .exhausted)
        #expect(next.usableAt("a", at: moment.instant) == moment.instant + .seconds(8960))
    }

    @Test("a guess stays one, asks for a refresh again, and a clock that was set meanwhile counts")
    func guesses() throws {
        var pool = try KeyPool.make(["a", "b"])
        try pool.fail(.providerQuotaExhausted, on: "a", at: .start)
        let known = KeyFailure(.providerQuotaExhausted, scope: .wholeKey, recovery: .at(.second(5000)))
        try pool.fail(with: known, on: "b", at: .start)
        var next = try Self.restart(pool, ["a", "b"], at: 10)
        #expect(next.refreshesWanted.map(\.label.text) == ["a"])
        #expect(next.noteClock(at: Moment(instant: Self.rebooted, wallTime: .second(1010))) == true)
        #expect(next.usableAt("a", at: Self.rebooted) == Self.rebooted + .seconds(3590))
        #expect(next.usableAt("b", at: Self.rebooted) == Self.rebooted + .seconds(3990))
    }

    @Test("what was due to be checked is due, what was found undecided is on trial, in the order of the last checks")
    func dueChecks() throws {
        let labels = ["a", "b", "c"]
        let policy = KeyPool.Policy(probes: [try KeyPoolFixture.provider("kimi"): [.suspect]])
        var pool = try KeyPool.make(labels, policy)
        for label in labels { try pool.fail(.providerAuthFailed, on: label, at: .start) }
        try pool.check("b", .inconclusive, at: .second(31))
        try pool.check("a", .inconclusive, at: .second(5))
        var next = try Self.restart(pool, labels, policy, at: 32)
        #expect(try next.snapshot("b", at: Self.rebooted).isOnTrial)
        #expect(next.checksDue(at: Self.rebooted, atMost: 9).map(\.label.text) == ["c", "a"])
        #expect(next.expire(at: Self.rebooted + .seconds(28)).map(\.key.text) == ["a", "c"])
    }

    @Test("what is known of windows is known still")
    func windows() throws {
        var pool = try KeyPool.make(["a"])
        try pool.check(
            "a", .accepted(windows: [KeyPoolWindowTests.window("5h", used: 1, resetsAt: 600)]), at: .start)
        let next = try Self.restart(pool, ["a"], at: 100)
        #expect(next.state(of: "a", at: Self.rebooted) == .exhausted)
        #expect(next.usableAt("a", at: Self.rebooted) == Self.rebooted + .seconds(500))
        #expect(try next.snapshot("a", at: Self.rebooted).remainingShare == 0)
        #expect(try next.snapshot("a", at: Self.rebooted + .seconds(500)).remainingShare == nil)
    }
}
