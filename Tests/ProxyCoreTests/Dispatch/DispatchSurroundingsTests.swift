import ProxyCore
import Testing

@Suite("What another network has to do with providers and keys")
struct DispatchSurroundingsTests {
    @Test("a provider that was left alone is tried by the next request, which is told; its keys stay what they are")
    func triesAgain() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi"), ("c", "openai")]) { $0.breaker.failures = 1 }
        var plan = try fixture.plan("kimi")
        _ = fixture.begin(&plan)
        _ = fixture.fail(&plan, .provider(.providerUnreachable, status: nil))
        fixture.dispatcher.close(&plan, at: fixture.now)
        #expect(try fixture.breaker(of: "kimi") == .open)
        var refused = try fixture.plan("kimi")
        #expect(fixture.begin(&refused).refusal != nil)

        fixture.dispatcher.news = []
        let revision = fixture.dispatcher.memoryRevision
        fixture.dispatcher.surroundingsChanged(at: fixture.now)
        let kimi = try KeyPoolFixture.provider("kimi")
        #expect(fixture.dispatcher.news == [.breaker(kimi, old: .open, new: .halfOpen, retryAt: nil)])
        #expect(fixture.dispatcher.memoryRevision != revision)
        var next = try fixture.plan("kimi")
        #expect(fixture.begin(&next).key != nil)
        // One request finds out for all.
        var other = try fixture.plan("kimi")
        #expect(fixture.begin(&other).refusal != nil)
        fixture.succeed(&next)
        #expect(try fixture.breaker(of: "kimi") == .closed)

        fixture.dispatcher.news = []
        fixture.dispatcher.surroundingsChanged(at: fixture.now)
        #expect(fixture.dispatcher.news.isEmpty)
    }
}
