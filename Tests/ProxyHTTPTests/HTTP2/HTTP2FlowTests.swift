import NIOCore
import NIOHTTP2
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2: windows and what waits behind them (L-012)")
struct HTTP2FlowTests {
    @Test("a body that is held back stops its stream's window, and only that one")
    func pausedBody() throws {
        let remote = ScriptedHandlers()
        let responder = ScriptedResponder { remote.take($0) }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.post(1) + Wire.post(3))
        try remote.handler(1).exchange.resumeBody()
        for _ in 0..<3 { try connection.send(Wire.data(1, bytes: 16_384)) }
        try connection.send(Wire.data(1, bytes: 16_383))
        #expect(connection.windowUpdates(1) == 0)
        #expect(connection.handler.streams[1]?.heldBytes == 65_535)
        #expect(try remote.handler(0).bodyBytes == 0)
        // The other stream's body passes meanwhile, far beyond a window.
        for _ in 0..<64 { try connection.send(Wire.data(3, bytes: 16_000)) }
        #expect(try remote.handler(1).bodyBytes == 64 * 16_000)
        #expect(connection.handler.streams[3]?.heldBytes == 0)

        try remote.handler(0).exchange.resumeBody()
        connection.settle()
        #expect(try remote.handler(0).bodyBytes == 65_535)
        // Half of the window at least is open again.
        #expect(connection.windowUpdates(1) >= 32_768)
    }

    @Test("a body that is held back keeps its own bytes alive, not the reads that brought them")
    func smallPieces() {
        var held = HeldPieces()
        let read = ByteBuffer(repeating: 0x61, count: 65_536)
        for index in 0..<40_000 {
            guard let byte = read.getSlice(at: index, length: 1) else { continue }
            held.take(byte)
        }
        #expect(held.count == 3)
        held.take(ByteBuffer(repeating: 0x62, count: 10_000))
        held.take(ByteBuffer(string: "end"))
        var text: [UInt8] = []
        while let piece = held.next() {
            #expect(piece.capacity <= 32_768)
            text += piece.readableBytesView
        }
        #expect(text == [UInt8](repeating: 0x61, count: 40_000) + [UInt8](repeating: 0x62, count: 10_000) + "end".utf8)
    }

    @Test("more than the window allows is a fault that ends the connection or the stream")
    func windowIgnored() throws {
        let connection = try EmbeddedHTTP2(ScriptedResponder { _ in })
        try connection.send(Wire.post(1))
        for _ in 0..<5 { try connection.send(Wire.data(1, bytes: 16_384)) }
        #expect(connection.reset(1) == 3 || connection.goAways == [3])
        #expect(connection.handler.streams[1] == nil)
    }

    @Test("a body that pauses within its callback gets no further piece")
    func pauseWithin() throws {
        let remote = ScriptedHandlers()
        let connection = try EmbeddedHTTP2(
            ScriptedResponder { handler in
                remote.take(handler)
                handler.whenBody = { handler, _ in handler.exchange.pauseBody() }
                handler.exchange.resumeBody()
            })
        try connection.send(Wire.post(1) + Wire.data(1, "one") + Wire.data(1, bytes: HeldPieces.keptBytes))
        #expect(try remote.handler(0).text == "one")
        try remote.handler(0).exchange.resumeBody()
        connection.settle()
        #expect(try remote.handler(0).text == "one" + String(repeating: "a", count: HeldPieces.keptBytes))
    }

    @Test("a reader that opens no window holds up its own stream only, which is told to wait")
    func slowReader() throws {
        let remote = ScriptedHandlers()
        let responder = ScriptedResponder { remote.take($0) }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.windowUpdate(0, 1 << 24) + Wire.get(1) + Wire.get(3))
        let slow = try remote.handler(0)
        slow.exchange.writeHead(ResponseHead(status: 200))
        var written = 0
        while slow.exchange.isWritable {
            slow.exchange.write(ByteBuffer(repeating: 0x61, count: 10_000))
            written += 10_000
            connection.settle()
            #expect(written < 1 << 20)
        }
        #expect(written <= 65_535 + HTTP2Limits.answerHighMark + 10_000)
        #expect(connection.bodyBytes(1) == 65_535)

        let other = try remote.handler(1)
        #expect(other.exchange.isWritable)
        other.answer(String(repeating: "b", count: 60_000))
        connection.settle()
        #expect(connection.bodyBytes(3) == 60_000)
        #expect(connection.hasEnded(3))

        try connection.send(Wire.windowUpdate(1, 1 << 20))
        #expect(responder.seen.value.contains(.writable))
        #expect(connection.bodyBytes(1) == written)
        slow.exchange.finish(trailers: nil)
        connection.settle()
        #expect(connection.hasEnded(1))
    }

    @Test("windows of one byte let an answer trickle, and it arrives whole")
    func tinyWindows() throws {
        let connection = try EmbeddedHTTP2(.echo(), opens: false)
        try connection.send(Wire.preface + Wire.settings([(4, 1)]) + Wire.settingsAcknowledged + Wire.get(1, "/tiny"))
        #expect(connection.body(1) == "G")
        for _ in 0..<20 {
            connection.advance(.seconds(200))
            try connection.send(Wire.windowUpdate(1, 1))
        }
        #expect(connection.body(1) == "GET /tiny []\n")
        #expect(connection.hasEnded(1))
    }

    @Test("a reader that never opens its window is given up after server.timeouts.stalled_write (T-002)")
    func stalledReader() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder, opens: false)
        try connection.send(Wire.preface + Wire.settings([(4, 0)]) + Wire.settingsAcknowledged + Wire.get(1))
        connection.advance(.seconds(299))
        #expect(connection.reset(1) == nil)
        connection.advance(.seconds(1))
        #expect(connection.reset(1) == 8)
        #expect(connection.handler.streams.isEmpty)
        connection.advance(.seconds(75))
        #expect(connection.goAways == [0])
    }

    @Test("the end of an answer that a closed window holds back is waited for no longer than bytes are")
    func stalledEnd() throws {
        let remote = ScriptedHandlers()
        let connection = try EmbeddedHTTP2(ScriptedResponder { remote.take($0) })
        try connection.send(Wire.get(1))
        let exchange = try remote.handler(0).exchange
        exchange.writeHead(ResponseHead(status: 200))
        exchange.write(ByteBuffer(repeating: 0x61, count: 65_535))
        connection.settle()
        #expect(connection.bodyBytes(1) == 65_535)
        // Less than nothing is left of the stream's window.
        try connection.send(Wire.settings([(4, 0)]))
        exchange.finish(trailers: nil)
        connection.settle()
        #expect(!connection.hasEnded(1))
        connection.advance(.seconds(300))
        #expect(connection.reset(1) == 8)
    }

    @Test("large bodies pass both ways, whole")
    func largeBodies() throws {
        let responder = ScriptedResponder { handler in
            handler.whenEnd = { handler in
                handler.exchange.writeHead(ResponseHead(status: 200))
                for _ in 0..<64 { handler.exchange.write(ByteBuffer(repeating: 0x62, count: 65_536)) }
                handler.exchange.finish(trailers: nil)
            }
            handler.exchange.resumeBody()
        }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.windowUpdate(0, 1 << 26) + Wire.post(1) + Wire.windowUpdate(1, 1 << 26))
        for _ in 0..<512 { try connection.send(Wire.data(1, bytes: 8_192)) }
        try connection.send(Wire.data(1, end: true))
        #expect(connection.bodyBytes(1) == 64 * 65_536)
        #expect(connection.hasEnded(1))
        let received = responder.seen.value.reduce(0) { sum, seen in
            if case .body(let bytes) = seen { sum + bytes } else { sum }
        }
        #expect(received == 512 * 8_192)
    }

    @Test("an answer before the body's end: what is left is thrown away, and the stream ends regularly")
    func earlyAnswer() throws {
        let connection = try EmbeddedHTTP2(ScriptedResponder { $0.answer("no", status: 413) })
        try connection.send(Wire.post(1))
        #expect(connection.status(1) == "413")
        #expect(connection.hasEnded(1))
        for _ in 0..<20 { try connection.send(Wire.data(1, bytes: 16_000)) }
        #expect(connection.windowUpdates(1) > 200_000)
        try connection.send(Wire.data(1, end: true))
        #expect(connection.reset(1) == nil)
        #expect(connection.handler.streams.isEmpty)
    }

    @Test("an answer before the body's end: past the bound in bytes or time the stream is reset without an error")
    func earlyAnswerBounds() throws {
        let connection = try EmbeddedHTTP2(ScriptedResponder { $0.answer("no", status: 413) })
        try connection.send(Wire.post(1))
        for _ in 0..<70 { try connection.send(Wire.data(1, bytes: 16_000)) }
        #expect(connection.reset(1) == 0)
        try connection.send(Wire.post(3))
        connection.advance(.seconds(2))
        #expect(connection.reset(3) == 0)
        try connection.send(Wire.post(5, "/", [("content-length", "2000000")]))
        #expect(connection.reset(5) == 0)
        // What was still on its way does no harm.
        try connection.send(Wire.data(1, bytes: 16_000) + Wire.data(3, "late", end: true) + Wire.get(7))
        #expect(connection.status(7) == "413")
        #expect(connection.goAways.isEmpty)
    }
}
