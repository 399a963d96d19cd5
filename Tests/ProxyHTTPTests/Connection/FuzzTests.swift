import NIOCore
import NIOEmbedded
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("Whatever comes in", .timeLimit(.minutes(5)))
struct FuzzTests {
    private static let fragments = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n", "0\r\n\r\n", "\r\n", "\n",
        "\r", ":", " ",
        "Host: a\r\n", "Content-Length: 9", "Connection: close\r\n", "Expect: 100-continue\r\n", "HTTP/1.1",
        "ffffffffffffffff\r\n", "\0",
        "GET /early HTTP/1.1\r\nHost: a\r\n\r\n", "POST /abort HTTP/1.0\r\nHost: a\r\n\r\n",
    ]

    private static func bytes(_ generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...12, using: &generator) {
            if Int.random(in: 0..<6, using: &generator) == 0 {
                for _ in 0..<Int.random(in: 1...40, using: &generator) {
                    bytes.append(.random(in: 0...255, using: &generator))
                }
            } else {
                bytes += (Self.fragments.randomElement(using: &generator) ?? "").utf8
            }
        }
        return bytes
    }

    @Test("no bytes at any boundaries crash it, and every connection ends in an answer or a close", arguments: 0..<4)
    func survives(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed &+ 100)
        for round in 0..<1_500 {
            let responder = ScriptedResponder { handler in
                switch handler.head.target {
                case "/early": handler.answer("early")
                case "/abort": handler.exchange.abort()
                default:
                    handler.whenBody = { handler, _ in
                        handler.exchange.pauseBody()
                        handler.exchange.resumeBody()
                    }
                    handler.whenEnd = { $0.answer("[\($0.bodyBytes)]") }
                    handler.exchange.resumeBody()
                }
            }
            let embedded = try EmbeddedConnection(responder)
            let (loop, channel) = (embedded.loop, embedded.channel)
            let bytes = Self.bytes(&generator)
            var start = 0
            while start < bytes.count, channel.isActive {
                let end = min(bytes.count, start + Int.random(in: 1...64, using: &generator))
                try channel.writeInbound(ByteBuffer(bytes: bytes[start..<end]))
                if Bool.random(using: &generator) { loop.run() }
                start = end
            }
            // Past every deadline: whatever was open must be closed by now.
            for _ in 0..<4 { loop.advanceTime(by: .seconds(1_000)) }
            #expect(!channel.isActive, "round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")

            let seen = responder.seen.value
            let began = seen.filter { if case .request = $0 { true } else { false } }.count
            let closed = seen.filter { if case .closed = $0 { true } else { false } }.count
            let refused = seen.filter { if case .refusal = $0 { true } else { false } }.count
            #expect(began == closed)
            #expect(refused <= 1)
            var output = ""
            while let piece = try channel.readOutbound(as: ByteBuffer.self) { output += String(buffer: piece) }
            #expect(output.isEmpty || output.hasPrefix("HTTP/1.1 "))
        }
    }

    @Test("a connection that is over lets go of everything")
    func releases() throws {
        weak var weakHandler: ScriptedHandler?
        weak var weakConnection: ConnectionHandler?
        func serve() throws {
            let remembered = Watched(0)
            let responder = ScriptedResponder { handler in
                remembered.update { $0 += 1 }
                handler.answer("x")
            }
            let embedded = try EmbeddedConnection(responder)
            let (loop, channel) = (embedded.loop, embedded.channel)
            let connection = try channel.pipeline.syncOperations.handler(type: ConnectionHandler.self)
            weakConnection = connection
            try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
            loop.run()
            #expect(remembered.value == 1)
            weakHandler = connection.current?.handler as? ScriptedHandler
            _ = try channel.finish()
            loop.run()
        }
        try serve()
        #expect(weakHandler == nil)
        #expect(weakConnection == nil)
    }
}
