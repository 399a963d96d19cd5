import ProxyCore
import Testing

/// Where a request goes after a failure (T-003, T-004, X-068, X-069).
struct DispatchFailoverTests {
    private static let three = [("a", "kimi"), ("b", "kimi"), ("c", "kimi")]

    @Test(
        "a key that is refused is left for the next one at once, without spending the retry budget (T-003)",
        arguments: [
            (ErrorClass.providerAuthFailed, 401), (.providerBilling, 402), (.providerForbidden, 403),
            (.providerRateLimited, 429), (.providerQuotaExhausted, 403),
        ])
    func movesOn(errorClass: ErrorClass, status: Int) throws {
        // No budget at all: every repeat would be refused.
        for _ in 0..<40 {
            var fixture = try DispatchFixture(Self.three) { $0.retry.budget = 0 }
            var plan = try fixture.plan("kimi")
            let first = try #require(fixture.begin(&plan).key)
            let second = try #require(fixture.fail(&plan, .key(errorClass, status: status)).key)
            #expect(first != second)
            fixture.succeed(&plan)
            #expect(try fixture.state(of: first) != .usable)
            #expect(plan.attempts == 2)
        }
    }

    @Test("a request that is its own fault is not repeated, and no key changes (X-005)")
    func givesUpOnRejection() throws {
        var fixture = try DispatchFixture(Self.three)
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        #expect(fixture.fail(&plan, .rejected).refusal == .spent)
        fixture.dispatcher.close(&plan, at: fixture.now)
        for label in ["a", "b", "c"] { #expect(try fixture.state(of: label) == .usable) }
        #expect(fixture.dispatcher.news.isEmpty)
    }

    @Test("a provider that fails is tried again after a jittered while, with another key; keys stay untouched (X-068)")
    func backsOff() throws {
        var fixture = try DispatchFixture(Self.three)
        var plan = try fixture.plan("kimi")
        let first = try #require(fixture.begin(&plan).key)
        let until = try #require(fixture.fail(&plan, .provider()).until)
        #expect(until >= fixture.now.instant && until < fixture.now.instant + .milliseconds(250))
        fixture.pass(until - fixture.now.instant)
        let second = try #require(fixture.resume(&plan).key)
        #expect(second != first)
        let later = try #require(fixture.fail(&plan, .provider()).until)
        #expect(later < fixture.now.instant + .milliseconds(500))
        for label in ["a", "b", "c"] { #expect(try fixture.state(of: label) == .usable) }
    }

    @Test("no key is tried twice: attempts are bounded by the usable keys")
    func isBoundedByKeys() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi")])
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        let until = try #require(fixture.fail(&plan, .provider(.providerUnreachable, status: nil)).until)
        fixture.pass(until - fixture.now.instant)
        #expect(fixture.resume(&plan).key == "b")
        #expect(fixture.fail(&plan, .provider(.providerUnreachable, status: nil)).refusal == .spent)
    }

    @Test("but a conversation that is bound to its key stays there while its provider fails")
    func repeatsBound() throws {
        var fixture = try DispatchFixture(Self.three)
        let conversation = Conversation(id: "signed", isBound: true)
        var first = try fixture.plan("kimi", conversation: conversation)
        let own = try #require(fixture.begin(&first).key)
        fixture.succeed(&first)
        var plan = try fixture.plan("kimi", conversation: conversation)
        #expect(fixture.begin(&plan).key == own)
        let until = try #require(fixture.fail(&plan, .provider()).until)
        fixture.pass(until - fixture.now.instant)
        #expect(fixture.resume(&plan).key == own)
        // A limit of its own leaves nothing else than to move it.
        let moved = try #require(fixture.fail(&plan, .key(.providerRateLimited, status: 429)).key)
        #expect(moved != own)
        #expect(
            fixture.dispatcher.news.contains(
                .conversationMoved(try KeyPoolFixture.provider("kimi"), to: try KeyPoolFixture.label(moved))))
    }

    @Test("another provider is asked at once where there is one (T-003)")
    func failsOver() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "openai")])
        var plan = try fixture.plan("kimi", "openai")
        #expect(fixture.begin(&plan).key == "a")
        #expect(fixture.fail(&plan, .provider(.providerOverloaded, status: 503)).key == "b")
        // And whoever comes next goes there first, while the overloaded one is spared.
        var next = try fixture.plan("kimi", "openai")
        #expect(fixture.begin(&next).key == "b")
        fixture.pass(.seconds(60))
        var later = try fixture.plan("kimi", "openai")
        #expect(fixture.begin(&later).key == "a")
    }

    @Test("attempts end with max_attempts and with the deadline")
    func endsInTime() throws {
        var fixture = try DispatchFixture((0..<9).map { ("k\($0)", "kimi") })
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        for _ in 0..<3 { #expect(fixture.fail(&plan, .key(.providerRateLimited, status: 429)).key != nil) }
        #expect(fixture.fail(&plan, .key(.providerRateLimited, status: 429)).refusal == .spent)
        #expect(plan.attempts == 4)
        var late = try fixture.plan("kimi")
        _ = fixture.begin(&late)
        fixture.pass(.seconds(30))
        #expect(fixture.fail(&late, .key(.providerRateLimited, status: 429)).refusal == .spent)
    }

    @Test("a wait that the provider asks for is not slept out: the request goes on with another key (X-069)")
    func doesNotSleep() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi")])
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        let end = AttemptEnd(
            errorClass: .providerOverloaded, blame: .provider,
            classification: AnswerClassification(
                errorClass: .providerOverloaded, blame: .provider, recovery: .after(.seconds(20)), decidedBy: "x"),
            status: 503)
        let until = try #require(fixture.fail(&plan, end).until)
        #expect(until - fixture.now.instant < .milliseconds(250))
        fixture.pass(until - fixture.now.instant)
        #expect(fixture.resume(&plan).key == "b")
    }

    @Test("repeats stay within the budget of the provider (K-008)")
    func keepsToBudget() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi")]) {
            $0.retry.budget = 0
            $0.breaker.failures = 1_000_000
        }
        var repeats = 0
        for _ in 0..<50 {
            var plan = try fixture.plan("kimi")
            _ = fixture.begin(&plan)
            if fixture.fail(&plan, .provider()).until != nil { repeats += 1 }
            fixture.dispatcher.close(&plan, at: fixture.now)
        }
        #expect(repeats == 10)
    }

    @Test("a pinned request stays with its key, whatever happens")
    func keepsPin() throws {
        for end in [AttemptEnd.key(.providerRateLimited, status: 429), .provider()] {
            var fixture = try DispatchFixture(Self.three)
            var plan = try fixture.plan("kimi", pinned: "b")
            #expect(fixture.begin(&plan).key == "b")
            #expect(fixture.fail(&plan, end).refusal == .spent)
        }
    }

    @Test("a connection that had died of age is replaced once, on the same key and at once (K-025)")
    func replacesConnection() throws {
        var fixture = try DispatchFixture(Self.three) { $0.retry.budget = 0 }
        var plan = try fixture.plan("kimi")
        let first = try #require(fixture.begin(&plan).key)
        var end = AttemptEnd.provider(.providerUnreachable, status: nil)
        end.diedOnReusedConnection = true
        #expect(fixture.fail(&plan, end).key == first)
        #expect(fixture.fail(&plan, end).key == nil)
        #expect(fixture.dispatcher.pool.snapshots(at: fixture.now.instant).map(\.inFlight).reduce(0, +) <= 1)
    }

    @Test("trouble that every key of an address meets is not met twice")
    func sparesOrigin() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi"), ("c", "openai")])
        var plan = try fixture.plan("kimi", "openai")
        _ = fixture.begin(&plan)
        var end = AttemptEnd.provider(.providerTLS, status: nil)
        end.concernsOrigin = true
        #expect(fixture.fail(&plan, end).key == "c")
        #expect(fixture.fail(&plan, end).refusal != nil)
    }

    @Test("what may not be sent once more is not")
    func respectsBody() throws {
        var fixture = try DispatchFixture(Self.three)
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        var end = AttemptEnd.provider()
        end.canRepeat = false
        #expect(fixture.fail(&plan, end).refusal == .spent)
    }

    @Test("weights of an alias share requests out; equal ones keep the order that was written")
    func drawsByWeight() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "openai")])
        var first = 0
        for _ in 0..<1_000 {
            var plan = try fixture.plan("kimi", "openai", weights: [3, 1])
            if fixture.begin(&plan).key == "a" { first += 1 }
            fixture.succeed(&plan)
        }
        #expect((700...800).contains(first))
        var plan = try fixture.plan("openai", "kimi")
        #expect(fixture.begin(&plan).key == "b")
    }
}
