import Metrics
import NIOCore
import NIOEmbedded
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// A pool of keys behind the checks, as the gateway puts it there.
private final class PoolHost: KeyCheckHost {
    let snapshot: GatewaySnapshot
    let pool: Mutex<KeyPool>

    init(_ snapshot: GatewaySnapshot, probing states: Set<KeyState>) throws {
        var policy = snapshot.dispatchPolicy.pool
        policy.probes = [try #require(ProviderName("kimi")): states]
        let pool = KeyPool(keys: snapshot.poolKeys, policy: policy)
        self.snapshot = snapshot.inForce(with: pool.generations)
        self.pool = Mutex(pool)
    }

    func checksDue(at now: Instant, atMost count: Int) -> [KeyGrant] {
        self.pool.withLock { $0.checksDue(at: now, atMost: count) }
    }

    var nextCheck: Instant? { self.pool.withLock { $0.nextCheck } }
    var refreshesWanted: [KeyGrant] { self.pool.withLock { $0.refreshesWanted } }

    func beginCheck(_ grant: KeyGrant, at now: Instant) -> Bool {
        self.pool.withLock { $0.beginCheck(grant, at: now) }
    }

    func endCheck(_ grant: KeyGrant, _ result: KeyCheckResult, at moment: Moment) {
        self.pool.withLock { _ = $0.endCheck(grant, result, at: moment) }
    }

    func wantCheck(of grant: KeyGrant, at now: Instant) {}
}

/// The checks together with the pool that they work for.
@Suite(.timeLimit(.minutes(5)))
struct KeyChecksPoolTests {
    private let loop = EmbeddedEventLoop()
    private let clock = ManualClock()
    private let transport: FakeTransport
    private let host: PoolHost
    private let checks: KeyChecks
    private let label: KeyLabel

    init() throws {
        let snapshot = GatewayFixture.snapshot(
            try GatewayFixture.configuration { $0.keys = try ["alpha", "beta"].map { try GatewayFixture.key($0) } })
        self.host = try PoolHost(snapshot, probing: [.billing, .suspect, .invalid])
        self.transport = FakeTransport(eventLoop: self.loop)
        self.label = try #require(KeyLabel("alpha"))
        self.checks = KeyChecks(
            host: self.host, transport: self.transport, time: self.clock,
            metrics: ProxyMetrics(registry: MetricsRegistry()), logger: GatewayFixture.quiet, eventLoop: self.loop,
            userAgent: "kmid/1", seed: 1)
    }

    private var moment: Moment { Moment(instant: self.clock.now(), wallTime: self.clock.wallTime()) }

    /// Lets time pass, every call being answered with what `answer` says of the credential.
    private func run(for seconds: Int, _ answer: (String) -> (Int, String)) {
        for _ in 0..<seconds {
            self.clock.advance(by: .seconds(1))
            self.loop.advanceTime(by: .seconds(1))
            for transfer in self.transport.transfers where !transfer.isOver {
                let (status, body) = answer(transfer.credential ?? "")
                transfer.answer(status, ["Content-Type": "application/json"], body)
            }
        }
    }

    private func fail(_ failure: KeyFailure) throws {
        let (now, moment) = (self.clock.now(), self.moment)
        try self.host.pool.withLock { pool in
            let grant = try #require(pool.grant(of: self.label))
            _ = pool.record(.failed(failure), on: grant, request: 1, model: nil, begun: now, at: moment)
        }
        self.checks.wake()
        self.loop.run()
    }

    private func key() throws -> KeySnapshot {
        let now = self.clock.now()
        return try #require(self.host.pool.withLock { $0.snapshots(at: now) }.first { $0.label == self.label })
    }

    private func stop() {
        self.checks.end()
        self.loop.run()
    }

    @Test("a refused key is asked about when its rest is over, and comes back by itself")
    func bringsKeysBack() throws {
        self.checks.start()
        self.loop.run()
        let usages = KeyChecksFixture.usages
        self.run(for: 60) { _ in (200, usages) }
        try self.fail(KeyFailure(.providerAuthFailed, scope: .wholeKey))
        #expect(try self.key().state == .suspect)
        self.run(for: 40) { _ in (401, #"{"error":{"type":"invalid_authentication_error","message":"x"}}"#) }
        #expect(try self.key().state != .usable)
        self.run(for: 180) { _ in (200, usages) }
        #expect(try self.key().state == .usable)
        self.stop()
    }

    @Test("a key that is used up until nobody knows when rests until the reset that the panel tells (X-002)")
    func findsTheReset() throws {
        self.checks.start()
        self.loop.run()
        self.run(for: 150) { _ in (200, KeyChecksFixture.usages) }
        try self.fail(KeyFailure(.providerQuotaExhausted, scope: .wholeKey, window: "7d"))
        let reset = self.clock.wallTime() + .seconds(20_000)
        let body = #"{"usage":{"limit":"100","used":"100","resetTime":"\#(reset.rfc3339)"}}"#
        self.run(for: 5) { _ in (200, body) }
        let key = try self.key()
        #expect(key.state == .exhausted)
        let rest = try #require(key.usableAt) - self.clock.now()
        #expect((19_900...20_100).contains(rest.seconds))
        self.stop()
    }

    @Test("a full window by the panel exhausts a key until its reset although the week has room (X-002)")
    func exhaustsByThePanel() throws {
        self.checks.start()
        self.loop.run()
        let reset = (self.clock.wallTime() + .seconds(3_600)).rfc3339
        let body = """
            {"usage":{"limit":"100","used":"75"},"limits":[{"window":{"duration":300,"timeUnit":"TIME_UNIT_MINUTE"},
             "detail":{"limit":"10","used":"10","resetTime":"\(reset)"}}]}
            """
        self.run(for: 40) { credential in (200, credential == "Bearer sk-alpha" ? body : KeyChecksFixture.usages) }
        let key = try self.key()
        #expect(key.state == .exhausted)
        #expect(Set(key.windows.map(\.name)) == ["5h", "7d"])
        let rest = try #require(key.usableAt) - self.clock.now()
        #expect((3_500...3_600).contains(rest.seconds))
        self.stop()
    }
}
