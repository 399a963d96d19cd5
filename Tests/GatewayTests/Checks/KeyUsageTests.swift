import NIOCore
import NIOEmbedded
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// How the usage of keys is asked for, by itself and when somebody wants it.
@Suite(.timeLimit(.minutes(5)))
struct KeyUsageTests {
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
        transfer.json(KeyChecksFixture.usages)
        fixture.loop.run()
        let told = fixture.host.now.told
        #expect(told.map(\.grant.label.text) == ["beta"])
        #expect(told.first?.windows.first?.remainingShare == 0.75)
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
                    transfer.json(KeyChecksFixture.usages)
                }
            }
        }
        let failed = fixture.transfers.count { $0.credential == "Bearer sk-alpha" }
        #expect((4...7).contains(failed))
        #expect(fixture.metric("kmi_job_failures_total") == Double(failed))
        #expect(fixture.transfers.count { $0.credential == "Bearer sk-beta" } >= 2)
        #expect(
            fixture.host.now.ended.allSatisfy { end in
                end.result.described == (end.grant.label.text == "alpha" ? "inconclusive" : "accepted 1")
            })
        fixture.end()
    }

    @Test("a refresh that failed is made again within a minute, and the job tells of both (T-012, A-009)")
    func recovers() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        var failed: Int?
        var repeated: Int?
        for second in 0..<300 where repeated == nil {
            fixture.advance(by: .seconds(1))
            for transfer in fixture.open {
                guard transfer.credential == "Bearer sk-alpha" else {
                    transfer.json(KeyChecksFixture.usages)
                    continue
                }
                guard failed == nil else {
                    repeated = second
                    transfer.json(KeyChecksFixture.usages)
                    continue
                }
                failed = second
                transfer.fail(.unreachable)
                let job = fixture.checks.job.snapshot
                #expect(job.failures == 1 && job.consecutiveFailures == 1)
                #expect(job.lastError.contains("unreachable"), "\(job.lastError)")
            }
        }
        #expect(try #require(repeated) - #require(failed) <= 60)
        let job = fixture.checks.job.snapshot
        #expect(job.failures == 1 && job.consecutiveFailures == 0 && job.lastStart != nil && job.lastSuccess != nil)
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
        // They were asked together: the job has failed once.
        let job = fixture.checks.job.snapshot
        #expect(job.failures == 1 && job.consecutiveFailures == 1 && !job.isRunning)
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
        transfer.json(KeyChecksFixture.usages)
        fixture.loop.run()
        #expect(try answers.map { try $0.wait() } == [1, 1, 1, 1, 1])
        #expect(fixture.host.now.told.count == 1)
        let unknown = fixture.checks.refreshed([try #require(KeyLabel("nobody"))])
        fixture.loop.run()
        #expect(try unknown.wait() == 0)
        fixture.end()
    }

    @Test("a 401 of the usage endpoint is a reason to check the key, and blocks nothing (provider facts 2.2, rule 6)")
    func wantsACheckAfter401() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        fixture.advance(by: .seconds(15))
        let transfer = try #require(fixture.open.first)
        transfer.json(status: 401, #"{"error":{"type":"invalid_authentication_error","message":"x"}}"#)
        fixture.loop.run()
        #expect(fixture.host.now.checksWanted.count == 1)
        #expect(fixture.host.now.ended.map { $0.result.described } == ["inconclusive"])
        #expect(fixture.host.now.told.isEmpty)
        fixture.end()
    }

    @Test func asksSoonForAKeyThatIsUsedUpUntilNobodyKnowsWhen() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        for _ in 0..<160 {
            fixture.advance(by: .seconds(1))
            for transfer in fixture.open { transfer.json(KeyChecksFixture.usages) }
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
        for transfer in fixture.open { transfer.json(#"{"data":{"limit":10,"limit_remaining":4}}"#) }
        #expect(fixture.open.map(\.request.target) == ["/api/v1/credits", "/api/v1/credits"])
        let open = fixture.open
        open[0].json(#"{"data":{"total_credits":9,"total_usage":2}}"#)
        // Not every key may ask for the balance; its limit counts all the same.
        open[1].json(status: 403, #"{"error":{"code":403,"message":"x"}}"#)
        fixture.loop.run()
        #expect(try refreshed.wait() == 2)
        #expect(fixture.host.now.told.map { $0.windows.map(\.name) } == [["limit", "balance"], ["limit"]])
        fixture.end()
    }
}
