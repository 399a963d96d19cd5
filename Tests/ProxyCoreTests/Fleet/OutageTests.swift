import ProxyCore
import Testing

/// Fifty callers that do not heed what they are told, and a provider of which every answer is 503 (K-008).
struct OutageTests {
    /// What the provider saw.
    private struct Count {
        var requests = 0
        var attempts = 0
        var requestsWhileClosed = 0
        var attemptsWhileClosed = 0
        var probes = 0
        var probesAtOnce = 0
        var mostProbesAtOnce = 0
        var othersWhileOpen = 0
        var opened: Int64?
        /// The times of the requests that reached the provider, and of their repeats.
        var first: [Int64] = []
        var repeated: [Int64] = []
    }

    private struct Caller {
        var plan: RequestPlan?
        var isProbe = false
        var hasReached = false
    }

    private enum Event {
        case send, fail, resume
    }

    private static func storm(seed: UInt64, _ change: (inout Dispatcher.Policy) -> Void = { _ in }) throws -> Count {
        var policy = Dispatcher.Policy()
        change(&policy)
        var random = SeededGenerator(seed: seed)
        var dispatcher = Dispatcher(
            keys: try (0..<20).map { try KeyPoolFixture.key("k\($0)") }, policy: policy, seed: seed)
        let provider = try KeyPoolFixture.provider("kimi")
        var callers = Array(repeating: Caller(), count: 50)
        var count = Count()
        // In the order of time, then of their numbers.
        var events: [(time: Int64, caller: Int, event: Event)] = callers.indices.map { caller in
            (Int64.random(in: 0..<FleetTime.second, using: &random), caller, .send)
        }
        func moment(_ time: Int64) -> Moment {
            Moment(
                instant: Instant(nanoseconds: time * 1000), wallTime: WallTime(microseconds: FleetTime.epoch + time))
        }
        while let place = events.indices.min(by: {
            (events[$0].time, events[$0].caller) < (events[$1].time, events[$1].caller)
        }) {
            let (time, caller, event) = events.remove(at: place)
            guard time < 60 * FleetTime.second else { continue }
            let now = moment(time)
            let before = dispatcher.standing(of: provider, at: now.instant).breaker
            let step: DispatchStep
            var plan: RequestPlan
            switch event {
            case .send:
                count.requests += 1
                if count.opened == nil { count.requestsWhileClosed += 1 }
                plan = RequestPlan(
                    candidates: [DispatchCandidate(provider: provider, model: nil)], maxAttempts: 4,
                    deadline: now.instant + .seconds(30))
                callers[caller].hasReached = false
                step = dispatcher.begin(&plan, at: now)
            case .fail:
                guard let running = callers[caller].plan else { continue }
                plan = running
                if callers[caller].isProbe { count.probesAtOnce -= 1 }
                step = dispatcher.failed(.provider(.providerOverloaded, status: 503), of: &plan, at: now)
            case .resume:
                guard let waiting = callers[caller].plan else { continue }
                plan = waiting
                step = dispatcher.resume(&plan, at: now)
            }
            if count.opened == nil, dispatcher.standing(of: provider, at: now.instant).breaker != .closed {
                count.opened = time
            }
            switch step {
            case .attempt(let attempt):
                count.attempts += 1
                if count.opened == nil { count.attemptsWhileClosed += 1 }
                if callers[caller].hasReached { count.repeated.append(time) } else { count.first.append(time) }
                callers[caller].hasReached = true
                callers[caller].isProbe = attempt.isProviderProbe
                if attempt.isProviderProbe {
                    count.probes += 1
                    count.probesAtOnce += 1
                    count.mostProbesAtOnce = max(count.mostProbesAtOnce, count.probesAtOnce)
                } else if before != .closed {
                    count.othersWhileOpen += 1
                }
                callers[caller].plan = plan
                events.append((time + Int64.random(in: 50_000...300_000, using: &random), caller, .fail))
            case .wait(let until):
                callers[caller].plan = plan
                events.append((max(time, until.nanoseconds / 1000 + 1), caller, .resume))
            case .giveUp:
                dispatcher.close(&plan, at: now)
                callers[caller].plan = nil
                events.append((time + Int64.random(in: 100_000...1_000_000, using: &random), caller, .send))
            }
        }
        return count
    }

    @Test(
        "before the breaker opens few requests are repeated, afterwards one probe at a time (K-008, X-030)",
        arguments: 1...3 as ClosedRange<UInt64>)
    func opens(seed: UInt64) throws {
        let count = try Self.storm(seed: seed)
        let opened = try #require(count.opened)
        #expect(opened < 2 * FleetTime.second)
        #expect(Double(count.attemptsWhileClosed) <= 1.2 * Double(count.requestsWhileClosed) + 10)
        #expect(count.mostProbesAtOnce == 1)
        #expect(count.othersWhileOpen == 0, "none passes but the probe")
        // Open for 10 s, then for 20 s, then for 40 s.
        #expect(count.probes == 2)
        #expect(count.requests > 3000, "the callers do not give up")
    }

    @Test(
        "where the breaker never opens, the budget alone bounds the repeats (K-008)",
        arguments: 1...3 as ClosedRange<UInt64>)
    func budget(seed: UInt64) throws {
        let count = try Self.storm(seed: seed) { $0.breaker.failures = 1_000_000 }
        #expect(count.opened == nil)
        #expect(Double(count.attempts) <= 1.2 * Double(count.requests) + 10)
        #expect(count.repeated.count > count.first.count / 20, "nothing was repeated, so nothing was bounded")
        for time in count.repeated {
            let repeats = count.repeated.count { $0 <= time }
            let requests = count.first.count { $0 <= time }
            #expect(Double(repeats) <= 0.2 * Double(requests) + 10)
        }
    }
}
