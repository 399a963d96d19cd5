import ProxyCore
import Testing

struct BreakerTests {
    private static func time(_ seconds: Double) -> Instant {
        Instant(nanoseconds: 1_000_000_000_000) + .nanoseconds(Int64(seconds * 1e9))
    }

    /// One that opened at second 0, and is open until second 10.
    private static func opened() -> Breaker {
        var breaker = Breaker(policy: Configuration.Breaker())
        for _ in 0..<5 { _ = breaker.record(.failure, asProbe: false, begun: Self.time(0), at: Self.time(0)) }
        return breaker
    }

    @Test func opensAfterFiveFailures() {
        var breaker = Breaker(policy: Configuration.Breaker())
        for second in 1..<5 {
            let now = Self.time(Double(second))
            #expect(breaker.record(.failure, asProbe: false, begun: now, at: now) == nil)
            #expect(breaker.state(at: now) == .closed)
            #expect(breaker.admit(at: now) == .passes)
            #expect(breaker.retryAt(at: now) == nil)
        }
        let transition = breaker.record(.failure, asProbe: false, begun: Self.time(5), at: Self.time(5))
        #expect(transition == Breaker.Transition(old: .closed, new: .open))
        #expect(breaker.state(at: Self.time(5)) == .open)
        #expect(breaker.retryAt(at: Self.time(6)) == Self.time(15))
        #expect(breaker.admit(at: Self.time(14.9)) == .refused(until: Self.time(15)))
        #expect(!breaker.wouldAdmit(at: Self.time(14.9)))
    }

    @Test("allowed before its time, it lets one request through, and waits twice as long if that fails")
    func allowsAProbe() {
        var breaker = Self.opened()
        #expect(breaker.allowProbe(at: Self.time(3)) == true)
        #expect(breaker.allowProbe(at: Self.time(3)) == false)
        #expect(breaker.state(at: Self.time(3)) == .halfOpen)
        #expect(breaker.admit(at: Self.time(3)) == .passesAsProbe)
        #expect(breaker.admit(at: Self.time(3)) == .refused(until: Self.time(4)))
        #expect(breaker.allowProbe(at: Self.time(3)) == false)
        let again = breaker.record(.failure, asProbe: true, begun: Self.time(3), at: Self.time(3))
        #expect(again == Breaker.Transition(old: .halfOpen, new: .open))
        #expect(breaker.retryAt(at: Self.time(3)) == Self.time(23))
        var closed = Breaker(policy: Configuration.Breaker())
        #expect(closed.allowProbe(at: Self.time(3)) == false)
    }

    @Test func forgetsFailuresAfterTheWindow() {
        var breaker = Breaker(policy: Configuration.Breaker())
        for _ in 0..<4 { _ = breaker.record(.failure, asProbe: false, begun: Self.time(0), at: Self.time(0)) }
        #expect(breaker.record(.failure, asProbe: false, begun: Self.time(31.1), at: Self.time(31.1)) == nil)
        for _ in 0..<3 { _ = breaker.record(.failure, asProbe: false, begun: Self.time(32), at: Self.time(32)) }
        #expect(breaker.record(.failure, asProbe: false, begun: Self.time(61), at: Self.time(61)) != nil)
    }

    @Test(
        "it opens only if at least half of the results are failures",
        arguments: [
            (0, true), (5, true), (6, false), (10_000, false),
        ])
    func needsHalfOfAllResults(successes: Int, opens: Bool) {
        var breaker = Breaker(policy: Configuration.Breaker())
        for _ in 0..<successes { _ = breaker.record(.success, asProbe: false, begun: Self.time(0), at: Self.time(0)) }
        for _ in 0..<5 { _ = breaker.record(.failure, asProbe: false, begun: Self.time(0), at: Self.time(1)) }
        #expect((breaker.state(at: Self.time(1)) == .open) == opens)
    }

    @Test("what says nothing of the provider does not count (X-030, X-068)")
    func neutralResultsDoNotCount() {
        var breaker = Breaker(policy: Configuration.Breaker())
        for _ in 0..<1000 { _ = breaker.record(.neutral, asProbe: false, begun: Self.time(0), at: Self.time(0)) }
        #expect(breaker.state(at: Self.time(0)) == .closed)
        for _ in 0..<5 { _ = breaker.record(.failure, asProbe: false, begun: Self.time(0), at: Self.time(0)) }
        #expect(breaker.state(at: Self.time(0)) == .open)
    }

    @Test("half-open lets exactly one probe through (X-030)")
    func oneProbe() {
        var breaker = Self.opened()
        let now = Self.time(10)
        #expect(breaker.state(at: now) == .halfOpen)
        #expect(breaker.wouldAdmit(at: now))
        #expect(breaker.retryAt(at: now) == nil)
        #expect(breaker.admit(at: now) == .passesAsProbe)
        #expect(breaker.admit(at: now) == .refused(until: now + Breaker.probeWait))
        #expect(!breaker.wouldAdmit(at: Self.time(1000)), "however long the probe takes")
        #expect(breaker.state(at: Self.time(1000)) == .halfOpen)
    }

    @Test func aProbeThatShowedNothingLeavesItsPlaceToTheNext() {
        var breaker = Self.opened()
        #expect(breaker.admit(at: Self.time(10)) == .passesAsProbe)
        #expect(breaker.record(.neutral, asProbe: true, begun: Self.time(10), at: Self.time(11)) == nil)
        #expect(breaker.admit(at: Self.time(11)) == .passesAsProbe)
    }

    @Test func aProbeThatSucceedsClosesItAndForgetsTheFailures() {
        var breaker = Self.opened()
        #expect(breaker.admit(at: Self.time(10)) == .passesAsProbe)
        let transition = breaker.record(.success, asProbe: true, begun: Self.time(10), at: Self.time(12))
        #expect(transition == Breaker.Transition(old: .halfOpen, new: .closed))
        #expect(breaker.admit(at: Self.time(12)) == .passes)
        for _ in 0..<4 { _ = breaker.record(.failure, asProbe: false, begun: Self.time(12), at: Self.time(12)) }
        // Attempts of before do not make the fifth.
        #expect(breaker.record(.failure, asProbe: false, begun: Self.time(-1), at: Self.time(13)) == nil)
        #expect(breaker.state(at: Self.time(13)) == .closed)
        #expect(breaker.record(.failure, asProbe: false, begun: Self.time(12), at: Self.time(13)) != nil)
        #expect(breaker.retryAt(at: Self.time(13)) == Self.time(23), "the open time begins anew")
    }

    @Test func theOpenTimeDoublesUpToFiveMinutes() {
        var breaker = Self.opened()
        var now = Self.time(10)
        for seconds in [20, 40, 80, 160, 300, 300, 300] {
            #expect(breaker.admit(at: now) == .passesAsProbe)
            #expect(
                breaker.record(.failure, asProbe: true, begun: now, at: now)
                    == Breaker.Transition(old: .halfOpen, new: .open))
            #expect(breaker.retryAt(at: now) == now + .seconds(seconds))
            now = now + .seconds(seconds)
        }
    }

    @Test func anOpenTimeAboveFiveMinutesIsKept() {
        var policy = Configuration.Breaker()
        policy.open = .seconds(900)
        policy.failures = 1
        var breaker = Breaker(policy: policy)
        _ = breaker.record(.failure, asProbe: false, begun: Self.time(0), at: Self.time(0))
        #expect(breaker.admit(at: Self.time(900)) == .passesAsProbe)
        _ = breaker.record(.failure, asProbe: true, begun: Self.time(900), at: Self.time(900))
        #expect(breaker.retryAt(at: Self.time(900)) == Self.time(1800))
    }

    @Test(
        "attempts that began before it opened do not touch it",
        arguments: [
            Breaker.Result.success, .failure, .neutral,
        ])
    func lateResults(result: Breaker.Result) {
        for now in [Self.time(5), Self.time(15)] {
            var breaker = Self.opened()
            let before = breaker
            #expect(breaker.record(result, asProbe: false, begun: Self.time(-5), at: now) == nil)
            #expect(breaker == before)
        }
        var probed = Self.opened()
        _ = probed.admit(at: Self.time(10))
        let before = probed
        #expect(probed.record(result, asProbe: false, begun: Self.time(-5), at: Self.time(11)) == nil)
        #expect(probed == before)
        // Nor does the end of an earlier probe, told twice.
        #expect(probed.record(result, asProbe: true, begun: Self.time(9), at: Self.time(11)) == nil)
        #expect(probed == before)
    }

    @Test func aNewPolicyKeepsAnOpenDeadline() {
        var breaker = Self.opened()
        var policy = Configuration.Breaker()
        policy.window = .seconds(5)
        policy.open = .seconds(1)
        breaker.reconfigure(policy)
        #expect(breaker.retryAt(at: Self.time(1)) == Self.time(10))
        _ = breaker.admit(at: Self.time(10))
        _ = breaker.record(.failure, asProbe: true, begun: Self.time(10), at: Self.time(10))
        #expect(breaker.retryAt(at: Self.time(10)) == Self.time(12))
    }

    @Test func countsAnewOnlyIfTheWindowChanges() {
        for (window, state) in [(30, Breaker.State.open), (20, .closed)] {
            var breaker = Breaker(policy: Configuration.Breaker())
            for _ in 0..<4 { _ = breaker.record(.failure, asProbe: false, begun: Self.time(0), at: Self.time(0)) }
            var policy = Configuration.Breaker()
            policy.window = .seconds(window)
            breaker.reconfigure(policy)
            _ = breaker.record(.failure, asProbe: false, begun: Self.time(1), at: Self.time(1))
            #expect(breaker.state(at: Self.time(1)) == state)
        }
    }
}
