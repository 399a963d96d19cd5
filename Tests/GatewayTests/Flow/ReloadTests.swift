import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Which secret a request sends, and where, when a reload comes in the middle of it (T-015).
struct ReloadTests {
    private static let body = #"{"model":"m"}"#
    private static let json: HeaderFields = ["Content-Type": "application/json"]

    /// A configuration in force whose keys have other secrets than the fixture's own.
    private static func renewed(
        _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws -> GatewaySnapshot {
        let configuration = try GatewayFixture.configuration(change)
        return GatewaySnapshot(
            configuration: configuration,
            keySecrets: Dictionary(
                uniqueKeysWithValues: configuration.keys.map { ($0.label, Secret(bytes: "new-\($0.label)".utf8)) }),
            clientTokens: [
                try #require(configuration.clients.first).name: Secret(bytes: GatewayFixture.token.utf8)
            ],
            installationKey: GatewayFixture.installationKey)
    }

    /// A configuration whose only provider lies elsewhere.
    private static func moved(_ configuration: inout Configuration) throws {
        configuration.providers[0].openAIBase = try UpstreamBase(parsing: "https://moved.example/v1")
    }

    /// A request whose body has not come yet.
    private static func open(_ fixture: GatewayFixture) -> FakeExchange {
        fixture.open(
            "POST", "/v1/chat/completions", GatewayFixture.fields([("Content-Length", "\(self.body.utf8.count)")]))
    }

    private static func complete(_ exchange: FakeExchange) {
        exchange.send(ByteBuffer(string: self.body))
        exchange.sendEnd()
    }

    @Test("a secret that was renewed since the request began is sent, and it is the one that is blamed (T-015)")
    func sendsRenewedSecret() throws {
        let fixture = try GatewayFixture { $0.keys = [try GatewayFixture.key("alpha")] }
        let exchange = Self.open(fixture)
        fixture.gateway.apply(try Self.renewed { $0.keys = [try GatewayFixture.key("alpha")] })
        Self.complete(exchange)
        #expect(try fixture.transfer().credential == "Bearer new-alpha")
        try fixture.transfer().answer(401, Self.json, "{}")
        #expect(try fixture.key("alpha").state == .suspect)
        fixture.expectAllSettled()
    }

    @Test("what an attempt with the former secret meets says nothing about the new one", arguments: [401, 200])
    func sparesNewSecret(status: Int) throws {
        let fixture = try GatewayFixture { $0.keys = [try GatewayFixture.key("alpha")] }
        _ = fixture.post()
        fixture.gateway.apply(try Self.renewed { $0.keys = [try GatewayFixture.key("alpha")] })
        // A rest of the new secret, which the old one's success must not end.
        let alpha = try #require(KeyLabel("alpha"))
        _ = fixture.post()
        try fixture.transfer(1).answer(429, ["Content-Type": "application/json", "Retry-After": "600"])
        #expect(try fixture.key("alpha").state == .cooling)
        try fixture.transfer(0).answer(status, Self.json, "{}")
        #expect(try fixture.key("alpha").state == .cooling)
        #expect(fixture.observer.transitions.filter { $0.key == alpha }.map(\.new) == [.cooling])
        fixture.expectAllSettled()
    }

    @Test("no secret goes to an address that it was not configured for (T-015)")
    func keepsSecretsApart() throws {
        let fixture = try GatewayFixture { $0.keys = [try GatewayFixture.key("alpha")] }
        let exchange = Self.open(fixture)
        fixture.gateway.apply(
            try Self.renewed { configuration in
                configuration.keys = [try GatewayFixture.key("alpha")]
                try Self.moved(&configuration)
            })
        Self.complete(exchange)
        // What it began with, as a whole: the former secret at the former address.
        let transfer = try fixture.transfer()
        #expect(transfer.request.origin.host != "moved.example")
        #expect(transfer.credential == "Bearer sk-alpha")
        transfer.answer(401, Self.json, "{}")
        #expect(exchange.status == 502)
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.observer.transitions.isEmpty)
        // Who comes later gets the new one.
        _ = fixture.post()
        #expect(try fixture.transfer().request.origin.host == "moved.example")
        #expect(try fixture.transfer().credential == "Bearer new-alpha")
        try fixture.transfer().answer(200)
        fixture.expectAllSettled()
    }

    @Test("a key that came in together with another address of its provider is not for a request from before")
    func passesNewKeyAtNewAddress() throws {
        let fixture = try GatewayFixture { $0.keys = [try GatewayFixture.key("alpha")] }
        let exchange = Self.open(fixture)
        fixture.gateway.apply(
            try Self.renewed { configuration in
                configuration.keys = [try GatewayFixture.key("delta")]
                try Self.moved(&configuration)
            })
        Self.complete(exchange)
        #expect(fixture.transfers.isEmpty)
        #expect(exchange.status == 503)
        fixture.expectAllSettled()
    }

    @Test("another address of the provider ends the rests of its keys, another mode does not")
    func newAddressStartsAnew() throws {
        let fixture = try GatewayFixture()
        _ = fixture.post()
        try fixture.transfer(0).answer(401, Self.json, "{}")
        try fixture.transfer(1).answer(200)
        fixture.run()
        #expect(try fixture.key("alpha").state == .suspect)
        fixture.gateway.apply(GatewayFixture.snapshot(try GatewayFixture.configuration { $0.rotation.mode = .sticky }))
        #expect(try fixture.key("alpha").state == .suspect)
        fixture.gateway.apply(
            GatewayFixture.snapshot(try GatewayFixture.configuration { try Self.moved(&$0) }))
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.observer.transitions.map(\.new) == [.suspect, .usable])
    }

    @Test("a list of models is not asked for with the secret of another provider")
    func listsWithOwnSecret() throws {
        let other = try GatewayFixture.provider("other")
        let fixture = try GatewayFixture { configuration in
            configuration.providers.append(other)
            configuration.keys = [try GatewayFixture.key("alpha")]
        }
        let exchange = Self.open(fixture)
        // The key moves to the other provider, with another secret.
        fixture.gateway.apply(
            try Self.renewed { configuration in
                configuration.providers.append(other)
                configuration.keys = [try GatewayFixture.key("alpha", provider: "other")]
            })
        Self.complete(exchange)
        for transfer in fixture.transfers where transfer.request.origin.host == "other.example" {
            #expect(transfer.credential == "Bearer new-alpha")
        }
        #expect(fixture.transfers.contains { $0.request.origin.host == "other.example" })
        exchange.leave()
        for transfer in fixture.transfers { transfer.complete() }
    }

    @Test("a list of models from a provider's former address is not kept")
    func dropsListOfFormerAddress() throws {
        let other = try GatewayFixture.provider("other")
        let fixture = try GatewayFixture { configuration in
            configuration.providers.append(other)
            configuration.keys.append(try GatewayFixture.key("delta", provider: "other"))
        }
        let exchange = Self.open(fixture)
        fixture.gateway.apply(
            GatewayFixture.snapshot(
                try GatewayFixture.configuration { configuration in
                    configuration.providers.append(
                        try GatewayFixture.provider("other", base: "https://moved.example/v1"))
                    configuration.keys.append(try GatewayFixture.key("delta", provider: "other"))
                }))
        Self.complete(exchange)
        #expect(fixture.transfers.filter(\.isModelList).contains { $0.request.origin.host == "other.example" })
        for transfer in fixture.transfers where transfer.isModelList {
            transfer.answer(200, Self.json, #"{"data":[{"id":"x"}]}"#)
        }
        fixture.run()
        try fixture.transfer().answer(200)
        _ = fixture.post()
        #expect(fixture.transfers.filter(\.isModelList).contains { $0.request.origin.host == "moved.example" })
        fixture.exchanges.last?.leave()
        for transfer in fixture.transfers where transfer.isModelList { transfer.answer(200) }
        fixture.run()
    }
}
