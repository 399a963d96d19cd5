import Foundation
import NIOCore
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import CurlClient

/// Transfers that nobody wants any more, and what is left of them.
@Suite(.timeLimit(.minutes(5)))
struct CancellationTests {
    /// Answers and then waits for the client to go.
    @Sendable private static func answerAndWait(_ connection: RawConnection, _ number: Int) throws {
        guard try connection.readHead() != nil else { return }
        try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        connection.readUntilEnd()
    }

    enum Moment: CaseIterable {
        case wantsBody, head, body
    }

    @Test("cancelling from within a callback ends everything at once (T-010)", arguments: Moment.allCases)
    func cancelsFromCallbacks(moment: Moment) async throws {
        try await RawServer.with(script: Self.answerAndWait) { server in
            try await ClientFixture.with { fixture in
                let isPost = moment == .wantsBody
                let request = UpstreamRequest.to(
                    server,
                    method: isPost ? "POST" : "GET",
                    body: isPost ? .length(3) : .none
                )
                let running = try await fixture.start(request) { exchange in
                    switch moment {
                    case .wantsBody: exchange.onWantsBody = { $0.cancel() }
                    case .head: exchange.onHead = { $0.cancel() }
                    case .body: exchange.onBody = { $0.cancel() }
                    }
                }
                let outcome = try await running.outcome()
                #expect(outcome.offences == [])
                #expect(outcome.bodyBytes == (moment == .body ? 3 : 0))
                #expect(fixture.client.statistics.activeTransfers == 0)
                #expect(fixture.client.statistics.openSockets == 0)
                // Again, and with calls that come too late.
                try await running.control { exchange in
                    exchange.transfer?.cancel()
                    exchange.transfer?.resumeReading()
                    exchange.transfer?.send(ByteBuffer(string: "abc"))
                }
                #expect(try await running.outcome().offences == [])
            }
        }
    }

    @Test("cancelling right after begin, before anything happened")
    func cancelsAtOnce() async throws {
        try await RawServer.with(script: Self.answerAndWait) { server in
            try await ClientFixture.with { fixture in
                let hosts = ["127.0.0.1", "localhost", "no-such-host.invalid"]
                for host in hosts {
                    var request = UpstreamRequest.to(server)
                    request.origin.host = host
                    let (loop, client, target) = (fixture.loop, fixture.client, request)
                    let running = try await loop.submit {
                        let promise = loop.makePromise(of: Outcome.self)
                        let exchange = Exchange(promise)
                        exchange.transfer = client.begin(target, on: loop, observer: exchange)
                        exchange.cancel()
                        return RunningExchange(
                            exchange: NIOLoopBound(exchange, eventLoop: loop),
                            future: promise.futureResult
                        )
                    }.get()
                    let outcome = try await running.outcome()
                    #expect(outcome.offences == [])
                    #expect(outcome.head == nil && outcome.failure == nil)
                    #expect(fixture.client.statistics.activeTransfers == 0)
                    #expect(fixture.client.statistics.openSockets == 0)
                }
            }
        }
    }

    @Test("a handshake under way is broken off")
    func cancelsWhileConnecting() async throws {
        let arrived = AsyncStream<Void>.makeStream()
        try await RawServer.Script { connection, _ in
            _ = try connection.read(1)
            arrived.continuation.finish()
            connection.readUntilEnd()
        }.serve { server in
            try await ClientFixture.with { fixture in
                var request = UpstreamRequest.to(server)
                request.origin.scheme = .https
                let running = try await fixture.start(request)
                await arrived.stream.first { _ in true }
                try await running.control { $0.cancel() }
                #expect(try await running.outcome().offences == [])
                #expect(fixture.client.statistics.openSockets == 0)
            }
        }
    }

    @Test("other transfers of the loop do not notice")
    func leavesOthersAlone() async throws {
        try await RawServer.Script { connection, _ in
            while let request = try connection.readRequest() {
                guard request.requestLine.contains("/wait") else {
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    continue
                }
                connection.readUntilEnd()
                return
            }
        }.serve { server in
            try await ClientFixture.with { fixture in
                let waiting = try await fixture.start(.to(server, target: "/wait"))
                let killer = try await fixture.run(.to(server)) { exchange in
                    // One transfer cancels another from within its own callback.
                    exchange.onHead = { _ in waiting.exchange.value.cancel() }
                }
                #expect(killer.isCompleted)
                #expect(killer.text == "ok")
                #expect(try await waiting.outcome().offences == [])
                #expect(fixture.client.statistics.activeTransfers == 0)
            }
        }
    }

    @Test("shutting down fails what still runs, and what begins afterwards")
    func failsTransfersAtShutdown() async throws {
        try await RawServer.with(script: Self.answerAndWait) { server in
            let (running, late) = try await ClientFixture.with { fixture in
                let running = try await fixture.start(.to(server))
                await fixture.client.shutdown()
                #expect(fixture.client.statistics == .init(activeTransfers: 0, pooledHandles: 0, openSockets: 0))
                return (try await running.outcome(), try await fixture.run(.to(server)))
            }
            #expect(running.failure?.kind == .internalFault)
            #expect(running.offences == [])
            #expect(late.failure?.kind == .internalFault)
            #expect(late.offences == [])
        }
    }

    @Test("after 1,000 mixed transfers descriptors and handles are back at their baseline (K-025)")
    func leaksNothing() async {
        await #expect(processExitsWith: .success) {
            // A process of its own, so that nobody else's descriptors are counted.
            try await LeakScenario.run(count: 20)
            let before = LeakScenario.openDescriptors()
            try await LeakScenario.run(count: 1000)
            #expect(LeakScenario.openDescriptors() == before)
        }
    }
}

enum LeakScenario {
    static func openDescriptors() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
    }

    @Sendable private static func script(_ connection: RawConnection, _ number: Int) throws {
        while let request = try connection.readRequest() {
            switch request.requestLine.split(separator: " ")[1] {
            case "/ok": try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            case "/cut": return try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok")
            case "/close": return
            case "/reset": return connection.resetAtEnd()
            case "/garbage": return try connection.send("garbage\r\n\r\n")
            default:
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
                connection.readUntilEnd()
                return
            }
        }
    }

    static func run(count: Int) async throws {
        try await ReservedPort.with { try await self.run(count: count, refusingPort: $0.port) }
    }

    private static func run(count: Int, refusingPort: UInt16) async throws {
        try await RawServer.with(script: Self.script) { server in
            try await ClientFixture.with(CurlClientConfiguration(maximumIdleConnections: 8), loops: 2) { fixture in
                let targets = ["/ok", "/cut", "/close", "/reset", "/garbage", "/stream", "/ok", "/refused", "/at-once"]
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<count {
                        if index >= 20 { _ = try await group.next() }
                        let target = targets[index % targets.count]
                        let isPost = index % 2 == 0
                        group.addTask {
                            var request = UpstreamRequest.to(
                                server,
                                method: isPost ? "POST" : "GET",
                                target: target,
                                body: isPost ? .length(3) : .none
                            )
                            if target == "/refused" { request.origin.port = refusingPort }
                            let running = try await fixture.start(request) { exchange in
                                exchange.pieces = [[1, 2, 3]]
                                if target == "/stream" { exchange.onBody = { $0.cancel() } }
                            }
                            if target == "/at-once" { try await running.control { $0.cancel() } }
                            let outcome = try await running.outcome()
                            #expect(outcome.offences == [])
                            switch target {
                            case "/ok":
                                #expect(outcome.isCompleted || outcome.failure?.connectionReused == true)
                            case "/cut": #expect(outcome.failure?.kind == .closedDuringAnswer)
                            case "/close", "/reset": #expect(outcome.failure?.kind == .closedBeforeAnswer)
                            case "/garbage": #expect(outcome.failure?.kind == .protocolViolation)
                            case "/refused": #expect(outcome.failure?.kind == .unreachable)
                            default: #expect(!outcome.isCompleted)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let statistics = fixture.client.statistics
                #expect(statistics.activeTransfers == 0)
                #expect(statistics.openSockets <= 8)
                #expect(statistics.pooledHandles <= 20)
                await fixture.client.shutdown()
                #expect(fixture.client.statistics == .init(activeTransfers: 0, pooledHandles: 0, openSockets: 0))
            }
        }
    }
}
