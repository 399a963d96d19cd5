import NIOCore
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2: time limits and the end of a connection (T-002)")
struct HTTP2TimeTests {
    @Test("a preface, or SETTINGS, that do not come in time end the connection", arguments: [0, 10, 24, 30])
    func preface(bytes: Int) throws {
        let connection = try EmbeddedHTTP2(.echo(), opens: false)
        try connection.send(Array(Wire.opening.prefix(bytes)))
        connection.advance(.milliseconds(9_999))
        #expect(connection.goAways.isEmpty)
        connection.advance(.milliseconds(1))
        #expect(connection.goAways == [11])
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
    }

    @Test("a header block that does not end in time ends the connection, however its bytes trickle")
    func headerBlock() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        connection.advance(.seconds(60))
        try connection.send(Wire.get(1))
        var seconds = 0
        for byte in Wire.get(3, "/slow") + Wire.get(5) where connection.goAways.isEmpty {
            try connection.send([byte])
            connection.advance(.seconds(1))
            seconds += 1
        }
        // The first nine bytes say what comes; the time runs from the ninth on.
        #expect(seconds == 8 + 10)
        #expect(connection.goAways == [11])
        #expect(responder.requests == ["GET /"])
    }

    @Test("a body of one byte a second is answered 408 at the body timeout, and the connection goes on")
    func slowBody() throws {
        let responder = ScriptedResponder { $0.exchange.resumeBody() }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.post(1))
        var seconds = 0
        while connection.status(1) == nil, seconds < 100 {
            try connection.send(Wire.data(1, "x"))
            connection.advance(.seconds(1))
            seconds += 1
        }
        #expect(seconds == 60)
        #expect(connection.status(1) == "408")
        #expect(connection.reset(1) == 0)
        #expect(responder.seen.value.contains(.closed(byCaller: false)))
        try connection.send(Wire.post(3))
        #expect(responder.requests.count == 2)
    }

    @Test("a body that stalls after the answer has begun resets the stream")
    func stalledBody() throws {
        let connection = try EmbeddedHTTP2(
            ScriptedResponder { handler in
                handler.exchange.resumeBody()
                handler.exchange.writeHead(ResponseHead(status: 200))
            })
        try connection.send(Wire.post(1))
        connection.advance(.seconds(60))
        #expect(connection.reset(1) == 8)
    }

    @Test("pauses of the responder are not the caller's time")
    func pauses() throws {
        let remote = ScriptedHandlers()
        let connection = try EmbeddedHTTP2(ScriptedResponder { remote.take($0) })
        try connection.send(Wire.post(1))
        connection.advance(.minutes(10))
        try remote.handler(0).exchange.resumeBody()
        connection.settle()
        connection.advance(.seconds(59))
        #expect(connection.status(1) == nil)
        try connection.send(Wire.data(1, "x", end: true))
        connection.advance(.minutes(10))
        #expect(connection.status(1) == nil)
        #expect(connection.isOpen)
    }

    @Test("a connection without streams is closed at the idle timeout, pings or not", arguments: [false, true])
    func idle(pings: Bool) throws {
        let connection = try EmbeddedHTTP2(.echo())
        connection.advance(.seconds(74))
        try connection.send(Wire.get(1))
        for _ in 0..<74 {
            connection.advance(.seconds(1))
            if pings { try connection.send(Wire.ping()) }
        }
        #expect(connection.goAways.isEmpty)
        connection.advance(.seconds(1))
        #expect(connection.goAways == [0])
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
    }

    @Test("a stream that runs keeps the connection, however long")
    func longStream() throws {
        let remote = ScriptedHandlers()
        let connection = try EmbeddedHTTP2(ScriptedResponder { remote.take($0) })
        try connection.send(Wire.get(1))
        let exchange = try remote.handler(0).exchange
        exchange.writeHead(ResponseHead(status: 200))
        for _ in 0..<60 {
            connection.advance(.minutes(1))
            exchange.write(ByteBuffer(string: "."))
            connection.settle()
        }
        #expect(connection.bodyBytes(1) == 60)
        #expect(connection.isOpen)
    }

    @Test("draining: running streams finish, those that come within the grace are served, later ones are not")
    func drain() throws {
        let remote = ScriptedHandlers()
        let responder = ScriptedResponder { remote.take($0) }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.get(1, "/running"))
        connection.tell(.drain(.none))
        let announced = connection.frames.first { $0.type == 7 }
        #expect(announced?.payload == [0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
        try connection.send(Wire.get(3, "/within"))
        try connection.send(Wire.ping(acknowledged: true))
        let named = connection.frames.last { $0.type == 7 }
        #expect(named?.payload == [0, 0, 0, 3, 0, 0, 0, 0])
        // With a body on its way, which is no fault: it was sent before the caller could know.
        try connection.send(Wire.post(5, "/later") + Wire.data(5, "on its way") + Wire.windowUpdate(5, 1))
        #expect(connection.reset(5) == 7)
        #expect(responder.requests == ["GET /running", "GET /within"])
        try remote.handler(0).answer("one")
        try remote.handler(1).answer("two")
        connection.settle()
        #expect(connection.body(1) == "one")
        #expect(connection.body(3) == "two")
        #expect(connection.goAways == [0, 0])
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
        #expect(connection.registry.abortedExchanges == 0)
    }

    @Test("a caller that does not confirm the end is told the last stream after a second")
    func drainUnconfirmed() throws {
        let connection = try EmbeddedHTTP2(ScriptedResponder { _ in })
        try connection.send(Wire.get(1))
        connection.tell(.drain(.none))
        connection.advance(.milliseconds(999))
        #expect(connection.goAways == [0])
        connection.advance(.milliseconds(1))
        #expect(connection.goAways == [0, 0])
    }

    @Test("draining closes an idle connection at once")
    func drainIdle() throws {
        let connection = try EmbeddedHTTP2(.echo())
        connection.tell(.drain(.none))
        #expect(connection.goAways == [0])
        #expect(!connection.isOpen)
    }

    @Test("at the end of draining what still runs is cut and counted")
    func abort() throws {
        let responder = ScriptedResponder { _ in }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.get(1) + Wire.get(3))
        connection.tell(.drain(.none))
        connection.tell(.abort)
        #expect(!connection.isOpen)
        #expect(connection.registry.abortedExchanges == 2)
        #expect(connection.registry.runningExchanges == 0)
        #expect(!connection.hasEnded(1))
        #expect(responder.seen.value.filter { $0 == .closed(byCaller: false) }.count == 2)
    }

    @Test("a caller that says goodbye gets its answers, and the connection closes after them")
    func callerLeaves() throws {
        let remote = ScriptedHandlers()
        let connection = try EmbeddedHTTP2(ScriptedResponder { remote.take($0) })
        try connection.send(Wire.get(1) + Wire.goAway())
        try remote.handler(0).answer("last")
        connection.settle()
        #expect(connection.body(1) == "last")
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
    }

    @Test("a connection over the limit: what it asks for at first is answered 503, what follows may be tried elsewhere")
    func overloaded() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder, isOverloaded: true)
        #expect(connection.goAways.isEmpty)
        try connection.send(Wire.get(1) + Wire.post(3))
        for stream in [UInt32(1), 3] {
            #expect(connection.status(stream) == "503")
            #expect(connection.body(stream) == #"{"error":{"code":"overloaded"}}"#)
            #expect(connection.hasEnded(stream))
        }
        // The rest of the body that was refused is waited for.
        #expect(connection.goAways.isEmpty)
        try connection.send(Wire.get(5))
        #expect(connection.reset(5) == 7)
        try connection.send(Wire.data(3, "rest", end: true))
        let named = connection.frames.filter { $0.type == 7 }
        #expect(named.map(\.payload) == [[0, 0, 0, 3, 0, 0, 0, 0]])
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
        #expect(responder.requests.isEmpty)
        #expect(connection.environment.abuses.counts.isEmpty)
    }

    @Test("a connection over the limit that asks for nothing ends soon, and is no abuse", arguments: [false, true])
    func overloadedAndSilent(opens: Bool) throws {
        let connection = try EmbeddedHTTP2(.echo(), isOverloaded: true, opens: opens)
        connection.advance(.milliseconds(1_999))
        #expect(connection.goAways.isEmpty)
        connection.advance(.milliseconds(1))
        #expect(connection.goAways == [0])
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
        #expect(connection.environment.abuses.counts.isEmpty)
    }

    @Test("a connection over the limit reads no further than one within it: heads that are not sound are 400")
    func overloadedAndMalformed() throws {
        let connection = try EmbeddedHTTP2(.echo(), isOverloaded: true)
        try connection.send(Wire.headers(1, Wire.request(authority: nil)))
        #expect(connection.status(1) == "400")
        #expect(connection.goAways == [0])
    }
}
