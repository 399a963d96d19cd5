import Metrics
import NIOCore
import NIOEmbedded
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Keys that a test keeps, and what the checks told of them.
final class FakeKeyCheckHost: KeyCheckHost {
    struct State {
        var snapshot: GatewaySnapshot
        /// The keys that a check decides on, and from when on.
        var due: [(grant: KeyGrant, from: Instant)] = []
        var wanted: [KeyGrant] = []
        var checking: Set<KeyGrant> = []
        var begun: [KeyGrant] = []
        var ended: [(grant: KeyGrant, result: KeyCheckResult)] = []
        /// Whose windows were told, and which ones.
        var told: [(grant: KeyGrant, windows: [UsageWindow])] {
            self.ended.compactMap { end in
                if case .accepted(let windows) = end.result { (end.grant, windows) } else { nil }
            }
        }
        var checksWanted: [KeyGrant] = []
    }

    private let state: Mutex<State>

    init(_ snapshot: GatewaySnapshot) {
        self.state = Mutex(State(snapshot: snapshot))
    }

    var now: State { self.state.withLock { $0 } }
    func change(_ body: (inout sending State) -> Void) { self.state.withLock { body(&$0) } }

    var snapshot: GatewaySnapshot { self.now.snapshot }
    var refreshesWanted: [KeyGrant] { self.now.wanted }

    func checksDue(at now: Instant, atMost count: Int) -> [KeyGrant] {
        let state = self.now
        return Array(
            state.due.filter { $0.from <= now && !state.checking.contains($0.grant) }.map(\.grant).prefix(count))
    }

    var nextCheck: Instant? {
        let state = self.now
        return state.due.filter { !state.checking.contains($0.grant) }.map(\.from).min()
    }

    func beginCheck(_ grant: KeyGrant, at now: Instant) -> Bool {
        self.state.withLock { state in
            guard state.checking.insert(grant).inserted else { return false }
            state.begun.append(grant)
            return true
        }
    }

    func endCheck(_ grant: KeyGrant, _ result: KeyCheckResult, at moment: Moment) {
        self.state.withLock { state in
            state.checking.remove(grant)
            state.due.removeAll { $0.grant == grant }
            state.ended.append((grant, result))
        }
    }

    func wantCheck(of grant: KeyGrant, at now: Instant) {
        self.state.withLock { $0.checksWanted.append(grant) }
    }
}

/// The checks on a loop whose time a test moves, with providers played by the test.
final class KeyChecksFixture {
    let loop = EmbeddedEventLoop()
    let clock = ManualClock()
    let metrics = ProxyMetrics(registry: MetricsRegistry())
    let transport: FakeTransport
    let host: FakeKeyCheckHost
    let checks: KeyChecks

    static func snapshot(
        generation: UInt64 = 0, _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws -> GatewaySnapshot {
        let snapshot = GatewayFixture.snapshot(try GatewayFixture.configuration(change))
        return snapshot.inForce(
            with: Dictionary(uniqueKeysWithValues: snapshot.poolKeys.map { ($0.label, generation) }))
    }

    init(_ change: (inout Configuration) throws -> Void = { _ in }) throws {
        self.transport = FakeTransport(eventLoop: self.loop)
        self.host = FakeKeyCheckHost(try Self.snapshot(change))
        self.checks = KeyChecks(
            host: self.host, transport: self.transport, time: self.clock, metrics: self.metrics,
            logger: GatewayFixture.quiet, eventLoop: self.loop, userAgent: "kmid/1.2.3", seed: 1)
    }

    var transfers: [FakeTransfer] { self.transport.transfers }
    var open: [FakeTransfer] { self.transfers.filter { !$0.isOver } }

    func grant(_ label: String, generation: UInt64 = 0) throws -> KeyGrant {
        KeyGrant(label: try #require(KeyLabel(label)), generation: generation)
    }

    func start() {
        self.checks.start()
        self.loop.run()
    }

    /// Lets time pass, in steps so that both clocks agree whenever something happens.
    func advance(by duration: Duration, step: Duration = .seconds(1)) {
        var left = duration
        while left > .zero {
            let part = min(left, step)
            self.clock.advance(by: part)
            self.loop.advanceTime(by: .nanoseconds(part.nanoseconds))
            left -= part
        }
    }

    /// Makes a check of a key due now.
    func makeDue(_ label: String) throws {
        let grant = try self.grant(label)
        let now = self.clock.now()
        self.host.change { $0.due.append((grant, now)) }
        self.checks.wake()
        self.loop.run()
    }

    func end() {
        self.checks.end()
        self.loop.run()
    }

    func metric(_ name: String) -> Double {
        var bytes: [UInt8] = []
        self.metrics.registry.render(ExpositionFormat.negotiate(accept: nil), into: &bytes)
        return MetricsText(String(decoding: bytes, as: UTF8.self)).sum(name, ["job": "usage"])
    }

    static let usages = #"{"usage":{"limit":"100","used":"25"}}"#
}

extension FakeTransfer {
    /// Answers with a whole body in JSON.
    func json(status: Int = 200, _ body: String) {
        self.answer(status, ["Content-Type": "application/json"], body)
    }
}

extension KeyCheckResult {
    /// The result in a word, and with what it brought.
    var described: String {
        switch self {
        case .accepted(let windows): "accepted \(windows.count)"
        case .refused(let facts): facts.errorClass.rawValue
        case .inconclusive: "inconclusive"
        case .abandoned: "abandoned"
        case .passed: "passed"
        }
    }
}
