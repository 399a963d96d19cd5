import NIOCore
import NIOEmbedded
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1)))
struct KeyChecksTests {
    private static func json(_ transfer: FakeTransfer, status: Int = 200, _ body: String) {
        transfer.answer(status, ["Content-Type": "application/json"], body)
    }

    // MARK: Usage

    @Test("asks each key's provider with that key's secret, and as itself")
    func asksWithTheRightSecret() throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.providers.append(try GatewayFixture.provider("other", kind: .moonshot))
            configuration.keys.append(try GatewayFixture.key("delta", provider: "other"))
        }
        fixture.start()
        fixture.advance(by: .seconds(30))
        #expect(
            Set(fixture.transfers.map { "\($0.request.origin)\($0.request.target) \($0.credential ?? "")" }) == [
                "https://api.kimi.com/coding/v1/usages Bearer sk-alpha",
                "https://api.kimi.com/coding/v1/usages Bearer sk-beta",
                "https://api.kimi.com/coding/v1/usages Bearer sk-gamma",
                "https://other.example/api/v1/users/me/balance Bearer sk-delta",
            ])
        #expect(fixture.transfers.allSatisfy { $0.request.headers.first("User-Agent") == "kmid/1.2.3" })
        #expect(fixture.transfers.allSatisfy { $0.request.method == "GET" })
        fixture.end()
    }

    @Test(
        "asks each kind at the address of its own",
        arguments: [
            (ProviderKind.deepSeek, "https://x.example", "/user/balance"),
            (.deepSeek, "https://x.example/v1", "/user/balance"),
            (.openRouter, "https://x.example/api/v1", "/api/v1/key"),
            (.moonshot, "https://x.example/v1", "/v1/users/me/balance"),
            (.kimi, "https://x.example/coding/v1", "/coding/v1/usages"),
        ])
    func asksAtItsAddress(kind: ProviderKind, base: String, target: String) throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.providers = [try GatewayFixture.provider("p", kind: kind, base: base)]
            configuration.keys = [try GatewayFixture.key("a", provider: "p")]
        }
        fixture.start()
        fixture.advance(by: .seconds(30))
        #expect(fixture.transfers.map(\.request.target) == [target])
        fixture.end()
    }

    @Test func tellsWhatTheProviderTold() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        let beta = try #require(KeyLabel("beta"))
        _ = fixture.checks.refreshed([beta])
        fixture.loop.run()
        let transfer = try #require(fixture.open.first { $0.credential == "Bearer sk-beta" })
        Self.json(transfer, KeyChecksFixture.usages)
        fixture.loop.run()
        let told = fixture.host.now.told
        #expect(told.map(\.grant.label.text) == ["beta"])
        #expect(told.first?.report.windows.first?.remainingShare == 0.75)
        #expect(fixture.metric("kmi_job_last_success_timestamp_seconds") == 1_767_225_600)
        #expect(fixture.metric("kmi_job_failures_total") == 0)
        // Every key comes again, about an interval later.
        let count = fixture.transfers.count
        fixture.advance(by: .seconds(700))
        #expect(fixture.transfers.count > count)
        fixture.end()
    }

    @Test("a failing refresh is counted, backs off and leaves the others alone (K-027)")
    func backsOff() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        for _ in 0..<600 {
            fixture.advance(by: .seconds(1))
            for transfer in fixture.open {
                if transfer.credential == "Bearer sk-alpha" {
                    transfer.fail(.unreachable)
                } else {
                    Self.json(transfer, KeyChecksFixture.usages)
                }
            }
        }
        let failed = fixture.transfers.count { $0.credential == "Bearer sk-alpha" }
        #expect((4...7).contains(failed))
        #expect(fixture.metric("kmi_job_failures_total") == Double(failed))
        #expect(fixture.transfers.count { $0.credential == "Bearer sk-beta" } >= 2)
        #expect(fixture.host.now.ended.allSatisfy { Self.word($0.result) == Self.expectation(of: $0.grant) })
        fixture.end()
    }

    @Test("a usage server that hangs delays the refresh of twenty keys by one timeout (K-044)")
    func boundsAHangingServer() throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.keys = try (10..<30).map { try GatewayFixture.key("k\($0)") }
        }
        fixture.start()
        // All of them are asked about at once; nobody answers.
        let refreshed = fixture.checks.refreshed(nil)
        fixture.loop.run()
        #expect(fixture.open.count == 20)
        fixture.advance(by: .milliseconds(9_900), step: .milliseconds(100))
        #expect(fixture.open.count == 20)
        fixture.advance(by: .milliseconds(200), step: .milliseconds(100))
        #expect(fixture.open.isEmpty)
        #expect(fixture.transfers.allSatisfy { $0.isCancelled })
        #expect(try refreshed.wait() == 20)
        #expect(fixture.metric("kmi_job_failures_total") == 20)
        fixture.end()
    }

    @Test("one call serves everybody who wants a key's usage (K-032)")
    func sharesFlights() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        let alpha = try #require(KeyLabel("alpha"))
        let answers = (0..<5).map { _ in fixture.checks.refreshed([alpha]) }
        fixture.loop.run()
        #expect(fixture.transfers.count { $0.credential == "Bearer sk-alpha" } == 1)
        let transfer = try #require(fixture.open.first { $0.credential == "Bearer sk-alpha" })
        Self.json(transfer, KeyChecksFixture.usages)
        fixture.loop.run()
        #expect(try answers.map { try $0.wait() } == [1, 1, 1, 1, 1])
        #expect(fixture.host.now.told.count == 1)
        let unknown = fixture.checks.refreshed([try #require(KeyLabel("nobody"))])
        fixture.loop.run()
        #expect(try unknown.wait() == 0)
        fixture.end()
    }

    @Test("nothing is asked at the very start (X-067)")
    func isQuietAtStart() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        fixture.advance(by: .seconds(10))
        #expect(fixture.open.isEmpty)
        fixture.end()
    }

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
        Self.json(try #require(fixture.open.first), status: 401, #"{"error":{"type":"invalid_authentication_error"}}"#)
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

    @Test("a 401 of the usage endpoint is a reason to check the key, and blocks nothing (provider facts 2.2, rule 6)")
    func wantsACheckAfter401() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        fixture.advance(by: .seconds(15))
        let transfer = try #require(fixture.open.first)
        Self.json(transfer, status: 401, #"{"error":{"type":"invalid_authentication_error","message":"x"}}"#)
        fixture.loop.run()
        #expect(fixture.host.now.checksWanted.count == 1)
        #expect(fixture.host.now.ended.map { Self.word($0.result) } == ["inconclusive"])
        #expect(fixture.host.now.told.isEmpty)
        fixture.end()
    }

    @Test func asksSoonForAKeyThatIsUsedUpUntilNobodyKnowsWhen() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        for _ in 0..<160 {
            fixture.advance(by: .seconds(1))
            for transfer in fixture.open { Self.json(transfer, KeyChecksFixture.usages) }
        }
        #expect(fixture.transfers.count == 3)
        let alpha = try fixture.grant("alpha")
        fixture.host.change { $0.wanted = [alpha] }
        fixture.checks.wake()
        fixture.loop.run()
        #expect(fixture.open.map(\.credential) == ["Bearer sk-alpha"])
        fixture.end()
    }

    @Test("reads the key's limit and the account's balance at OpenRouter")
    func readsBothOfOpenRouter() throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.providers = [try GatewayFixture.provider("router", kind: .openRouter)]
            configuration.keys = try ["a", "b"].map { try GatewayFixture.key($0, provider: "router") }
        }
        fixture.start()
        let refreshed = fixture.checks.refreshed(nil)
        fixture.loop.run()
        for transfer in fixture.open { Self.json(transfer, #"{"data":{"limit":10,"limit_remaining":4}}"#) }
        #expect(fixture.open.map(\.request.target) == ["/api/v1/credits", "/api/v1/credits"])
        let open = fixture.open
        Self.json(open[0], #"{"data":{"total_credits":9,"total_usage":2}}"#)
        // Not every key may ask for the balance; its limit counts all the same.
        Self.json(open[1], status: 403, #"{"error":{"code":403,"message":"x"}}"#)
        fixture.loop.run()
        #expect(try refreshed.wait() == 2)
        #expect(fixture.host.now.told.map { $0.report.windows.map(\.name) } == [["limit", "balance"], ["limit"]])
        fixture.end()
    }

    // MARK: Checks

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
        #expect(fixture.host.now.ended.map { Self.word($0.result) } == [result])
        fixture.end()
    }

    private static func expectation(of grant: KeyGrant) -> String {
        grant.label.text == "alpha" ? "inconclusive" : "accepted 1"
    }

    private static func word(_ result: KeyCheckResult) -> String {
        switch result {
        case .accepted(let windows): "accepted \(windows.count)"
        case .refused(let failure): failure.errorClass.rawValue
        case .inconclusive: "inconclusive"
        case .abandoned: "abandoned"
        case .passed: "passed"
        }
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
        Self.json(try #require(fixture.open.first), #"{"status":"maintenance"}"#)
        #expect(fixture.host.now.ended.isEmpty)
        let second = try #require(fixture.open.first)
        #expect(second.request.target == "/coding/v1/models")
        Self.json(second, status: 401, #"{"error":{"type":"invalid_authentication_error","message":"x"}}"#)
        #expect(fixture.host.now.ended.map { Self.word($0.result) } == ["provider_auth_failed"])
        fixture.end()
    }

    @Test("a check and a refresh of the same key are one call (K-032)", arguments: [true, false])
    func sharesWithRefreshes(isRefreshFirst: Bool) throws {
        let fixture = try KeyChecksFixture { $0.keys = [try GatewayFixture.key("alpha")] }
        fixture.start()
        for transfer in fixture.open { Self.json(transfer, KeyChecksFixture.usages) }
        let before = (calls: fixture.transfers.count, ends: fixture.host.now.ended.count)
        if !isRefreshFirst { try fixture.makeDue("alpha") }
        let refreshed = fixture.checks.refreshed([try #require(KeyLabel("alpha"))])
        fixture.loop.run()
        if isRefreshFirst { try fixture.makeDue("alpha") }
        #expect(fixture.transfers.count == before.calls + 1)
        Self.json(try #require(fixture.open.first), KeyChecksFixture.usages)
        fixture.loop.run()
        #expect(try refreshed.wait() == 1)
        #expect(fixture.host.now.ended.dropFirst(before.ends).map { Self.word($0.result) } == ["accepted 1"])
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
        #expect(fixture.host.now.ended.map { Self.word($0.result) } == ["inconclusive"])
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
        #expect(fixture.host.now.ended.map { Self.word($0.result) } == ["inconclusive"])
        #expect(transfer.misuses.isEmpty)
        fixture.end()
    }

    // MARK: Bounds and life

    @Test("makes no call in dry-run, not even when asked to (X-063)")
    func makesNoCallInDryRun() throws {
        let fixture = try KeyChecksFixture { $0.server.dryRun = true }
        fixture.start()
        try fixture.makeDue("alpha")
        let alpha = try fixture.grant("alpha")
        fixture.host.change { $0.wanted = [alpha] }
        let refreshed = fixture.checks.refreshed(nil)
        fixture.advance(by: .seconds(7_200), step: .seconds(60))
        #expect(try refreshed.wait() == 0)
        #expect(fixture.transfers.isEmpty)
        // Once it is over the job goes on by itself.
        let snapshot = try KeyChecksFixture.snapshot()
        fixture.host.change { $0.snapshot = snapshot }
        fixture.advance(by: .seconds(120))
        #expect(!fixture.transfers.isEmpty)
        fixture.end()
    }

    @Test("asks nothing with another secret than the one that is meant (T-015)")
    func asksNothingForOldGrants() throws {
        let fixture = try KeyChecksFixture { $0.providers[0].usageRefresh = nil }
        fixture.start()
        let old = try fixture.grant("alpha", generation: 7)
        let now = fixture.clock.now()
        fixture.host.change { $0.due = [(old, now)] }
        let before = fixture.transfers.count
        fixture.checks.wake()
        fixture.loop.run()
        #expect(fixture.host.now.begun.isEmpty)
        #expect(fixture.transfers.count == before)
        // The same key with the present secret is asked about.
        try fixture.makeDue("alpha")
        #expect(fixture.transfers.count == before + 1)
        fixture.end()
    }

    @Test func asksNothingOfDisabledKeys() throws {
        let fixture = try KeyChecksFixture { $0.keys[0].enabled = false }
        fixture.start()
        fixture.advance(by: .seconds(60))
        #expect(Set(fixture.transfers.compactMap(\.credential)) == ["Bearer sk-beta", "Bearer sk-gamma"])
        fixture.end()
    }

    @Test("ends everything that is under way when it is stopped, and tells nobody wrong (T-012)")
    func stops() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        let refreshed = fixture.checks.refreshed(nil)
        fixture.loop.run()
        try fixture.makeDue("alpha")
        fixture.end()
        #expect(fixture.open.isEmpty)
        #expect(fixture.transfers.allSatisfy { $0.isCancelled && $0.misuses.isEmpty })
        #expect(
            fixture.host.now.ended.map { Self.word($0.result) } == ["abandoned", "abandoned", "abandoned"])
        #expect(try refreshed.wait() == 3)
        let count = fixture.transfers.count
        fixture.advance(by: .seconds(3_600), step: .seconds(60))
        #expect(fixture.transfers.count == count)
        // And begins anew when it is started again.
        fixture.start()
        fixture.advance(by: .seconds(31))
        #expect(fixture.transfers.count == count + 3)
        fixture.end()
    }

    @Test("does not spin on a check that cannot begin")
    func doesNotSpin() throws {
        let fixture = try KeyChecksFixture { $0.providers[0].usageRefresh = nil }
        fixture.start()
        let alpha = try fixture.grant("alpha")
        let now = fixture.clock.now()
        fixture.host.change { state in
            // Somebody else is checking it, and it is told as due all the same.
            state.due = [(alpha, now)]
            state.checking = [alpha]
        }
        fixture.checks.wake()
        fixture.advance(by: .seconds(10), step: .milliseconds(100))
        #expect(fixture.host.now.begun.isEmpty)
        fixture.end()
    }
}
