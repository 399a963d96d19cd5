import NIOCore
import NIOEmbedded
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// How a provider is asked whether it takes a key, and what its answer is taken for.
@Suite(.timeLimit(.minutes(5)))
struct KeyProbeTests {
    @Test("whoever wants to know whether a key is taken shares one call, and hears what it came to (K-032)")
    func probesWhenAsked() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        fixture.loop.run()
        let alpha = try #require(KeyLabel("alpha"))
        let answers = (0..<3).map { _ in fixture.checks.probed(alpha) }
        let nobody = fixture.checks.probed(try #require(KeyLabel("nobody")))
        fixture.loop.run()
        #expect(try nobody.wait() == nil)
        #expect(fixture.open.count == 1)
        try #require(fixture.open.first).json(status: 401, #"{"error":{"type":"invalid_authentication_error"}}"#)
        fixture.loop.run()
        for answer in answers {
            guard case .refused(let failure)? = try answer.wait() else {
                Issue.record("it was not refused")
                continue
            }
            #expect(failure.errorClass == .providerAuthFailed)
        }
        #expect(fixture.host.now.ended.count == 1)
        let later = fixture.checks.probed(alpha)
        fixture.loop.run()
        fixture.end()
        #expect(try later.wait() == nil, "given up at the end")
    }

    @Test(
        "a check is what the provider says of the key, and nothing if it says nothing",
        arguments: [
            (ProviderKind.kimi, 200, KeyChecksFixture.usages, "accepted 1"),
            (.kimi, 401, #"{"error":{"type":"invalid_authentication_error","message":"x"}}"#, "provider_auth_failed"),
            (.kimi, 402, #"{"error":{"message":"unable to verify your membership benefits"}}"#, "provider_billing"),
            (
                .kimi, 403,
                #"{"error":{"type":"access_terminated_error","message":"You've reached your weekly (7-day) usage limit"}}"#,
                "provider_quota_exhausted"
            ),
            (
                .kimi, 403,
                #"{"error":{"type":"access_terminated_error","message":"Kimi For Coding is currently only available for Coding Agents such as Kimi CLI"}}"#,
                "inconclusive"
            ),
            (.kimi, 429, #"{"error":{"type":"rate_limit_reached_error","message":"x"}}"#, "provider_rate_limited"),
            (.kimi, 500, "{}", "inconclusive"), (.kimi, 302, "", "inconclusive"),
            (.openAI, 200, #"{"data":[]}"#, "passed"), (.compatible, 404, "not found", "inconclusive"),
            (.openAI, 401, #"{"error":{"code":"invalid_api_key","message":"x"}}"#, "provider_auth_failed"),
            (.openAI, 503, "{}", "inconclusive"), (.anthropic, 200, "{}", "passed"),
            (
                .gemini, 400, #"{"error":{"status":"INVALID_ARGUMENT","message":"API key not valid"}}"#,
                "provider_auth_failed"
            ),
        ])
    func checks(kind: ProviderKind, status: Int, body: String, result: String) throws {
        let fixture = try KeyChecksFixture { configuration in
            var provider = Configuration.Provider(name: try #require(ProviderName("p")), kind: kind)
            if kind == .compatible { provider = try GatewayFixture.provider("p") }
            provider.usageRefresh = nil
            configuration.providers = [provider]
            configuration.keys = [try GatewayFixture.key("a", provider: "p")]
        }
        fixture.start()
        try fixture.makeDue("a")
        let transfer = try #require(fixture.open.first)
        transfer.answer(status, ["Content-Type": "application/json"], body.isEmpty ? " " : body)
        fixture.loop.run()
        #expect(fixture.host.now.begun.count == 1)
        #expect(fixture.host.now.ended.map { $0.result.described } == [result])
        fixture.end()
    }

    @Test(arguments: [
        (ProviderKind.anthropic, "/v1/models", "sk-a"), (.openAI, "/v1/models", "Bearer sk-a"),
        (.gemini, "/v1beta/openai/models", "Bearer sk-a"),
    ])
    func checksAtTheListOfModels(kind: ProviderKind, target: String, credential: String) throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.providers = [Configuration.Provider(name: try #require(ProviderName("p")), kind: kind)]
            configuration.keys = [try GatewayFixture.key("a", provider: "p")]
        }
        fixture.start()
        fixture.advance(by: .seconds(3_600), step: .seconds(60))
        #expect(fixture.transfers.isEmpty)
        try fixture.makeDue("a")
        #expect(fixture.transfers.map(\.request.target) == [target])
        #expect(fixture.transfers.map(\.credential) == [credential])
        #expect(fixture.transfers[0].request.headers.contains("anthropic-version") == (kind == .anthropic))
        fixture.end()
    }

    @Test("what is not understood does not unblock a key; the list of models may")
    func asksForModelsInstead() throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.keys = [try GatewayFixture.key("a")]
            configuration.providers[0].usageRefresh = nil
        }
        fixture.start()
        try fixture.makeDue("a")
        try #require(fixture.open.first).json(#"{"status":"maintenance"}"#)
        #expect(fixture.host.now.ended.isEmpty)
        let second = try #require(fixture.open.first)
        #expect(second.request.target == "/coding/v1/models")
        second.json(status: 401, #"{"error":{"type":"invalid_authentication_error","message":"x"}}"#)
        #expect(fixture.host.now.ended.map { $0.result.described } == ["provider_auth_failed"])
        fixture.end()
    }

    @Test("a check and a refresh of the same key are one call (K-032)", arguments: [true, false])
    func sharesWithRefreshes(isRefreshFirst: Bool) throws {
        let fixture = try KeyChecksFixture { $0.keys = [try GatewayFixture.key("alpha")] }
        fixture.start()
        for transfer in fixture.open { transfer.json(KeyChecksFixture.usages) }
        let before = (calls: fixture.transfers.count, ends: fixture.host.now.ended.count)
        if !isRefreshFirst { try fixture.makeDue("alpha") }
        let refreshed = fixture.checks.refreshed([try #require(KeyLabel("alpha"))])
        fixture.loop.run()
        if isRefreshFirst { try fixture.makeDue("alpha") }
        #expect(fixture.transfers.count == before.calls + 1)
        try #require(fixture.open.first).json(KeyChecksFixture.usages)
        fixture.loop.run()
        #expect(try refreshed.wait() == 1)
        #expect(fixture.host.now.ended.dropFirst(before.ends).map { $0.result.described } == ["accepted 1"])
        fixture.end()
    }

    @Test("a check that hangs ends without a word about the key")
    func endsChecksThatHang() throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.keys = [try GatewayFixture.key("a")]
            configuration.providers[0].usageRefresh = nil
        }
        fixture.start()
        try fixture.makeDue("a")
        fixture.advance(by: .seconds(11))
        #expect(fixture.host.now.ended.map { $0.result.described } == ["inconclusive"])
        #expect(fixture.open.isEmpty)
        fixture.end()
    }

    @Test func readsNoEndlessAnswer() throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.keys = [try GatewayFixture.key("a")]
            configuration.providers[0].usageRefresh = nil
        }
        fixture.start()
        try fixture.makeDue("a")
        let transfer = try #require(fixture.open.first)
        transfer.head(200)
        for _ in 0..<17 { transfer.body(ByteBuffer(repeating: 0x20, count: 64 * 1024)) }
        #expect(transfer.isCancelled)
        #expect(fixture.host.now.ended.map { $0.result.described } == ["inconclusive"])
        #expect(transfer.misuses.isEmpty)
        fixture.end()
    }
}
