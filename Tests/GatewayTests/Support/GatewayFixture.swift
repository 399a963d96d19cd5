import Logging
import Metrics
import NIOCore
import NIOEmbedded
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// A gateway on a loop whose time a test moves, with callers and providers played by the test.
final class GatewayFixture {
    let loop = EmbeddedEventLoop()
    let clock = ManualClock()
    /// How the gateway reads ``clock``.
    let readings: ProbedClock
    let metrics = ProxyMetrics(registry: MetricsRegistry())
    let transport: FakeTransport
    let observer = RecordingObserver()
    let gateway: Gateway
    private(set) var exchanges: [FakeExchange] = []

    static let userID: UInt32 = 1000
    /// A logger that says nothing.
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let token = "token-of-ci"
    static let installationKey = [UInt8](repeating: 7, count: 32)

    /// Three keys of one provider and a client.
    static func configuration(_ change: (inout Configuration) throws -> Void = { _ in }) throws -> Configuration {
        var configuration = Configuration()
        let kimi = try #require(ProviderName("kimi"))
        configuration.providers = [Configuration.Provider(name: kimi, kind: .kimi)]
        configuration.keys = try ["alpha", "beta", "gamma"].map { try Self.key($0) }
        configuration.clients = [try Self.client("ci")]
        // Repeats come at once, so that tests see them without moving the time.
        configuration.retry.base = .zero
        try change(&configuration)
        return configuration
    }

    static func key(_ label: String, provider: String = "kimi") throws -> Configuration.Key {
        Configuration.Key(
            label: try #require(KeyLabel(label)), provider: try #require(ProviderName(provider)),
            secret: .store(id: label))
    }

    static func client(_ name: String) throws -> Configuration.Client {
        Configuration.Client(name: try #require(ClientName(name)), token: .store(id: name))
    }

    /// A second provider, of another kind and address.
    static func provider(
        _ name: String, kind: ProviderKind = .compatible, base: String = "https://other.example/api/v1"
    ) throws -> Configuration.Provider {
        var provider = Configuration.Provider(name: try #require(ProviderName(name)), kind: kind)
        provider.openAIBase = try UpstreamBase(parsing: base)
        return provider
    }

    /// A table with one model.
    static let prices = Result {
        let table =
            #"{"m-1":{"input_cost_per_token":1e-06,"output_cost_per_token":2e-06,"#
            + #""cache_read_input_token_cost":1e-07}}"#
        return try PriceList(table: PriceTable(parsing: Array(table.utf8)))
    }

    static func snapshot(_ configuration: Configuration) -> GatewaySnapshot {
        GatewaySnapshot(
            configuration: configuration,
            keySecrets: Dictionary(
                uniqueKeysWithValues: configuration.keys.map { ($0.label, Secret(bytes: "sk-\($0.label)".utf8)) }),
            clientTokens: Dictionary(
                uniqueKeysWithValues: configuration.clients.map { ($0.name, Secret(bytes: "token-of-\($0.name)".utf8)) }
            ),
            installationKey: Self.installationKey
        )
    }

    init(
        counts: UsageCounts = UsageCounts(), observer: (any GatewayObserver)? = nil, logger: Logger = quiet,
        _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws {
        self.readings = ProbedClock(self.clock)
        self.transport = FakeTransport(eventLoop: self.loop)
        self.gateway = Gateway(
            snapshot: Self.snapshot(try Self.configuration(change)),
            transport: self.transport,
            metrics: self.metrics,
            time: self.readings,
            spool: nil,
            userID: Self.userID,
            logger: logger,
            counts: counts,
            observer: observer ?? self.observer,
            prices: try Self.prices.get()
        )
    }

    // MARK: Requests

    static let json: HeaderFields = [
        "Host": "localhost", "Authorization": "Bearer \(token)", "Content-Type": "application/json",
    ]

    /// The fields of a request of the client `ci`, with others added or, where the value is empty, taken away.
    static func fields(_ changes: [(String, String)] = []) -> HeaderFields {
        var fields = self.json
        for (name, value) in changes {
            fields.remove(name)
            if !value.isEmpty { fields.add(name: name, value: value) }
        }
        return fields
    }

    /// Begins a request without sending its body.
    func open(
        _ method: String = "POST", _ target: String = "/v1/chat/completions", _ fields: HeaderFields = json,
        transport: ConnectionInfo.Transport = .tcp(peer: "127.0.0.1"), certificate: ClientCertificate? = nil
    ) -> FakeExchange {
        let exchange = FakeExchange(
            eventLoop: self.loop,
            connection: ConnectionInfo(
                transport: transport, isTLS: certificate != nil, certificate: certificate,
                id: UInt64(self.exchanges.count)))
        self.exchanges.append(exchange)
        let handler = self.gateway.respond(
            to: RequestHead(method: method, target: target, headers: fields), on: exchange)
        exchange.handler = handler
        self.loop.run()
        return exchange
    }

    /// Sends a whole request with a JSON body.
    func post(
        _ body: String = #"{"model":"m","messages":[]}"#, _ target: String = "/v1/chat/completions",
        _ changes: [(String, String)] = [], transport: ConnectionInfo.Transport = .tcp(peer: "127.0.0.1"),
        certificate: ClientCertificate? = nil
    ) -> FakeExchange {
        var fields = Self.fields(changes)
        fields.add(name: "Content-Length", value: String(body.utf8.count))
        let exchange = self.open("POST", target, fields, transport: transport, certificate: certificate)
        if exchange.isBodyWanted {
            exchange.send(ByteBuffer(string: body))
            exchange.sendEnd()
        }
        self.loop.run()
        return exchange
    }

    // MARK: Time and what became of it

    /// Lets time pass on both clocks.
    func advance(by duration: Duration) {
        self.clock.advance(by: duration)
        self.loop.advanceTime(by: .nanoseconds(duration.nanoseconds))
    }

    var transfers: [FakeTransfer] { self.transport.transfers }

    /// The transfers that are attempts of requests, and not fetches of model lists.
    var attempts: [FakeTransfer] { self.transfers.filter { !$0.isModelList } }

    /// The present transfer; there has to be one.
    func transfer(_ index: Int? = nil) throws -> FakeTransfer {
        let index = index ?? self.transfers.count - 1
        return try #require(self.transfers.indices.contains(index) ? self.transfers[index] : nil)
    }

    func key(_ label: String) throws -> KeySnapshot {
        try #require(self.gateway.dispatcher.snapshots(at: self.clock.now()).first { $0.label.text == label })
    }

    /// Runs what was put off.
    func run() { self.loop.run() }

    /// The sum of the series of a name that carry at least these labels.
    ///
    /// What was put off is run first: requests are counted when the listener says that they are over.
    func metric(_ name: String, _ labels: [String: String] = [:]) -> Double {
        self.run()
        return self.scraped.sum(name, labels)
    }

    /// The metrics as they are scraped.
    var scraped: MetricsText {
        var bytes: [UInt8] = []
        self.metrics.registry.render(ExpositionFormat.negotiate(accept: nil), into: &bytes)
        return MetricsText(String(decoding: bytes, as: UTF8.self))
    }

    /// What must hold when all requests are over: every count is back at zero, nothing was counted twice, and nobody
    /// broke the rules of the protocols between the parts.
    func expectAllSettled(sourceLocation: SourceLocation = #_sourceLocation) {
        self.loop.run()
        for exchange in self.exchanges {
            #expect(exchange.isOver, sourceLocation: sourceLocation)
            #expect(exchange.misuses.isEmpty, sourceLocation: sourceLocation)
        }
        for transfer in self.transfers {
            #expect(transfer.isOver, sourceLocation: sourceLocation)
            #expect(transfer.misuses.isEmpty, sourceLocation: sourceLocation)
        }
        for key in self.gateway.dispatcher.snapshots(at: self.clock.now()) {
            #expect(key.inFlight == 0, sourceLocation: sourceLocation)
        }
        #expect(self.gateway.gate.occupancy == (0, 0), sourceLocation: sourceLocation)
        let metrics = self.scraped
        let answered = self.exchanges.count { $0.head != nil }
        #expect(metrics.sum("kmi_in_flight_requests") == 0, sourceLocation: sourceLocation)
        #expect(metrics.sum("kmi_active_streams") == 0, sourceLocation: sourceLocation)
        #expect(metrics.sum("kmi_requests_total") == Double(answered), sourceLocation: sourceLocation)
        #expect(
            metrics.sum("kmi_request_duration_seconds_count") == Double(self.exchanges.count),
            sourceLocation: sourceLocation)
        #expect(
            metrics.sum("kmi_overhead_seconds_count") == Double(self.exchanges.count), sourceLocation: sourceLocation)
        #expect(
            metrics.sum("kmi_upstream_attempts_total") == Double(self.attempts.count), sourceLocation: sourceLocation)
        let records = self.observer.records
        #expect(records.count == self.exchanges.count, sourceLocation: sourceLocation)
        #expect(records.reduce(0) { $0 + $1.attempts.count } == self.attempts.count, sourceLocation: sourceLocation)
        #expect(
            metrics.sum("kmi_key_requests_total") == Double(records.reduce(0) { $0 + $1.lastAttempts.count }),
            sourceLocation: sourceLocation)
    }
}

/// A clock that calls somebody whenever a gateway reads it.
final class ProbedClock: TimeSource {
    private let clock: ManualClock
    private let probe = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ clock: ManualClock) {
        self.clock = clock
    }

    /// Calls this from now on; `nil` for nobody.
    func call(_ probe: (@Sendable () -> Void)?) { self.probe.withLock { $0 = probe } }

    func now() -> Instant {
        self.probe.withLock { $0 }?()
        return self.clock.now()
    }

    func wallTime() -> WallTime { self.clock.wallTime() }
}

/// Random numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
