import NIOCore
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// What is known of a request when it is over (X-059), and how it counts (K-035).
struct RequestRecordTests {
    private static let chat = #"{"model":"kimi-k2","messages":[]}"#

    /// The only record; there has to be one.
    private static func record(of fixture: GatewayFixture) throws -> RequestRecord {
        fixture.run()
        #expect(fixture.observer.records.count == 1)
        return try #require(fixture.observer.records.first)
    }

    @Test("a request leaves one record with the trail of its attempts (X-059)")
    func trail() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(
            Self.chat, "/v1/chat/completions", [("X-Request-Id", "mine"), ("X-KMI-Project", "shop")])
        fixture.advance(by: .milliseconds(20))
        try fixture.transfer(0).answer(429, ["Content-Type": "application/json"], #"{"error":{}}"#)
        fixture.advance(by: .milliseconds(30))
        try fixture.transfer(1).answer(200)
        let record = try Self.record(of: fixture)
        #expect(exchange.status == 200)
        #expect(record.id == "mine")
        #expect(record.client?.text == "ci")
        #expect(record.project == "shop")
        #expect(record.dialect == .openai)
        #expect(record.model?.text == "kimi-k2")
        #expect(record.provider?.text == "kimi")
        #expect(record.key?.text == "beta")
        #expect(record.status == 200)
        #expect(record.errorClass == nil)
        #expect(record.outcome == .complete)
        #expect(record.duration == .milliseconds(50))
        #expect(record.firstByte == .milliseconds(50))
        #expect(record.attempts.map(\.key.text) == ["alpha", "beta"])
        #expect(record.attempts.map(\.errorClass) == [.providerRateLimited, nil])
        #expect(record.attempts.map(\.status) == [429, 200])
        #expect(record.attempts.map(\.duration) == [.milliseconds(20), .milliseconds(30)])
        fixture.expectAllSettled()
    }

    @Test(
        "a client's project counts where the request names none, and a refused request counts for it too (X-013)",
        arguments: [([], "thesis"), ([("X-KMI-Project", "shop")], "shop"), ([("X-KMI-Key", "nobody")], "thesis")]
            as [([(String, String)], String)])
    func defaultProject(fields: [(String, String)], project: String) throws {
        let fixture = try GatewayFixture { $0.clients[0].project = "thesis" }
        _ = fixture.post(Self.chat, "/v1/chat/completions", fields)
        if !fields.contains(where: { $0.0 == "X-KMI-Key" }) { try fixture.transfer(0).answer(200) }
        #expect(try Self.record(of: fixture).project == project)
        fixture.expectAllSettled()
    }

    @Test("an alias is recorded as the caller named it")
    func alias() throws {
        let fixture = try GatewayFixture { configuration in
            let fast = Configuration.ModelAlias(
                name: try #require(ModelName("fast")),
                targets: [
                    Configuration.ModelAlias.Target(
                        provider: try #require(ProviderName("kimi")), model: try #require(ModelName("kimi-k2")))
                ])
            configuration.models = [fast]
        }
        _ = fixture.post(#"{"model":"fast","messages":[]}"#)
        try fixture.transfer(0).answer(200)
        #expect(try Self.record(of: fixture).model?.text == "fast")
    }

    @Test("a refused request has no attempt")
    func refused() throws {
        let fixture = try GatewayFixture()
        _ = fixture.post(Self.chat, "/v1/chat/completions", [("Authorization", "Bearer wrong")])
        let record = try Self.record(of: fixture)
        #expect(record.outcome == .refused)
        #expect(record.status == 401)
        #expect(record.client == nil)
        #expect(record.attempts.isEmpty)
    }

    @Test("a caller that leaves")
    func left() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(Self.chat)
        exchange.leave()
        let record = try Self.record(of: fixture)
        #expect(record.outcome == .left)
        #expect(record.status == 0)
        #expect(record.firstByte == nil)
        #expect(record.errorClass == .callerCancelled)
        #expect(record.attempts.map(\.errorClass) == [.callerCancelled])
    }

    @Test("a stream that breaks off is cut")
    func cut() throws {
        let fixture = try GatewayFixture()
        _ = fixture.post(Self.chat)
        let transfer = try fixture.transfer(0)
        transfer.takeBody()
        transfer.head(200, ["Content-Type": "text/event-stream"])
        transfer.body("data: {}\n\n")
        transfer.fail(.closedDuringAnswer)
        let record = try Self.record(of: fixture)
        #expect(record.outcome == .cut)
        #expect(record.isStream)
        #expect(record.status == 200)
        #expect(record.attempts.map(\.status) == [200])
        #expect(record.attempts.first?.errorClass != nil)
    }

    @Test("an answer that the clock ended has timed out")
    func timedOut() throws {
        let fixture = try GatewayFixture {
            $0.upstream.firstByteTimeout = .seconds(1)
            $0.retry.maxAttempts = 1
        }
        let exchange = fixture.post(Self.chat)
        try fixture.transfer(0).takeBody()
        fixture.advance(by: .seconds(2))
        let record = try Self.record(of: fixture)
        #expect(exchange.status == 504)
        #expect(record.outcome == .timedOut)
        #expect(record.errorClass == .providerTimeout)
    }

    @Test("counts go on from where an earlier process stopped (K-013)")
    func seededCounts() throws {
        var counts = UsageCounts()
        let id = UsageCounts.KeyID(
            label: try #require(KeyLabel("alpha")), provider: try #require(ProviderName("kimi")))
        counts.keys[id] = UsageCounts.Key()
        counts.keys[id]?.outcomes = ["ok": 41]
        let fixture = try GatewayFixture(counts: counts)
        #expect(fixture.metric("kmi_key_requests_total", ["key": "alpha", "outcome": "ok"]) == 41)
        _ = fixture.post(Self.chat)
        try fixture.transfer(0).answer(200)
        #expect(fixture.metric("kmi_key_requests_total", ["key": "alpha", "outcome": "ok"]) == 42)
        #expect(fixture.gateway.counts.key(id)?.requests == 42)
        #expect(fixture.gateway.counts.client(try #require(ClientName("ci")))?.requests == 1)
    }

    @Test("keys that are gone take no series from those that are there (K-013, K-031)")
    func presentKeysFirst() throws {
        var counts = UsageCounts()
        let kimi = try #require(ProviderName("kimi"))
        var used = UsageCounts.Key()
        used.outcomes = ["ok": 7]
        for label in (0..<20_000).map({ "gone-\($0)" }) + ["alpha", "beta", "gamma"] {
            counts.keys[UsageCounts.KeyID(label: try #require(KeyLabel(label)), provider: kimi)] = used
        }
        let fixture = try GatewayFixture(counts: counts)
        for label in ["alpha", "beta", "gamma"] {
            #expect(fixture.metric("kmi_key_requests_total", ["key": label, "outcome": "ok"]) == 7)
        }
    }

    @Test("a request counts once for each key that it used, by its last attempt there (K-035)")
    func countsOncePerKey() throws {
        let fixture = try GatewayFixture()
        _ = fixture.post(Self.chat)
        // The idle connection had died: the same key is asked again.
        try fixture.transfer(0).fail(.closedBeforeAnswer, sent: true, reused: true)
        try fixture.transfer(1).answer(200)
        #expect(fixture.transfers.count == 2)
        #expect(fixture.metric("kmi_upstream_attempts_total") == 2)
        #expect(fixture.metric("kmi_key_requests_total", ["key": "alpha", "outcome": "ok"]) == 1)
        #expect(fixture.metric("kmi_key_requests_total") == 1)
        fixture.expectAllSettled()
    }

    @Test("a request that no key can take is refused, before any attempt (X-059)")
    func refusedWithoutKey() throws {
        let fixture = try GatewayFixture { configuration in
            for index in configuration.keys.indices { configuration.keys[index].enabled = false }
        }
        let exchange = fixture.post(Self.chat)
        let record = try Self.record(of: fixture)
        #expect(exchange.status == 503)
        #expect(record.outcome == .refused)
        #expect(record.errorClass == .daemonNoUsableKey)
        #expect(fixture.metric("kmi_rejected_total", ["reason": "no_usable_key"]) == 1)
    }

    @Test("a request that was answered after attempts is not refused")
    func answeredAfterAttempts() throws {
        let fixture = try GatewayFixture { $0.retry.maxAttempts = 1 }
        let exchange = fixture.post(Self.chat)
        try fixture.transfer(0).fail(.closedBeforeAnswer)
        let record = try Self.record(of: fixture)
        #expect(exchange.status == 502)
        #expect(record.outcome == .complete)
        #expect(fixture.metric("kmi_rejected_total") == 0)
    }

    @Test("an attempt that is ended from outside is not blamed for what failed before it (K-035)")
    func endedFromOutside() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(Self.chat)
        try fixture.transfer(0).answer(429, ["Content-Type": "application/json"], #"{"error":{}}"#)
        exchange.drop()
        let record = try Self.record(of: fixture)
        #expect(record.attempts.map(\.key.text) == ["alpha", "beta"])
        #expect(record.attempts.map(\.errorClass) == [.providerRateLimited, .daemonInternal])
        let beta = UsageCounts.KeyID(
            label: try #require(KeyLabel("beta")), provider: try #require(ProviderName("kimi")))
        #expect(fixture.gateway.counts.key(beta)?.errors == [.daemonInternal: 1])
        fixture.expectAllSettled()
    }

    @Test("a key keeps its place while a request tries it again (K-026)")
    func keepsPlace() throws {
        let fixture = try GatewayFixture()
        _ = fixture.post(Self.chat)
        let hadNobody = Flag()
        let gateway = fixture.gateway
        fixture.readings.call {
            let keys = gateway.dispatcher.snapshots(at: Instant(nanoseconds: 0))
            if keys.first(where: { $0.label.text == "alpha" })?.inFlight == 0 { hadNobody.raise() }
        }
        try fixture.transfer(0).fail(.closedBeforeAnswer, sent: true, reused: true)
        fixture.readings.call(nil)
        #expect(fixture.transfers.count == 2)
        #expect(!hadNobody.isRaised)
        try fixture.transfer(1).answer(200)
        fixture.expectAllSettled()
    }
}

/// Whether something happened.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { self.state.withLock { $0 } }
    func raise() { self.state.withLock { $0 = true } }
}
