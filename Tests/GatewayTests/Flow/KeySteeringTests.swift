import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// What people and time do with keys, seen from the requests.
struct KeySteeringTests {
    private static let kimi = ProviderName("kimi")

    private static func label(_ text: String) throws -> KeyLabel { try #require(KeyLabel(text)) }

    /// Sends a request that is answered, and tells which key it used.
    private static func use(_ fixture: GatewayFixture) throws -> String? {
        let exchange = fixture.post()
        try fixture.transfer().answer(200)
        fixture.run()
        return exchange.header("x-kmi-key")
    }

    @Test("the next request uses the key that a rotation reports (K-013)", arguments: RotationMode.allCases)
    func rotation(mode: RotationMode) throws {
        let fixture = try GatewayFixture { $0.rotation.mode = mode }
        let kimi = try #require(Self.kimi)
        for wanted in ["gamma", "alpha", "beta", "beta"] {
            let rotation = try fixture.gateway.rotate(to: Self.label(wanted), of: kimi)
            #expect(rotation.key.text == wanted)
            #expect(fixture.gateway.nextKey(of: kimi)?.text == wanted)
            #expect(try Self.use(fixture) == wanted)
        }
        let rotation = try fixture.gateway.rotate(to: nil, of: kimi)
        #expect(try Self.use(fixture) == rotation.key.text)
    }

    @Test("one 429 is told exactly twice, whoever notices first (K-013)", arguments: [true, false])
    func twoTransitions(isTimerFirst: Bool) throws {
        let fixture = try GatewayFixture()
        let timer = KeyRecoveryTimer(gateway: fixture.gateway, eventLoop: fixture.loop)
        timer.start()
        let exchange = fixture.post()
        try fixture.transfer(0).answer(429, ["Content-Type": "application/json", "Retry-After": "2"])
        try fixture.transfer(1).answer(200)
        fixture.run()
        #expect(exchange.status == 200)
        #expect(fixture.observer.transitions.map(\.new) == [.cooling])
        if isTimerFirst {
            fixture.advance(by: .seconds(3))
        } else {
            // The clock of requests is past the deadline, the loop has not come to the timer yet.
            fixture.clock.advance(by: .seconds(3))
        }
        for _ in 0..<4 { _ = try Self.use(fixture) }
        fixture.advance(by: .seconds(3))
        #expect(fixture.observer.transitions.map(\.new) == [.cooling, .usable])
        #expect(Set(fixture.observer.transitions.map(\.key.text)) == ["alpha"])
    }

    @Test("a reset brings a key back and forgets its errors")
    func reset() throws {
        let fixture = try GatewayFixture()
        _ = fixture.post()
        try fixture.transfer(0).answer(429, ["Content-Type": "application/json", "Retry-After": "600"])
        try fixture.transfer(1).answer(200)
        fixture.run()
        let alpha = try Self.label("alpha")
        let id = UsageCounts.KeyID(label: alpha, provider: try #require(Self.kimi))
        #expect(fixture.gateway.counts.key(id)?.errors == [.providerRateLimited: 1])
        #expect(try fixture.key("alpha").state == .cooling)
        fixture.gateway.resetKey(alpha)
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.gateway.counts.key(id)?.errors == [:])
        #expect(fixture.gateway.counts.key(id)?.requests == 1)
        #expect(fixture.observer.transitions.map(\.new) == [.cooling, .usable])
    }

    @Test("rests and turns survive into the next process (K-013)")
    func memory() throws {
        let first = try GatewayFixture()
        _ = first.post()
        try first.transfer(0).answer(429, ["Content-Type": "application/json", "Retry-After": "600"])
        try first.transfer(1).answer(200)
        first.run()
        #expect(first.observer.moves > 0)
        let second = try GatewayFixture()
        second.gateway.restore(first.gateway.memory())
        #expect(try second.key("alpha").state == .cooling)
        #expect(try second.key("alpha").reason == .providerRateLimited)
        #expect(try Self.use(second) == "gamma")
        #expect(try Self.use(second) == "beta")
    }

    @Test("a disabled key is told, and never chosen")
    func disabled() throws {
        let fixture = try GatewayFixture()
        fixture.gateway.apply(
            GatewayFixture.snapshot(try GatewayFixture.configuration { $0.keys[0].enabled = false }))
        #expect(fixture.observer.transitions.map(\.new) == [.disabled])
        for _ in 0..<4 { #expect(try Self.use(fixture) != "alpha") }
    }

    @Test("a change that concerns no provider leaves the lists of models alone")
    func keepsModelLists() throws {
        let fixture = try GatewayFixture { configuration in
            let other = try GatewayFixture.provider("other")
            configuration.providers.append(other)
            configuration.keys.append(try GatewayFixture.key("delta", provider: "other"))
        }
        func lists() -> Int { fixture.transfers.count { $0.isModelList } }
        _ = fixture.post()
        for transfer in fixture.transfers where transfer.isModelList {
            transfer.answer(200, ["Content-Type": "application/json"], #"{"data":[{"id":"m"}]}"#)
        }
        fixture.run()
        let before = lists()
        #expect(before > 0)
        var changed = fixture.gateway.snapshot.configuration
        changed.rotation.mode = .sticky
        fixture.gateway.apply(GatewayFixture.snapshot(changed))
        _ = fixture.post()
        #expect(lists() == before)
        changed.providers.removeLast()
        changed.providers.append(try GatewayFixture.provider("other", base: "https://moved.example/v1"))
        fixture.gateway.apply(GatewayFixture.snapshot(changed))
        _ = fixture.post()
        #expect(lists() > before)
    }

    @Test("a dry run takes turns and a person's word as real requests do, so that what it shows is true (X-063)")
    func dryRunTakesTurns() throws {
        let fixture = try GatewayFixture { $0.server.dryRun = true }
        #expect(fixture.post().header("x-kmi-key") == "alpha")
        #expect(fixture.post().header("x-kmi-key") == "beta")
        _ = try fixture.gateway.rotate(to: Self.label("beta"), of: try #require(Self.kimi))
        #expect(fixture.post().header("x-kmi-key") == "beta")
        #expect(fixture.post().header("x-kmi-key") == "gamma")
        #expect(fixture.transfers.isEmpty)
        let kimi = try #require(Self.kimi)
        for label in ["alpha", "beta", "gamma"] {
            #expect(fixture.gateway.counts.key(UsageCounts.KeyID(label: try Self.label(label), provider: kimi)) == nil)
        }
        fixture.expectAllSettled()
    }
}
