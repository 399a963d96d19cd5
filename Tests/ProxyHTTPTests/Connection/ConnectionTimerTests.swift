import NIOCore
import NIOEmbedded
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("The timer of a connection (T-002)")
struct ConnectionTimerTests {
    @Test("a head that stays incomplete is answered 408 when its time is over, and not before")
    func incompleteHead() throws {
        let connection = try EmbeddedConnection(.echo())
        try connection.receive("GET / HT")
        connection.loop.advanceTime(by: .milliseconds(9_999))
        #expect(connection.channel.isActive)
        #expect(try connection.sent().isEmpty)
        connection.loop.advanceTime(by: .milliseconds(1))
        let text = try connection.sent()
        #expect(text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(text.hasSuffix(#"{"error":{"code":"timeout"}}"#))
        #expect(!connection.channel.isActive)
    }

    @Test("a head of one byte a second is cut, whichever request it is", arguments: [1, 3])
    func trickledHead(number: Int) throws {
        let connection = try EmbeddedConnection(.echo())
        for _ in 1..<number {
            try connection.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try connection.sent().hasSuffix("GET / []\n"))
            connection.loop.advanceTime(by: .seconds(70))
        }
        var seconds = 0
        for byte in "GET /trickle HTTP/1.1\r\nHost: a\r\n" where connection.channel.isActive {
            try connection.receive(String(byte))
            connection.loop.advanceTime(by: .seconds(1))
            seconds += 1
        }
        #expect(seconds == 10)
        #expect(try connection.sent().hasPrefix("HTTP/1.1 408 "))
    }

    @Test("a body of one byte a second is cut, and one that pauses for its responder is not")
    func trickledBody() throws {
        let connection = try EmbeddedConnection(.echo())
        try connection.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        var seconds = 0
        while connection.channel.isActive, seconds < 1_000 {
            try connection.receive("x")
            connection.loop.advanceTime(by: .seconds(1))
            seconds += 1
        }
        #expect(seconds == 60)
        #expect(try connection.sent().hasPrefix("HTTP/1.1 408 "))

        let paused = try EmbeddedConnection(ScriptedResponder { _ in })
        try paused.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        paused.loop.advanceTime(by: .hours(10))
        #expect(paused.channel.isActive)
        _ = try paused.channel.finish()
    }

    @Test("a stream of ten minutes is not cut, whatever the idle and body limits are")
    func longStream() throws {
        let remembered = Watched<[NIOLoopBound<ScriptedHandler>]>([])
        let connection = try EmbeddedConnection(
            ScriptedResponder { handler in
                handler.exchange.writeHead(ResponseHead(status: 200))
                let bound = NIOLoopBound(handler, eventLoop: handler.exchange.eventLoop)
                remembered.update { $0.append(bound) }
            }
        )
        try connection.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in 0..<600 {
            connection.loop.advanceTime(by: .seconds(1))
            remembered.value.first?.value.exchange.write(ByteBuffer(string: "x"))
            connection.loop.run()
        }
        remembered.value.first?.value.exchange.finish(trailers: nil)
        connection.loop.run()
        let text = try connection.sent()
        #expect(count("1\r\nx\r\n", in: text) == 600)
        #expect(text.hasSuffix("0\r\n\r\n"))
        connection.loop.advanceTime(by: .seconds(75))
        #expect(!connection.channel.isActive)
    }
}
