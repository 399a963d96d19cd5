import NIOCore
import NIOEmbedded
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("When what is written leaves")
struct ConnectionWritesTests {
    /// A connection with a request on it, and what its responder holds.
    private static func begin() throws -> (connection: EmbeddedConnection, handler: NIOLoopBound<ScriptedHandler>) {
        let taken = Watched<[NIOLoopBound<ScriptedHandler>]>([])
        let connection = try EmbeddedConnection(
            ScriptedResponder { handler in
                let bound = NIOLoopBound(handler, eventLoop: handler.exchange.eventLoop)
                taken.update { $0.append(bound) }
            })
        try connection.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return (connection, try #require(taken.value.first))
    }

    private static func pieces(_ connection: EmbeddedConnection) throws -> [String] {
        var pieces: [String] = []
        while let piece = try connection.channel.readOutbound(as: ByteBuffer.self) {
            pieces.append(String(buffer: piece))
        }
        return pieces
    }

    @Test("head, body and end of an answer that is there leave in one piece")
    func wholeAnswer() throws {
        let (connection, handler) = try Self.begin()
        let exchange = handler.value.exchange
        exchange.writeHead(ResponseHead(status: 200, headers: ["content-length": "1024", "date": "then"]))
        exchange.write(ByteBuffer(repeating: 0x78, count: 1_024))
        exchange.finish(trailers: nil)
        #expect(try Self.pieces(connection).isEmpty)
        connection.loop.run()
        let pieces = try Self.pieces(connection)
        #expect(pieces.count == 1)
        #expect(pieces.first?.hasSuffix("\r\n\r\n" + String(repeating: "x", count: 1_024)) == true)
    }

    @Test("an event before which nothing waits leaves at once, without a turn of the loop")
    func events() throws {
        let (connection, handler) = try Self.begin()
        let exchange = handler.value.exchange
        exchange.writeHead(ResponseHead(status: 200))
        exchange.write(ByteBuffer(string: "with the head"))
        #expect(try Self.pieces(connection).isEmpty)
        connection.loop.run()
        #expect(try Self.pieces(connection).first?.hasSuffix("d\r\nwith the head\r\n") == true)
        for number in 0..<3 {
            exchange.write(ByteBuffer(string: "event \(number)"))
            #expect(try Self.pieces(connection) == ["7\r\nevent \(number)\r\n"])
        }
        exchange.finish(trailers: nil)
        exchange.write(ByteBuffer(string: "late"))
        connection.loop.run()
        #expect(try Self.pieces(connection) == ["0\r\n\r\n"])
        #expect(connection.channel.isActive)
        _ = try connection.channel.finish()
    }

    @Test("a stream whose caller has taken everything is left alone, however long nothing comes (T-002)")
    func quietStream() throws {
        let (connection, handler) = try Self.begin()
        let exchange = handler.value.exchange
        exchange.writeHead(ResponseHead(status: 200))
        connection.loop.run()
        for _ in 0..<3 {
            connection.loop.advanceTime(by: .seconds(600))
            exchange.write(ByteBuffer(string: "an event"))
        }
        connection.loop.advanceTime(by: .seconds(600))
        #expect(connection.channel.isActive)
        _ = try connection.channel.finish()
    }

    /// Lets no byte reach the socket as long as it is closed.
    private final class Gate: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var isOpen = false
        func flush(context: ChannelHandlerContext) { if self.isOpen { context.flush() } }
    }

    @Test("a caller that takes nothing is cut at the limit, one that takes a little is not (T-002)")
    func stalledCaller() throws {
        let limit = Duration.seconds(300)
        for takesSome in [false, true] {
            let (connection, handler) = try Self.begin()
            let exchange = handler.value.exchange
            exchange.writeHead(ResponseHead(status: 200))
            connection.loop.run()
            let gate = Gate()
            try connection.channel.pipeline.syncOperations.addHandler(gate, position: .first)
            exchange.write(ByteBuffer(string: "an event"))
            connection.loop.advanceTime(by: .init(limit - .seconds(1)))
            #expect(connection.channel.isActive)
            if takesSome {
                gate.isOpen = true
                exchange.write(ByteBuffer(string: "another"))
                gate.isOpen = false
                exchange.write(ByteBuffer(string: "one more"))
            }
            // That something waits is found out a tenth of the limit late at most.
            connection.loop.advanceTime(by: .init(limit / 10 + .seconds(2)))
            #expect(connection.channel.isActive == takesSome)
            connection.loop.advanceTime(by: .init(limit))
            #expect(!connection.channel.isActive)
            _ = try? connection.channel.finish()
        }
    }
}
