import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import Simulator

@Suite(.timeLimit(.minutes(5)))
struct SimulatorServerTests {
    private static func scenario(_ action: FaultAction, requests: RequestNumbers = .all) -> Scenario {
        Scenario(rules: [.init(requests: requests, action: action)])
    }

    private static func chat(_ model: String = "gpt-sim", stream: Bool = false) -> JSONValue {
        Requests.chat(model, [("stream", .bool(stream))])
    }

    @Test func countsPerKeyWhatItAnswered() async throws {
        try await LiveSimulator.with(Self.scenario(FaultAction(status: 429), requests: .every(3))) { server in
            for key in ["a", "b", "a"] {
                let request = LiveSimulator.request("POST", "/v1/chat/completions", Self.chat(), key: key)
                _ = try await LiveSimulator.exchange(server, request)
            }
            let stats = try await LiveSimulator.exchange(server, LiveSimulator.request("GET", "/sim/stats"))
            #expect(stats.contains(#""a":{"requests":2,"completed":2"#))
            let snapshot = server.core.stats.snapshot
            #expect(snapshot.keys["a"]?.statuses == [200: 1, 429: 1])
            #expect(snapshot.keys["b"]?.statuses == [200: 1])
            #expect(snapshot.totals.requests == 3)
            #expect(snapshot.connections.opened == 3)
        }
    }

    @Test func keepsTheTargetAndTheHeadersAsTheyCame() async throws {
        try await LiveSimulator.with { server in
            let request =
                "GET /coding/v1/x//y;z=%2F? HTTP/1.1\r\nHoSt: a\r\nX-Two: 1\r\nx-two: 2\r\nConnection: close\r\n\r\n"
            let answer = try await LiveSimulator.exchange(server, request)
            #expect(answer.contains(#""target":"/coding/v1/x//y;z=%2F?""#))
            let entry = server.core.ring.last(1).first
            #expect(entry?.target == "/coding/v1/x//y;z=%2F?")
            #expect(entry?.headers.prefix(3) == [.init("HoSt", "a"), .init("X-Two", "1"), .init("x-two", "2")])
        }
    }

    @Test("sees at once that the peer has left", arguments: ["sim-stall-5", "sim-events-10000000-bytes-1024"])
    func noticesThatThePeerLeft(model: String) async throws {
        try await LiveSimulator.with { server in
            try await LiveSimulator.withConnection(server) { inbound, outbound in
                let request = LiveSimulator.request("POST", "/v1/chat/completions", Self.chat(model, stream: true))
                try await outbound.write(ByteBuffer(string: request))
                for try await _ in inbound { break }
            }
            let core = server.core
            #expect(await LiveSimulator.eventually { core.stats.snapshot.totals.aborted == 1 })
            #expect(core.stats.snapshot.totals.inFlight == 0)
        }
    }

    @Test func stopsMakingEventsWhenNobodyReads() async throws {
        try await LiveSimulator.with { server in
            let parts = server.addresses.http[0].split(separator: ":")
            // Never asked to read, the client's socket fills and so does the simulator's.
            let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.autoRead, value: false)
                .connect(host: String(parts[0]), port: Int(parts[1]) ?? 0).get()
            let body = Self.chat("sim-events-10000000-bytes-65536", stream: true)
            let request = LiveSimulator.request("POST", "/v1/chat/completions", body)
            try await client.writeAndFlush(ByteBuffer(string: request))
            let core = server.core
            #expect(await LiveSimulator.eventually { core.stats.snapshot.totals.bytesSent > 1 << 20 })
            try await client.close()
            #expect(await LiveSimulator.eventually { core.stats.snapshot.totals.aborted == 1 })
            #expect(core.stats.snapshot.totals.bytesSent < 64 << 20)
        }
    }

    @Test func breaksOffAfterSoManyEvents() async throws {
        let action = FaultAction(cut: .init(place: .afterEvents(5)))
        try await LiveSimulator.with(Self.scenario(action)) { server in
            let request = LiveSimulator.request("POST", "/v1/chat/completions", Self.chat(stream: true))
            let answer = try await LiveSimulator.exchange(server, request)
            #expect(answer.components(separatedBy: "data: ").count == 6)
            #expect(!answer.hasSuffix("0\r\n\r\n"))
            #expect(server.core.stats.snapshot.totals.cut == 1)
        }
    }

    @Test func breaksOffAfterSoManyBytes() async throws {
        let action = FaultAction(cut: .init(place: .afterBytes(10)))
        try await LiveSimulator.with(Self.scenario(action)) { server in
            let request = LiveSimulator.request("POST", "/v1/chat/completions", Self.chat())
            let answer = try await LiveSimulator.exchange(server, request)
            #expect(answer.components(separatedBy: "\r\n\r\n").last?.utf8.count == 10)
        }
    }

    @Test(arguments: [
        ("/v1/chat/completions", "data: {\"error\":{"), ("/v1/messages", "event: error\ndata: {\"type\":\"error\""),
        ("/v1/responses", "event: error\ndata: {\"type\":\"error\",\"sequence_number\":3"),
    ])
    func sendsTheErrorEventOfTheDialect(target: String, expected: String) async throws {
        try await LiveSimulator.with(Self.scenario(FaultAction(errorEventAfter: 3))) { server in
            let body = Self.chat(stream: true).adding("max_tokens", 10).adding("input", "hello")
            let answer = try await LiveSimulator.exchange(server, LiveSimulator.request("POST", target, body))
            #expect(answer.contains(expected))
            #expect(answer.hasSuffix("\r\n0\r\n\r\n"))
            #expect(!answer.contains("[DONE]"))
        }
    }

    @Test func answersBeforeTheBodyHasArrived() async throws {
        try await LiveSimulator.with(Self.scenario(FaultAction(status: 413, earlyAnswer: true))) { server in
            let head =
                "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"
            let answer = try await LiveSimulator.exchange(server, head)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test(arguments: FaultAction.Framing.allCases)
    func writesEveryWrongFraming(_ framing: FaultAction.Framing) async throws {
        let action = FaultAction(framing: framing, closeConnection: true)
        try await LiveSimulator.with(Self.scenario(action)) { server in
            let request = LiveSimulator.request("POST", "/v1/chat/completions", Self.chat())
            let answer = try await LiveSimulator.exchange(server, request)
            let pattern =
                switch framing {
                case .twoContentLengths: "content-length: [0-9]+\r\ncontent-length: [0-9]+\r\n"
                case .contentLengthAndChunked: "content-length: [0-9]+\r\ntransfer-encoding: chunked\r\n"
                case .badChunkSize: "\r\n\r\nzz\r\n"
                case .shortBody: "content-length: 779\r\n"
                case .garbage: "this is no HTTP"
                case .bareLineFeed: "^HTTP/1.1 200 OK\ncontent-type"
                case .foldedHeader: "x-folded: first part,\r\n second part\r\n"
                case .unexpected101: "^HTTP/1.1 101 "
                case .early100: "^HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
                case .headOnlyClose: "content-length: 679\r\n\r\n$"
                }
            let found = answer.range(of: pattern, options: .regularExpression)
            #expect(found != nil, "\(answer.prefix(500))")
        }
    }

    @Test func answersPipelinedRequestsInTheirOrder() async throws {
        try await LiveSimulator.with { server in
            let names = ["k3", "gpt-sim", "claude-sim"]
            let requests = names.map {
                LiveSimulator.request("GET", "/v1/models/\($0)", closes: $0 == names.last)
            }
            let answer = try await LiveSimulator.exchange(server, requests.joined())
            let found = names.compactMap { answer.range(of: "\"id\":\"\($0)\"")?.lowerBound }
            #expect(found.count == 3)
            #expect(found == found.sorted())
            #expect(server.core.stats.snapshot.connections.requestsOnReused == 2)
        }
    }

    @Test func takesANewScenarioAtRunTime() async throws {
        try await LiveSimulator.with { server in
            let bad: JSONValue = ["rules": [["action": ["status": 9]]]]
            let refused = try await LiveSimulator.exchange(server, LiveSimulator.request("PUT", "/sim/scenario", bad))
            #expect(refused.hasPrefix("HTTP/1.1 400 "))
            #expect(refused.contains("rules[0].action.status"))
            let good: JSONValue = ["rules": [["action": ["error": "kimi.permission_error"]]]]
            _ = try await LiveSimulator.exchange(server, LiveSimulator.request("PUT", "/sim/scenario", good))
            let request = LiveSimulator.request("POST", "/coding/v1/chat/completions", Self.chat())
            #expect(try await LiveSimulator.exchange(server, request).hasPrefix("HTTP/1.1 403 "))
        }
    }

    @Test("writes keys that only their owner can read, and counts refused handshakes")
    func opensListenersWithGoodAndBadCertificates() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        try await LiveSimulator.with(tlsDirectory: directory) { server in
            #expect(Set(server.addresses.tls.keys) == ["good", "expired", "wrong-host", "self-signed"])
            let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/good.key")
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(try #require(server.addresses.authorityFile))
            let context = try NIOSSLContext(configuration: configuration)
            for (name, address) in server.addresses.tls {
                let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
                let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                            try channel.pipeline.syncOperations.addHandler(handler)
                        }
                    }
                    .connect(host: "127.0.0.1", port: port).get()
                let core = server.core
                #expect(
                    await LiveSimulator.eventually {
                        let counters = core.stats.snapshot.tls[name] ?? .init()
                        return counters.handshakesCompleted + counters.handshakesFailed == 1
                    }
                )
                let counters = try #require(core.stats.snapshot.tls[name])
                #expect(counters.handshakesCompleted == (name == "good" ? 1 : 0), "\(name)")
                #expect(counters.requests == 0)
                client.close(promise: nil)
            }
        }
    }

    @Test func listensOnAUnixSocket() async throws {
        let path = "/tmp/sim-\(UUID().uuidString.prefix(8)).sock"
        defer { unlink(path) }
        var options = SimulatorServer.Options()
        options.listen = [.unix(path: path)]
        let server = try await SimulatorServer.start(options)
        #expect(server.addresses.unix == [path])
        #expect(server.addresses.line.contains("\"unix\":[\"\(path)\"]"))
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: path).get()
        try await client.writeAndFlush(ByteBuffer(string: LiveSimulator.request("GET", "/v1/models")))
        let core = server.core
        #expect(await LiveSimulator.eventually { core.stats.snapshot.totals.completed == 1 })
        client.close(promise: nil)
        try await server.stop()
    }

    @Test(arguments: ["127.0.0.1", "unix:relative", ":1", "127.0.0.1:70000", ""])
    func refusesOtherAddresses(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
