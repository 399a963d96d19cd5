import NIOCore
import ProxyCore
import ProxyHTTP
import Testing

@Suite("Bodies in both directions", .timeLimit(.minutes(5)))
struct BodyFlowTests {
    private static let mebibyte = 1 << 20

    @Test("a paused body stops its sender, and all of it arrives once it is wanted (back-pressure)")
    func floodedWhilePaused() async throws {
        let total = 64 * Self.mebibyte
        let remote = Remote()
        let responder = ScriptedResponder { handler in
            handler.whenEnd = { $0.answer("got \($0.bodyBytes)") }
            remote.take(handler)
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
                try await remote.act { _ in }
                let piece = ByteBuffer(repeating: 0x61, count: Self.mebibyte)
                for _ in 0..<64 { client.beginSending(piece) }
                // The time of a hundred other requests is long enough for a sender that nobody stops.
                try await RawClient.with(address) { other in
                    for number in 0..<100 {
                        try await other.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                        try await remote.act(on: number + 1) { $0.answer("\($0.head.target);") }
                        try await other.receive("/\(number);")
                    }
                }
                let waiting = try await client.channel.getOption(.bufferedWritableBytes).get()
                // What the two sockets hold is the kernel's business, at most 4 + 6 MiB on a usual system.
                #expect(waiting > total - 24 * Self.mebibyte)
                #expect(!responder.seen.value.contains { if case .body = $0 { true } else { false } })
                try await remote.act { $0.exchange.resumeBody() }
                try await client.receive("got \(total)", within: .seconds(60))
            }
        }
    }

    @Test("a body is handed on piece by piece as it is asked for, with no call inside a call")
    func pieceByPiece() async throws {
        let total = 3 * Self.mebibyte
        let responder = ScriptedResponder { handler in
            var isInside = false
            handler.whenBody = { handler, _ in
                handler.seen.update { if isInside { $0.append(.note("call inside a call")) } }
                isInside = true
                handler.exchange.pauseBody()
                handler.exchange.resumeBody()
                handler.exchange.pauseBody()
                isInside = false
                handler.exchange.eventLoop.assumeIsolated().execute {
                    isInside = true
                    handler.exchange.resumeBody()
                    isInside = false
                }
            }
            handler.whenEnd = { $0.answer("got \($0.bodyBytes)") }
            handler.exchange.resumeBody()
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                let piece = String(repeating: "x", count: 3000)
                var chunks = ""
                for _ in 0..<(total / 3000) { chunks += "bb8\r\n\(piece)\r\n" }
                try await client.send(chunks + "0\r\n\r\n")
                try await client.receive("got \(total / 3000 * 3000)")
            }
        }
        #expect(!responder.seen.value.contains(.note("call inside a call")))
        let largest = responder.seen.value.map { if case .body(let bytes) = $0 { bytes } else { 0 } }.max() ?? 0
        #expect(largest <= 64 * 1024)
    }

    @Test("sends 100 Continue when the body is wanted, and takes the body after it")
    func expectContinue() async throws {
        let remote = Remote()
        let responder = ScriptedResponder { handler in
            handler.whenEnd = { $0.answer("[\($0.text)]") }
            remote.take(handler)
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
                try await remote.act { $0.exchange.resumeBody() }
                let interim = try await client.receive("\r\n\r\n")
                #expect(interim == "HTTP/1.1 100 Continue\r\n\r\n")
                try await client.send("hello")
                let text = try await client.receive("[hello]")
                #expect(count("100 Continue", in: text) == 1)
                #expect(!text.contains("connection: close"))
            }
        }
    }

    @Test("answers without 100 where the body is not wanted, and closes, since nobody knows whether it still comes")
    func expectRefused() async throws {
        let responder = ScriptedResponder { $0.answer("no", status: 413) }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
                let text = try await client.receiveAll()
                #expect(text.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
                #expect(text.contains("connection: close\r\n"))
            }
        }
    }

    @Test("an early answer reaches a caller that is still uploading 10 MiB")
    func earlyAnswerToLongBody() async throws {
        let responder = ScriptedResponder { $0.answer("too much", status: 413) }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                let total = 10 * Self.mebibyte
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
                for _ in 0..<10 { client.beginSending(ByteBuffer(repeating: 0x61, count: Self.mebibyte)) }
                let text = try await client.receiveAll()
                #expect(text.contains("connection: close\r\n"))
                #expect(text.hasSuffix("\r\n\r\ntoo much"))
                #expect(client.received.value.error == nil)
            }
        }
        #expect(responder.seen.value == [.request("POST /"), .closed(byCaller: false)])
    }

    @Test("an early answer to a short body keeps the connection, and the body is not the next request")
    func earlyAnswerToShortBody() async throws {
        let responder = ScriptedResponder { $0.answer("\($0.head.target);") }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                let body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
                try await client.send(
                    "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: \(100_000 + body.utf8.count)\r\n\r\n")
                try await client.receive("/1;")
                try await client.send(
                    body + String(repeating: "x", count: 100_000) + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = try await client.receive("/2;")
                #expect(!text.contains("connection: close"))
            }
        }
        #expect(responder.requests == ["POST /1", "GET /2"])
    }

    @Test("an early answer to an endless chunked body is followed by the end of the connection")
    func earlyAnswerToEndlessBody() async throws {
        let responder = ScriptedResponder { $0.answer("enough") }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                try await client.receive("enough")
                let chunk = ByteBuffer(string: "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n")
                for _ in 0..<32 { client.beginSending(chunk) }
                #expect(try await client.receiveAll().hasSuffix("enough"))
            }
        }
    }

    // An end of the stream behind more bytes than the kernel's window takes (about 64 KiB) is still on the other
    // machine and cannot be seen; a reset can.
    @Test(
        "a caller that leaves is seen at once while reading is paused",
        arguments: [(false, 0), (false, 30_000), (true, 0), (true, 30_000), (true, 3_000_000)]
    )
    func goneWhilePaused(byReset: Bool, unread: Int) async throws {
        let remote = Remote()
        let responder = ScriptedResponder { remote.take($0) }
        try await withServer(responder) { server, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
                try await remote.act { _ in }
                if unread > 0 { client.beginSending(ByteBuffer(repeating: 0x61, count: unread)) }
                if byReset { try await client.reset() } else { await client.close() }
                try await responder.waitForClosed(true)
            }
            #expect(server.runningExchanges == 0)
        }
        #expect(responder.seen.value == [.request("POST /"), .closed(byCaller: true)])
    }

    @Test("a caller that closes its sending side only has left too")
    func halfClosed() async throws {
        let remote = Remote()
        let responder = ScriptedResponder { remote.take($0) }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await remote.act { _ in }
                try await client.channel.close(mode: .output).get()
                try await responder.waitForClosed(true)
                try await client.receiveAll()
            }
        }
    }

    @Test("a caller that leaves in the middle of a stream is seen")
    func goneWhileWriting() async throws {
        let responder = ScriptedResponder { handler in
            func pump(_ handler: ScriptedHandler) {
                while handler.exchange.isWritable { handler.exchange.write(ByteBuffer(repeating: 0x61, count: 4096)) }
            }
            handler.whenWritable = { pump($0) }
            handler.exchange.writeHead(ResponseHead(status: 200))
            pump(handler)
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.received.wait { $0.byteCount > 100_000 }
                await client.close()
                try await responder.waitForClosed(true)
            }
        }
        #expect(responder.seen.value.last == .closed(byCaller: true))
    }

    @Test("a reader that does not read stops the stream, and then gets every byte (T-009)")
    func slowReader() async throws {
        let total = 64 * Self.mebibyte
        let written = Watched(0)
        let responder = ScriptedResponder { handler in
            var isInside = false
            func pump(_ handler: ScriptedHandler) {
                if isInside { handler.seen.update { $0.append(.note("call inside a call")) } }
                isInside = true
                defer { isInside = false }
                while handler.exchange.isWritable, written.value < total {
                    handler.exchange.write(ByteBuffer(repeating: 0x61, count: 16 * 1024))
                    written.update { $0 += 16 * 1024 }
                }
                if written.value == total { handler.exchange.finish(trailers: nil) }
            }
            handler.whenWritable = { pump($0) }
            handler.exchange.writeHead(ResponseHead(status: 200, headers: ["content-length": "\(total)"]))
            pump(handler)
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.stopReading()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await written.wait { $0 > 0 }
                // The life of another connection is long enough for a stream that nobody stops.
                try await RawClient.with(address) { other in
                    try await other.send("nonsense\r\n")
                    try await other.receiveAll()
                }
                #expect(written.value < 24 * Self.mebibyte)
                try await client.readOn()
                try await client.received.wait(within: .seconds(60)) { $0.byteCount > total }
                try await responder.waitForClosed(false)
                let head = client.received.value.text.prefix(while: { $0 != "a" }).utf8.count
                #expect(head > 0)
            }
        }
        #expect(written.value == total)
        #expect(!responder.seen.value.contains(.note("call inside a call")))
    }

    @Test("answers that nobody reads are not piled up: pipelined requests wait until they are taken")
    func unreadAnswers() async throws {
        let text = String(repeating: "x", count: Self.mebibyte)
        let responder = ScriptedResponder { $0.answer(text) }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.stopReading()
                // The first read has dozens of them.
                try await client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
                try await responder.heads.wait { !$0.isEmpty }
                try await RawClient.with(address) { other in
                    try await other.send("nonsense\r\n")
                    try await other.receiveAll()
                }
                // Each answer is a mebibyte; what the two sockets hold is at most 10.
                #expect(responder.requests.count < 24)
                try await client.readOn()
                try await client.received.wait(within: .seconds(60)) { $0.byteCount > 100 * Self.mebibyte }
                #expect(responder.requests.count == 100)
            }
        }
    }

    @Test("a write that fills the buffers does not call back before it has returned")
    func noCallWithinWrite() async throws {
        let remote = Remote()
        let responder = ScriptedResponder { remote.take($0) }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await remote.act { handler in
                    handler.exchange.writeHead(ResponseHead(status: 200))
                    for _ in 0..<8 { handler.exchange.write(ByteBuffer(repeating: 0x61, count: 32 * 1024)) }
                    handler.seen.update { $0.append(.note("returned")) }
                }
                try await responder.seen.wait(for: "writable") { $0.contains(.writable) }
            }
        }
        #expect(responder.seen.value.prefix(3) == [.request("GET /"), .note("returned"), .writable])
    }
}
