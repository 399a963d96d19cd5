import Foundation
import NIOCore
import ProxyCore
import ProxyHTTP
import Testing

@Suite("Requests and answers on a connection", .timeLimit(.minutes(5)))
struct RequestTests {
    @Test("keeps a connection for request after request")
    func keepAlive() async throws {
        let responder = ScriptedResponder.echo()
        try await withServer(responder) { server, address in
            try await RawClient.with(address) { client in
                for number in 1...5 {
                    try await client.send("POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\(number)!")
                    let text = try await client.receive("POST /\(number) [\(number)!]\n")
                    #expect(!text.contains("connection: close"))
                }
                #expect(server.openConnections == 1)
            }
        }
        #expect(Set(responder.connections.value.map(\.id)).count == 1)
        #expect(responder.connections.value.first?.transport == .tcp(peer: "127.0.0.1"))
        #expect(responder.seen.value.filter { $0 == .closed(byCaller: false) }.count == 5)
    }

    @Test("answers pipelined requests in order, one at a time")
    func pipelining() async throws {
        let responder = ScriptedResponder { handler in
            handler.whenEnd = { handler in
                // The answer comes in a later turn, so that a second request would be seen if it were handed on.
                handler.exchange.eventLoop.assumeIsolated().execute {
                    handler.answer("\(handler.head.target)=\(handler.text);")
                }
            }
            handler.exchange.resumeBody()
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send(
                    "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst"
                        + "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n"
                        + "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n"
                )
                let text = try await client.receiveAll()
                let order = ["/1=first;", "/2=second;", "/3=;"].compactMap { text.range(of: $0)?.lowerBound }
                #expect(order.count == 3 && order == order.sorted())
                #expect(count("HTTP/1.1 200", in: text) == 3)
            }
        }
        // No second answer after Connection: close.
        #expect(responder.requests == ["POST /1", "POST /2", "GET /3"])
        var running = 0
        for event in responder.seen.value {
            if case .request = event { running += 1 }
            if case .closed = event { running -= 1 }
            #expect(running <= 1)
        }
    }

    @Test("does nothing behind an answer whose Connection: close is the responder's")
    func responderCloses() async throws {
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(
                ResponseHead(status: 200, headers: ["connection": "close", "content-length": "0"]))
            handler.exchange.finish(trailers: nil)
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = try await client.receiveAll()
                #expect(count("HTTP/1.1", in: text) == 1)
                #expect(count("connection: close\r\n", in: text) == 1)
            }
        }
        #expect(responder.requests == ["GET /1"])
    }

    @Test("answers HEAD without a body, whatever is written")
    func head() async throws {
        let responder = ScriptedResponder.echo()
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = try await client.receive("GET /2 []\n")
                #expect(text.contains("content-length: 11\r\n"))
                #expect(!text.contains("HEAD /1"))
            }
        }
    }

    @Test("answers HTTP/1.0 without chunks, and keeps the connection only when asked")
    func http10() async throws {
        let responder = ScriptedResponder { handler in
            if handler.head.target == "/stream" {
                handler.exchange.writeHead(ResponseHead(status: 200))
                handler.exchange.write(ByteBuffer(string: "one"))
                handler.exchange.write(ByteBuffer(string: "two"))
                handler.exchange.finish(trailers: ["a": "b"])
            } else {
                handler.answer("short")
            }
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
                #expect(try await client.receive("short").contains("connection: keep-alive\r\n"))
                try await client.send("GET /stream HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
                let text = try await client.receiveAll()
                #expect(text.hasSuffix("\r\n\r\nonetwo"))
                #expect(!text.contains("chunked"))
                #expect(count("connection: close", in: text) == 1)
            }
        }
    }

    @Test("refuses malformed heads with the responder's answer and closes (T-006)", arguments: MalformedShape.heads)
    func malformedHeads(shape: MalformedShape) async throws {
        try await self.refused(shape, sees: [.refusal(shape.reason)])
    }

    @Test("refuses malformed bodies before the answer has begun", arguments: MalformedShape.bodies)
    func malformedBodies(shape: MalformedShape) async throws {
        try await self.refused(shape, sees: [.request("POST /"), .refusal(shape.reason), .closed(byCaller: false)])
    }

    private func refused(_ shape: MalformedShape, sees expected: [Seen]) async throws {
        let responder = ScriptedResponder.echo()
        let configuration = HTTPServerConfiguration(maximumHeaderBytes: 8192)
        try await withServer(responder, configuration: configuration) { _, address in
            try await RawClient.with(address) { client in
                try await client.send(bytes: shape.bytes + Array("GET /second HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                let text = try await client.receiveAll()
                let status =
                    switch shape.reason {
                    case .methodNotAllowed: 405
                    case .upgradeRefused: 426
                    case .headersTooLarge: 431
                    default: 400
                    }
                #expect(text.hasPrefix("HTTP/1.1 \(status) "))
                #expect(count("HTTP/1.1", in: text) == 1)
                #expect(text.contains("connection: close\r\n"))
                #expect(text.hasSuffix(#"{"error":{"code":"\#(shape.reason)"}}"#))
            }
        }
        #expect(responder.seen.value.filter { if case .body = $0 { false } else { true } } == expected)
    }

    @Test("cuts an answer that has begun when the body turns out malformed")
    func malformedBehindAnswer() async throws {
        let responder = ScriptedResponder { handler in
            handler.exchange.resumeBody()
            handler.exchange.writeHead(ResponseHead(status: 200))
            handler.exchange.write(ByteBuffer(string: "begun"))
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                try await client.receive("begun")
                try await client.send("x\r\n")
                let text = try await client.receiveAll()
                #expect(count("HTTP/1.1", in: text) == 1)
                #expect(!text.contains("0\r\n\r\n"))
            }
        }
        try await responder.waitForClosed(false)
    }

    @Test("an abort cannot be mistaken for the end", arguments: ["1.0", "1.1"])
    func abort(version: String) async throws {
        let remote = Remote()
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(ResponseHead(status: 200))
            handler.exchange.write(ByteBuffer(string: "part"))
            remote.take(handler)
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
                try await client.receive("part")
                try await remote.act { $0.exchange.abort() }
                let text = try await client.receiveAll()
                #expect(!text.contains("0\r\n\r\n"))
                // Where the end of the connection is the end of the answer, it is a reset.
                #expect((client.received.value.error != nil) == (version == "1.0"))
            }
        }
        try await responder.waitForClosed(false)
    }

    @Test("a responder that breaks the rules of Content-Length has its answer cut", arguments: ["abcdef", "ab"])
    func brokenPromise(body: String) async throws {
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(ResponseHead(status: 200, headers: ["content-length": "4"]))
            handler.exchange.write(ByteBuffer(string: body))
            handler.exchange.finish(trailers: nil)
            handler.exchange.finish(trailers: nil)
            handler.exchange.write(ByteBuffer(string: "late"))
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = try await client.receiveAll()
                #expect(text.hasSuffix("\r\n\r\n\(body.prefix(4))"))
            }
        }
        #expect(responder.requests == ["GET /"])
        #expect(responder.seen.value.last == .closed(byCaller: false))
    }

    @Test("calls of an exchange that is over do not touch the next one")
    func lateCalls() async throws {
        let remote = Remote()
        let responder = ScriptedResponder { handler in
            if handler.head.target == "/1" { handler.answer("first") }
            remote.take(handler)
        }
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.receive("first")
                try await remote.act(on: 1) { _ in }
                try await remote.act(on: 0) { handler in
                    handler.answer("late")
                    handler.exchange.resumeBody()
                    handler.exchange.abort()
                    handler.seen.update { $0.append(.note("writable: \(handler.exchange.isWritable)")) }
                }
                try await remote.act(on: 1) { $0.answer("second") }
                let text = try await client.receive("second")
                #expect(!text.contains("late"))
            }
        }
        #expect(responder.seen.value.contains(.note("writable: false")))
    }
}
