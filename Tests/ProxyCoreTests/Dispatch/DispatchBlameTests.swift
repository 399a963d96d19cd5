import ProxyCore
import Testing

/// Who is blamed for a failure: the request, the key, the provider.
struct DispatchBlameTests {
    private static let three = [("a", "kimi"), ("b", "kimi"), ("c", "kimi")]

    @Test("the same refusal on a second key clears the first")
    func clearsFirst() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi")])
        var plan = try fixture.plan("kimi")
        #expect(fixture.begin(&plan).key == "a")
        #expect(fixture.fail(&plan, .key(.providerAuthFailed, status: 401)).key == "b")
        #expect(try fixture.state(of: "a") == .suspect)
        #expect(fixture.fail(&plan, .key(.providerAuthFailed, status: 401)).refusal != nil)
        fixture.dispatcher.close(&plan, at: fixture.now)
        #expect(try fixture.state(of: "a") == .usable)
        #expect(try fixture.state(of: "b") == .usable)
    }

    @Test("unless a third one serves the request: then the two are to blame after all")
    func blamesAfterAll() throws {
        var fixture = try DispatchFixture(Self.three)
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        _ = fixture.fail(&plan, .key(.providerAuthFailed, status: 401))
        #expect(fixture.fail(&plan, .key(.providerAuthFailed, status: 401)).key == "c")
        fixture.succeed(&plan)
        #expect(try fixture.state(of: "a") == .suspect)
        #expect(try fixture.state(of: "b") == .suspect)
        #expect(try fixture.state(of: "c") == .usable)
    }

    @Test("words that mean an overload or a limit of the key cool it once another key serves the request")
    func decidesByOthers() throws {
        var fixture = try DispatchFixture(Self.three)
        var plan = try fixture.plan("kimi")
        let first = try #require(fixture.begin(&plan).key)
        let second = try #require(fixture.fail(&plan, .ambiguous).key)
        #expect(first != second)
        #expect(try fixture.state(of: first) == .usable)
        fixture.succeed(&plan)
        #expect(try fixture.state(of: first) == .cooling)
        #expect(try fixture.state(of: second) == .usable)
        #expect(try fixture.breaker(of: "kimi") == .closed)
    }

    @Test("and leave every key alone when all of them say so; a program that alone hears it is told of once")
    func leavesKeysAlone() throws {
        var fixture = try DispatchFixture(Self.three)
        var served = try fixture.plan("kimi", agent: "kimi-cli/1")
        _ = fixture.begin(&served)
        fixture.succeed(&served)
        for _ in 0..<3 {
            var plan = try fixture.plan("kimi", agent: "Anthropic/JS 0.90.0")
            _ = fixture.begin(&plan)
            _ = fixture.fail(&plan, .ambiguous)
            _ = fixture.fail(&plan, .ambiguous)
            _ = fixture.fail(&plan, .ambiguous)
            fixture.dispatcher.close(&plan, at: fixture.now)
        }
        for label in ["a", "b", "c"] { #expect(try fixture.state(of: label) == .usable) }
        let kimi = try KeyPoolFixture.provider("kimi")
        #expect(fixture.dispatcher.news == [.agentRefused(kimi, agent: "Anthropic/JS 0.90.0")])
    }

    @Test("only the first failure of a request counts against a provider, and 429 never does (X-030)")
    func countsFirstFailure() throws {
        var fixture = try DispatchFixture(Self.three) { $0.breaker.failures = 3 }
        // Two requests with four failures each: two count.
        for _ in 0..<2 {
            var plan = try fixture.plan("kimi")
            var step = fixture.begin(&plan)
            for _ in 0..<4 where step.key != nil {
                step = fixture.fail(&plan, .provider())
                if let until = step.until {
                    fixture.pass(until - fixture.now.instant)
                    step = fixture.resume(&plan)
                }
            }
            fixture.dispatcher.close(&plan, at: fixture.now)
        }
        #expect(try fixture.breaker(of: "kimi") == .closed)
        for _ in 0..<9 {
            var plan = try fixture.plan("kimi")
            _ = fixture.begin(&plan)
            _ = fixture.fail(&plan, .provider(.providerOverloaded, status: 429))
            fixture.dispatcher.close(&plan, at: fixture.now)
        }
        #expect(try fixture.breaker(of: "kimi") == .closed)
        // While such an overload lasts, new requests wait for its end.
        var waiting = try fixture.plan("kimi")
        #expect(fixture.begin(&waiting).until != nil)
        fixture.pass(.seconds(3))
        var third = try fixture.plan("kimi")
        _ = fixture.begin(&third)
        _ = fixture.fail(&third, .provider())
        #expect(try fixture.breaker(of: "kimi") == .open)
    }

    @Test("an open breaker refuses, then lets one request find out (X-030)")
    func probesProvider() throws {
        var fixture = try DispatchFixture(Self.three) { $0.breaker.failures = 1 }
        var broken = try fixture.plan("kimi")
        _ = fixture.begin(&broken)
        _ = fixture.fail(&broken, .provider())
        fixture.dispatcher.close(&broken, at: fixture.now)
        var refused = try fixture.plan("kimi")
        guard case .providerRests(let until)? = fixture.begin(&refused).refusal else {
            return #expect(Bool(false), "it was not refused")
        }
        #expect(until == fixture.now.instant + .seconds(10))
        fixture.pass(.seconds(10))
        var probe = try fixture.plan("kimi")
        #expect(fixture.begin(&probe).key != nil)
        var second = try fixture.plan("kimi")
        #expect(fixture.begin(&second).refusal != nil)
        // The caller of the probe leaves: the next one finds out.
        fixture.dispatcher.close(&probe, at: fixture.now)
        var third = try fixture.plan("kimi")
        #expect(fixture.begin(&third).key != nil)
        // A refusal of the key shows as well that the provider is there.
        _ = fixture.fail(&third, .key(.providerRateLimited, status: 429))
        #expect(try fixture.breaker(of: "kimi") == .closed)
    }

    @Test("breakers and keys are after a restart what they were before (A-031)")
    func survivesRestart() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi"), ("c", "openai")]) { $0.breaker.failures = 1 }
        var broken = try fixture.plan("kimi")
        _ = fixture.begin(&broken)
        _ = fixture.fail(&broken, .key(.providerBilling, status: 402))
        _ = fixture.fail(&broken, .provider())
        fixture.dispatcher.close(&broken, at: fixture.now)
        let memory = fixture.dispatcher.memory(at: fixture.now)
        var next = try DispatchFixture([("a", "kimi"), ("b", "kimi"), ("c", "openai")]) { $0.breaker.failures = 1 }
        // Another machine start: the clock of intervals begins anew.
        next.now = Moment(instant: Instant(nanoseconds: 5_000_000_000), wallTime: fixture.now.wallTime)
        let providers = Set(try ["kimi", "openai"].map(KeyPoolFixture.provider))
        next.dispatcher.restore(memory, providers: providers, at: next.now)
        #expect(next.dispatcher.memory(at: next.now) == memory)
        #expect(try next.state(of: "a") == .billing)
        #expect(try next.breaker(of: "kimi") == .open)
        var refused = try next.plan("kimi")
        #expect(next.begin(&refused).refusal != nil)
    }
}
