import ProxyCore
import Testing

/// What holds whatever happens, in random order and virtual time.
struct BreakerPropertyTests {
    private struct Running {
        let begun: Instant
        let isProbe: Bool
    }

    @Test("never two probes, and nothing passes before the deadline (X-030)", arguments: 1...20 as ClosedRange<UInt64>)
    func invariants(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var policy = Configuration.Breaker()
        policy.failures = Int.random(in: 1...6, using: &random)
        var breaker = Breaker(policy: policy)
        // The last ones run into the end of the clock.
        var now = Moment(
            instant: Instant(nanoseconds: seed > 18 ? .max - 3_000_000_000_000 : 0), wallTime: WallTime(microseconds: 0)
        )
        var running: [Running] = []
        var (probes, openings) = (0, 0)
        var failures: [Instant] = []

        for _ in 0..<4000 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45:
                let (wouldAdmit, retryAt) = (breaker.wouldAdmit(at: now.instant), breaker.retryAt(at: now.instant))
                let state = breaker.state(at: now.instant)
                switch breaker.admit(at: now.instant) {
                case .passes:
                    #expect(wouldAdmit && retryAt == nil && state == .closed)
                    running.append(Running(begun: now.instant, isProbe: false))
                case .passesAsProbe:
                    #expect(wouldAdmit && retryAt == nil && state == .halfOpen)
                    let isSecond = running.contains { $0.isProbe }
                    #expect(!isSecond, "two probes at once")
                    running.append(Running(begun: now.instant, isProbe: true))
                    probes += 1
                case .refused(let until):
                    #expect(!wouldAdmit && retryAt == until && until >= now.instant)
                    #expect(state != .closed)
                }
            case 45..<85:
                guard let place = running.indices.randomElement(using: &random) else { continue }
                let attempt = running.remove(at: place)
                let result: Breaker.Result =
                    switch Int.random(in: 0..<10, using: &random) {
                    case 0..<6: .failure
                    case 6..<9: .success
                    default: .neutral
                    }
                let before = breaker
                if result == .failure { failures.append(now.instant) }
                let transition = breaker.record(
                    result, asProbe: attempt.isProbe, begun: attempt.begun, at: now.instant)
                if before.state(at: now.instant) != .closed, !attempt.isProbe { #expect(breaker == before) }
                guard transition?.new == .open, let until = breaker.retryAt(at: now.instant) else { continue }
                openings += 1
                #expect(until <= now.instant + .seconds(300) && until >= now.instant)
                if transition?.old == .closed {
                    let recent = failures.count { now.instant - $0 <= .seconds(31) }
                    #expect(recent >= policy.failures, "opened after \(recent) failures")
                }
                if failures.count > 400 { failures.removeFirst(200) }
            case 85..<99:
                let passed = Int64.random(in: 0..<2_000_000_000, using: &random)
                now.instant = now.instant + .nanoseconds(passed)
                now.wallTime = now.wallTime + .nanoseconds(passed)
            default:
                // A restart: those who were on their way are gone.
                guard let memory = breaker.memory(at: now) else { continue }
                let restored = Breaker(policy: policy, restoring: memory, at: now)
                #expect(restored.state(at: now.instant) == breaker.state(at: now.instant))
                if breaker.state(at: now.instant) == .open {
                    let (old, new) = (breaker.retryAt(at: now.instant), restored.retryAt(at: now.instant))
                    #expect(try #require(new) >= #require(old), "a restart made the wait shorter")
                }
                breaker = restored
                running = []
            }
        }
        #expect(probes > 0 && openings > 0)
    }
}
