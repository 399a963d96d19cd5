import Foundation
import NIOCore
import ProxyCore
import Testing

@testable import CurlClient

/// Bodies both ways, their pressure, and answers that come early.
@Suite(.timeLimit(.minutes(5)))
struct StreamingTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    private static let large = pattern(10 * 1024 * 1024)

    @Test("10 MiB arrive as they were sent, both ways at once (K-050)")
    func streamsBothWays() async throws {
        try await RawServer.Script { connection, _ in
            while let request = try connection.readRequest() {
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                var rest = request.body[...]
                var size = 1
                while !rest.isEmpty {
                    let chunk = rest.prefix(size)
                    rest = rest.dropFirst(size)
                    try connection.send(
                        Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8))
                    size = min(size * 3, 300_000)
                }
                try connection.send("0\r\n\r\n")
            }
        }.serve { server in
            try await ClientFixture.with { fixture in
                let size = Self.large.count
                let request = UpstreamRequest.to(server, method: "POST", body: .length(Int64(size)))
                let outcome = try await fixture.run(request) { exchange in
                    exchange.pieces = stride(from: 0, to: size, by: 256 * 1024)
                        .map { Array(Self.large[$0..<min(size, $0 + 256 * 1024)]) }
                }
                #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                #expect(outcome.offences == [])
                #expect(outcome.piecesWanted == 40)
                let isSame = outcome.body == Self.large
                #expect(isSame)
                let arrivedSame = server.requests.first?.body == Self.large
                #expect(arrivedSame)
            }
        }
    }

    @Test("a server that does not read stops the body: what is taken stays bounded (K-050)")
    func sendingFeelsPressure() async throws {
        let mayRead = DispatchSemaphore(value: 0)
        let total = 64 * 1024 * 1024
        try await RawServer.Script(receiveBuffer: 32 * 1024) { connection, _ in
            let head = try connection.readHead()
            _ = mayRead.wait(timeout: .now() + 20)
            guard head != nil else { return }
            _ = try connection.read(total)
            try connection.send(Self.ok)
        }.serve { server in
            try await ClientFixture.with { fixture in
                let piece = [UInt8](repeating: 7, count: 256 * 1024)
                let running = try await fixture.start(.to(server, method: "POST", body: .length(Int64(total)))) {
                    exchange in
                    exchange.onWantsBody = { $0.transfer?.send(ByteBuffer(bytes: piece)) }
                }
                // Until nothing has been asked for during a while.
                var wanted = -1
                while true {
                    let now = try await running.control { $0.outcome.piecesWanted }
                    if now == wanted, now > 0 { break }
                    wanted = now
                    try await Task.sleep(for: .milliseconds(200))
                }
                // Sockets on loopback hold some megabytes between them.
                #expect(wanted * piece.count <= 16 * 1024 * 1024)
                mayRead.signal()
                let outcome = try await running.outcome()
                #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                #expect(outcome.piecesWanted == total / piece.count)
            }
        }
    }

    @Test("an observer that pauses stops the server, and resuming loses nothing", arguments: [true, false])
    func receivingFeelsPressure(chunked: Bool) async throws {
        let total = 64 * 1024 * 1024
        let block = [UInt8](repeating: 9, count: 1024 * 1024)
        let stalled = AsyncStream<Int>.makeStream()
        try await RawServer.Script { connection, _ in
            guard try connection.readRequest() != nil else { return }
            let framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: \(total)"
            try connection.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n")
            let unit = chunked ? Array("100000\r\n".utf8) + block + Array("\r\n".utf8) : block
            connection.setTimeLimit(milliseconds: 500)
            var sent = 0
            var rest = unit
            for index in 0..<64 {
                rest = unit
                let count = connection.sendWhatFits(rest)
                sent += count
                if count < rest.count {
                    rest = Array(rest[count...])
                    stalled.continuation.yield(sent)
                    connection.setTimeLimit(seconds: 20)
                    try connection.send(rest)
                    for _ in (index + 1)..<64 { try connection.send(unit) }
                    break
                }
            }
            stalled.continuation.finish()
            if chunked { try connection.send("0\r\n\r\n") }
            try connection.readRequest()
        }.serve { server in
            try await ClientFixture.with { fixture in
                let running = try await fixture.start(.to(server)) { exchange in
                    exchange.keepsBody = false
                    exchange.onHead = { $0.transfer?.pauseReading() }
                }
                let sent = await stalled.stream.first { _ in true }
                let bound = try #require(sent, "the server never had to wait")
                #expect(bound <= 24 * 1024 * 1024)
                #expect(try await running.control { $0.outcome.bodyBytes } == 0)
                try await running.control { $0.transfer?.resumeReading() }
                let outcome = try await running.outcome()
                #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                #expect(outcome.bodyBytes == total)
                #expect(outcome.offences == [])
            }
        }
    }

    @Test("pausing at every piece loses and reorders nothing")
    func pausesAtEveryPiece() async throws {
        try await RawServer.Script { connection, _ in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.large.count)\r\n\r\n")
            try connection.send(Self.large)
        }.serve { server in
            try await ClientFixture.with { fixture in
                let loop = fixture.loop
                let outcome = try await fixture.run(.to(server)) { exchange in
                    exchange.onBody = { exchange in
                        exchange.transfer?.pauseReading()
                        let bound = NIOLoopBound(exchange, eventLoop: loop)
                        loop.scheduleTask(in: .microseconds(50)) { bound.value.transfer?.resumeReading() }
                    }
                }
                #expect(outcome.isCompleted)
                let isSame = outcome.body == Self.large
                #expect(isSame)
                #expect(outcome.offences == [])
            }
        }
    }

    @Test("answers on kept connections that begin at once arrive whole, however often they are paused")
    func pausesOnKeptConnections() async throws {
        try await RawServer.Script { connection, _ in
            while try connection.readRequest() != nil {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.large.count)\r\n\r\n")
                try connection.send(Self.large)
            }
        }.serve { server in
            try await ClientFixture.with { fixture in
                let loop = fixture.loop
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            for _ in 0..<12 {
                                let outcome = try await fixture.run(.to(server)) { exchange in
                                    exchange.keepsBody = false
                                    exchange.onBody = { exchange in
                                        exchange.transfer?.pauseReading()
                                        let bound = NIOLoopBound(exchange, eventLoop: loop)
                                        loop.execute { bound.value.transfer?.resumeReading() }
                                    }
                                }
                                #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                                #expect(outcome.bodyBytes == Self.large.count)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("nothing is heard while paused, the end included")
    func holdsTheEndWhilePaused() async throws {
        try await RawServer.Script { connection, _ in
            while try connection.readRequest() != nil { try connection.send(Self.ok) }
        }.serve { server in
            try await ClientFixture.with { fixture in
                let paused = try await fixture.start(.to(server)) { exchange in
                    exchange.onBody = { $0.transfer?.pauseReading() }
                }
                // A second request on the same loop takes many of its turns.
                _ = try await fixture.run(.to(server))
                #expect(try await paused.control { $0.outcome.isCompleted } == false)
                try await paused.control { $0.transfer?.resumeReading() }
                #expect(try await paused.outcome().isCompleted)
            }
        }
    }

    @Test(
        "an early answer arrives and ends the transfer while the body waits",
        arguments: [
            ("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig", "big"),
            ("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig", "big"),
            ("HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\nX-Sum: 1\r\n\r\n", "big"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbig", "big"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n2\r\nig\r\n0\r\nX-Sum: 1\r\n\r\n", "big"),
            ("HTTP/1.1 204 No Content\r\n\r\n", ""),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        ],
        [0, 100]
    )
    func earlyAnswer(answer: (String, String), sentBefore: Int) async throws {
        try await RawServer.Script { connection, _ in
            guard try connection.readHead() != nil else { return }
            _ = try connection.read(sentBefore)
            try connection.send(answer.0)
            connection.readUntilEnd()
        }.serve { server in
            try await ClientFixture.with { fixture in
                let outcome = try await fixture.run(.to(server, method: "POST", body: .length(1000))) { exchange in
                    exchange.pieces = sentBefore == 0 ? [] : [[UInt8](repeating: 1, count: sentBefore)]
                }
                #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                #expect(outcome.text == answer.1)
                #expect(outcome.trailers == (answer.0.contains("X-Sum") ? ["X-Sum": "1"] : nil))
                #expect(outcome.offences == [])
                // Its connection is in the middle of a request and must be gone.
                #expect(fixture.client.statistics.openSockets == 0)
                #expect(fixture.client.statistics.activeTransfers == 0)
            }
        }
    }

    @Test("an early answer arrives while the server does not read a body that keeps coming", arguments: [true, false])
    func earlyAnswerAgainstAFlood(chunked: Bool) async throws {
        let answer =
            chunked
            ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\n\r\n"
            : "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbig"
        let isOver = DispatchSemaphore(value: 0)
        try await RawServer.Script(receiveBuffer: 32 * 1024) { connection, _ in
            guard try connection.readHead() != nil else { return }
            _ = try connection.read(2_000_000)
            try connection.send(answer)
            _ = isOver.wait(timeout: .now() + 20)
        }.serve { server in
            try await ClientFixture.with { fixture in
                let piece = [UInt8](repeating: 7, count: 256 * 1024)
                let outcome = try await fixture.run(.to(server, method: "POST", body: .length(1 << 32))) { exchange in
                    exchange.onWantsBody = { $0.transfer?.send(ByteBuffer(bytes: piece)) }
                }
                isOver.signal()
                #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                #expect(outcome.text == "big")
                #expect(fixture.client.statistics.openSockets == 0)
            }
        }
    }

    @Test(
        "an early answer that is cut is a cut",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbig",
            "HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n",
        ])
    func cutEarlyAnswer(answer: String) async throws {
        try await RawServer.Script { connection, _ in
            guard try connection.readHead() != nil else { return }
            try connection.send(answer)
        }.serve { server in
            try await ClientFixture.with { fixture in
                let outcome = try await fixture.run(.to(server, method: "POST", body: .length(1000)))
                #expect(outcome.failure?.kind == .closedDuringAnswer, "\(String(describing: outcome.failure))")
                #expect(outcome.text == "big")
                #expect(outcome.offences == [])
            }
        }
    }

    @Test func failsAPieceThatWasNotAskedFor() async throws {
        try await RawServer.Script { connection, _ in try connection.readRequest() }.serve { server in
            try await ClientFixture.with { fixture in
                let outcome = try await fixture.run(.to(server, method: "POST", body: .length(3))) { exchange in
                    exchange.pieces = [[1, 2, 3, 4]]
                }
                #expect(outcome.failure?.kind == .internalFault)
                #expect(outcome.offences == [])
            }
        }
    }
}
