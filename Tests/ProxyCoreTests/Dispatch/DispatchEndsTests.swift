import ProxyCore
import Testing

/// Whoever waits until a key serves nothing any more.
struct DispatchEndsTests {
    private let alpha = KeyLabel("alpha")

    private static func ends(_ dispatcher: Dispatcher) -> [DispatchNews] {
        dispatcher.news.filter { if case .ended = $0 { true } else { false } }
    }

    @Test("an end that is waited for is told once, with the last request of the key")
    func tellsOnce() throws {
        let alpha = try #require(self.alpha)
        var fixture = try DispatchFixture([("alpha", "kimi")])
        var (first, second) = (try fixture.plan("kimi"), try fixture.plan("kimi"))
        _ = fixture.begin(&first)
        _ = fixture.begin(&second)
        fixture.dispatcher.awaitEnd(of: alpha)
        fixture.dispatcher.tellEnds()
        fixture.succeed(&first)
        fixture.dispatcher.tellEnds()
        #expect(Self.ends(fixture.dispatcher).isEmpty)
        #expect(fixture.dispatcher.pool.requestsInFlight(on: alpha) == 1)
        fixture.succeed(&second)
        fixture.dispatcher.tellEnds()
        fixture.dispatcher.tellEnds()
        #expect(Self.ends(fixture.dispatcher) == [.ended(alpha)])
    }

    @Test("without a request, or without the key, the end has come already", arguments: ["alpha", "nobody"])
    func tellsAtOnce(label: String) throws {
        let label = try #require(KeyLabel(label))
        var fixture = try DispatchFixture([("alpha", "kimi")])
        fixture.dispatcher.awaitEnd(of: label)
        fixture.dispatcher.tellEnds()
        #expect(Self.ends(fixture.dispatcher) == [.ended(label)])
    }

    @Test("requests that run with a former secret are waited for as well")
    func countsFormerSecrets() throws {
        let alpha = try #require(self.alpha)
        var fixture = try DispatchFixture([("alpha", "kimi")])
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        let keys = [try KeyPoolFixture.key("alpha", provider: "kimi")]
        fixture.dispatcher.reconfigure(
            keys: keys, providers: [try KeyPoolFixture.provider("kimi")], policy: Dispatcher.Policy(), renewed: [alpha],
            at: fixture.now)
        fixture.dispatcher.awaitEnd(of: alpha)
        fixture.dispatcher.tellEnds()
        #expect(Self.ends(fixture.dispatcher).isEmpty)
        fixture.succeed(&plan)
        fixture.dispatcher.tellEnds()
        #expect(Self.ends(fixture.dispatcher) == [.ended(alpha)])
    }
}
