import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Requests, providers, callers and clocks that do as they please: whatever happens, each request ends once and every
/// count returns to zero (K-025, K-035).
struct RequestFlowFuzzTests {
    private static let bodies = [
        #"{"model":"m","stream":true}"#, #"{"model":"k2","messages":[]}"#, #"{"messages":[]}"#, "not json",
        #"{"model":"m","model":"m"}"#,
    ]

    private static func fixture() throws -> GatewayFixture {
        try GatewayFixture { configuration in
            configuration.providers.append(try GatewayFixture.provider("other", kind: .openAI))
            configuration.keys.append(try GatewayFixture.key("omega", provider: "other"))
            configuration.keys[0].inFlight = 2
            let kimi = try #require(ProviderName("kimi"))
            let other = try #require(ProviderName("other"))
            configuration.models = [
                Configuration.ModelAlias(
                    name: try #require(ModelName("k2")),
                    targets: [
                        .init(provider: other, model: try #require(ModelName("om"))),
                        .init(provider: kimi, model: try #require(ModelName("km"))),
                    ])
            ]
            configuration.limits.inFlight = 6
            configuration.limits.queue = 2
            configuration.limits.queueTimeout = .seconds(5)
            configuration.upstream.firstByteTimeout = .seconds(20)
            configuration.upstream.idleTimeout = .seconds(8)
            configuration.upstream.totalTimeout = .seconds(60)
            configuration.server.limits.requestBody = 2000
            configuration.server.limits.responseBody = 3000
        }
    }

    /// A caller: sends what is left of its body when it is asked to.
    private final class Caller {
        let exchange: FakeExchange
        var rest: ByteBuffer
        var hasEnded = false

        init(exchange: FakeExchange, body: String) {
            self.exchange = exchange
            self.rest = ByteBuffer(string: body)
        }

        func step(_ generator: inout SeededGenerator) {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0..<8:
                guard self.exchange.isBodyWanted, !self.hasEnded else { return }
                let count = min(self.rest.readableBytes, Int.random(in: 1..<20, using: &generator))
                if let piece = self.rest.readSlice(length: count), count > 0 {
                    self.exchange.send(piece)
                } else {
                    self.hasEnded = true
                    self.exchange.sendEnd()
                }
            case 8: self.exchange.setWritable(false)
            case 9: self.exchange.setWritable(true)
            case 10 where Int.random(in: 0..<8, using: &generator) == 0: self.exchange.leave()
            case 11 where Int.random(in: 0..<16, using: &generator) == 0: self.exchange.drop()
            default: break
            }
        }
    }

    private static let failures: [UpstreamFailure.Kind] = [
        .unreachable, .tls, .pinMismatch, .connectTimeout, .closedBeforeAnswer, .closedDuringAnswer, .protocolViolation,
        .internalFault,
    ]

    private static func stepProvider(_ transfer: FakeTransfer, hasHead: inout Bool, _ generator: inout SeededGenerator)
    {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<3: transfer.takeBody()
        case 3..<5 where !hasHead:
            hasHead = true
            let status =
                [200, 200, 200, 204, 400, 401, 402, 403, 404, 429, 429, 500, 502, 503, 504, 529]
                .randomElement(using: &generator) ?? 200
            let type =
                ["application/json", "text/event-stream", "audio/wav", ""].randomElement(using: &generator) ?? ""
            var headers: HeaderFields = type.isEmpty ? [:] : ["Content-Type": type]
            if status == 429, Bool.random(using: &generator) { headers.add(name: "Retry-After", value: "3") }
            transfer.head(status, headers)
        case 5..<8 where hasHead:
            let piece =
                [
                    "data: 1\n\n", "data: 2", "\n", "\r\n\r\n", "{}", String(repeating: "x", count: 700), ": alive\n\n",
                    #"data: {"choices":[]}"#, #"data: {"error":{"type":"rate_limit_error"}}"# + "\n\n",
                ]
                .randomElement(using: &generator) ?? ""
            transfer.body(piece)
        case 8 where hasHead: transfer.complete()
        case 9 where Int.random(in: 0..<3, using: &generator) == 0:
            let kind = Self.failures.randomElement(using: &generator) ?? .unreachable
            transfer.fail(kind, sent: Bool.random(using: &generator), reused: Bool.random(using: &generator))
        default: break
        }
    }

    @Test("every request ends once, whatever happens (K-025, K-035)", .timeLimit(.minutes(5)), arguments: 1...150)
    func anything(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let fixture = try Self.fixture()
        var callers: [Caller] = []
        var heads: [ObjectIdentifier: Bool] = [:]
        for _ in 0..<400 {
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<2 where callers.count < 30:
                callers.append(Self.makeCaller(fixture, &generator))
            case 2..<9:
                callers.randomElement(using: &generator)?.step(&generator)
            case 9..<17:
                guard let transfer = fixture.transfers.filter({ !$0.isOver }).randomElement(using: &generator) else {
                    continue
                }
                Self.stepProvider(transfer, hasHead: &heads[ObjectIdentifier(transfer), default: false], &generator)
            case 17: fixture.advance(by: .milliseconds(Int.random(in: 1..<4000, using: &generator)))
            case 18: fixture.run()
            default: break
            }
            self.checkWhileRunning(fixture)
        }
        // Everybody comes to an end: callers leave, or the clocks do their work.
        if Bool.random(using: &generator) {
            for caller in callers { caller.exchange.leave() }
            fixture.run()
            #expect(fixture.attempts.allSatisfy { $0.isOver })
            // Model lists are fetched for everybody, and end by a timeout of their own.
            fixture.advance(by: .seconds(10))
        } else {
            for caller in callers { caller.exchange.setWritable(true) }
            for _ in 0..<100 {
                for caller in callers where caller.exchange.isBodyWanted { caller.step(&generator) }
                fixture.advance(by: .seconds(10))
            }
            // Those whose body never came whole; a listener ends them by its own timeout.
            for caller in callers where !caller.exchange.isOver { caller.exchange.drop() }
        }
        fixture.expectAllSettled()
    }

    private static func makeCaller(_ fixture: GatewayFixture, _ generator: inout SeededGenerator) -> Caller {
        let body = Self.bodies.randomElement(using: &generator) ?? ""
        var changes = [("Content-Type", Bool.random(using: &generator) ? "application/json" : "audio/wav")]
        if Bool.random(using: &generator) {
            changes.append(("Content-Length", String(body.utf8.count)))
        } else {
            changes.append(("Transfer-Encoding", "chunked"))
        }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: changes.append(("Authorization", "Bearer wrong"))
        case 1: changes.append(("X-KMI-Key", "beta"))
        case 2..<5: changes.append(("X-KMI-Session", "s\(Int.random(in: 0..<3, using: &generator))"))
        default: break
        }
        let target = ["/v1/chat/completions", "/v1/messages", "/p/other/x", "/nowhere"].randomElement(using: &generator)
        return Caller(
            exchange: fixture.open("POST", target ?? "/v1/x", GatewayFixture.fields(changes)), body: body)
    }

    private func checkWhileRunning(_ fixture: GatewayFixture) {
        let running = fixture.attempts.count { !$0.isOver }
        let counted = fixture.gateway.dispatcher.snapshots(at: fixture.clock.now()).reduce(0) { $0 + $1.inFlight }
        #expect(counted >= running)
        #expect(fixture.gateway.gate.occupancy.inside <= 6)
        #expect(fixture.gateway.gate.occupancy.waiting <= 2)
        for exchange in fixture.exchanges where exchange.end != nil && exchange.isOver {
            #expect(exchange.misuses.isEmpty)
        }
    }
}
