import ProxyCore
import Testing

/// Places that a request takes are given back whatever becomes of it (K-025, K-026, X-030).
struct DispatchPlacesTests {
    private static var stale: AttemptEnd {
        var end = AttemptEnd.provider(.providerUnreachable, status: nil)
        end.diedOnReusedConnection = true
        return end
    }

    /// A fixture whose breaker is half-open.
    private static func halfOpen(_ change: (inout Dispatcher.Policy) -> Void = { _ in }) throws -> DispatchFixture {
        var fixture = try DispatchFixture([("a", "kimi")]) {
            $0.breaker.failures = 1
            change(&$0)
        }
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        _ = fixture.fail(&plan, .provider())
        fixture.dispatcher.close(&plan, at: fixture.now)
        fixture.pass(.seconds(10))
        return fixture
    }

    @Test("a probe that dies on an old connection, and is not replaced, frees its place (X-030)")
    func freesProbe() throws {
        var fixture = try Self.halfOpen { $0.retry.maxAttempts = 1 }
        var plan = try fixture.plan("kimi")
        #expect(fixture.begin(&plan).key == "a")
        #expect(fixture.fail(&plan, Self.stale).refusal == .spent)
        fixture.dispatcher.close(&plan, at: fixture.now)
        var next = try fixture.plan("kimi")
        #expect(fixture.begin(&next).key == "a", "another one finds out")
    }

    @Test("its replacement is the probe then, and shows whether the provider works")
    func replacesProbe() throws {
        var fixture = try Self.halfOpen()
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        #expect(fixture.fail(&plan, Self.stale).key == "a")
        var second = try fixture.plan("kimi")
        #expect(fixture.begin(&second).refusal != nil)
        fixture.succeed(&plan)
        #expect(try fixture.breaker(of: "kimi") == .closed)
    }

    @Test("a key with one place takes the replacement of a dead connection")
    func replacesInItsOwnPlace() throws {
        var key = try KeyPoolFixture.key("a")
        key.inFlight = 1
        var fixture = try DispatchFixture([])
        fixture.dispatcher = Dispatcher(keys: [key], policy: Dispatcher.Policy(), seed: 1)
        var plan = try fixture.plan("kimi", pinned: "a")
        _ = fixture.begin(&plan)
        #expect(fixture.fail(&plan, Self.stale).key == "a")
        fixture.succeed(&plan)
        #expect(fixture.dispatcher.pool.snapshots(at: fixture.now.instant).map(\.inFlight) == [0])
    }

    @Test("a bound conversation waits for its own provider instead of moving to another account")
    func staysAtHome() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "openai")])
        let conversation = Conversation(id: "signed", isBound: true)
        var first = try fixture.plan("kimi", "openai", conversation: conversation)
        #expect(fixture.begin(&first).key == "a")
        fixture.succeed(&first)
        var plan = try fixture.plan("kimi", "openai", conversation: conversation)
        #expect(fixture.begin(&plan).key == "a")
        let until = try #require(fixture.fail(&plan, .provider(.providerOverloaded, status: 503)).until)
        fixture.pass(until - fixture.now.instant)
        #expect(fixture.resume(&plan).key == "a")
        // A limit of the key leaves nothing else; that is recorded.
        #expect(fixture.fail(&plan, .key(.providerRateLimited, status: 429)).key == "b")
        let openai = try KeyPoolFixture.provider("openai")
        #expect(
            fixture.dispatcher.news.contains(.conversationMoved(openai, to: try KeyPoolFixture.label("b"))))
    }

    @Test("one that is moved, and refused there, belongs to its own key still")
    func findsHome() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi"), ("c", "kimi")])
        let conversation = Conversation(id: "signed", isBound: true)
        var first = try fixture.plan("kimi", conversation: conversation)
        let home = try #require(fixture.begin(&first).key)
        fixture.succeed(&first)
        var moved = try fixture.plan("kimi", conversation: conversation)
        _ = fixture.begin(&moved)
        #expect(fixture.fail(&moved, .key(.providerRateLimited, status: 429)).key != home)
        let refused = AttemptEnd(errorClass: .providerRejected, blame: .affinity, status: 400)
        #expect(fixture.fail(&moved, refused).refusal == .spent)
        fixture.dispatcher.close(&moved, at: fixture.now)
        fixture.pass(.seconds(60))
        var next = try fixture.plan("kimi", conversation: conversation)
        #expect(fixture.begin(&next).key == home)
    }

    @Test("a bound conversation does not hammer its key with words that may mean an overload")
    func doesNotHammer() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi")])
        let conversation = Conversation(id: "signed", isBound: true)
        var first = try fixture.plan("kimi", conversation: conversation)
        _ = fixture.begin(&first)
        fixture.succeed(&first)
        var plan = try fixture.plan("kimi", conversation: conversation)
        _ = fixture.begin(&plan)
        #expect(fixture.fail(&plan, .ambiguous).until != nil)
    }
}
