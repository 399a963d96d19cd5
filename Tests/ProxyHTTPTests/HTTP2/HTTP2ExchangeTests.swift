import NIOCore
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2: requests and answers (L-012)")
struct HTTP2ExchangeTests {
    @Test("a request reaches the responder as HTTP/1.1 would have told it, and its answer comes back")
    func request() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(
            Wire.headers(
                1,
                Wire.request(
                    "POST", "/v1/x?y=%2F", authority: "kmi.test:8080",
                    with: [("cookie", "a=1"), ("x-two", "1"), ("cookie", "b=2"), ("x-two", "2"), ("te", "trailers")]),
                end: false) + Wire.data(1, "hello ") + Wire.data(1, "there", end: true))
        let head = try #require(responder.heads.value.first)
        #expect(head.method == "POST")
        #expect(head.target == "/v1/x?y=%2F")
        #expect(
            head.headers
                == HeaderFields([("host", "kmi.test:8080"), ("cookie", "a=1; b=2"), ("x-two", "1"), ("x-two", "2")]))
        #expect(connection.status(1) == "200")
        #expect(connection.body(1) == "POST /v1/x?y=%2F [hello there]\n")
        #expect(connection.hasEnded(1))
        #expect(connection.fields(1)["date"] == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(connection.fields(1)["content-length"] == String(connection.body(1).utf8.count))
        #expect(responder.seen.value.last == .closed(byCaller: false))
        #expect(connection.registry.runningExchanges == 0)
    }

    @Test("Host without :authority, and both where they agree, come out as one Host", arguments: [false, true])
    func host(both: Bool) throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(
            Wire.headers(1, Wire.request(authority: both ? "A.test" : nil, with: [("host", "a.test"), ("x", "y")])))
        #expect(responder.heads.value.first?.headers.all("host").count == 1)
        #expect(connection.status(1) == "200")
    }

    @Test("an answer has no field that belongs to one connection, and names in lower case")
    func answerFields() throws {
        let connection = try EmbeddedHTTP2(
            ScriptedResponder { handler in
                handler.exchange.writeHead(
                    ResponseHead(
                        status: 201,
                        headers: [
                            "Connection": "close, X-A", "Keep-Alive": "1", "Transfer-Encoding": "chunked",
                            "Upgrade": "h2c", "Proxy-Connection": "close", "TE": "trailers", "X-Mixed": " v ",
                            "X-Bad": "a\r\nb",
                        ]))
                handler.exchange.write(ByteBuffer(string: "x"))
                handler.exchange.finish(trailers: ["X-Sum": "1", "Connection": "close"])
            })
        try connection.send(Wire.get(1))
        #expect(Set(connection.fields(1).keys) == [":status", "x-mixed", "date"])
        #expect(connection.fields(1)["x-mixed"] == "v")
        let trailers = connection.frames.last { $0.type == 1 }
        #expect(trailers?.fields == ["x-sum": "1"])
        #expect(trailers?.isEnd == true)
    }

    @Test("HEAD, 204 and 304 have no body and keep their length", arguments: ["HEAD 200", "GET 204", "GET 304"])
    func noBody(what: String) throws {
        let parts = what.split(separator: " ")
        let status = try #require(Int(parts[1]))
        let connection = try EmbeddedHTTP2(
            ScriptedResponder { handler in
                handler.exchange.writeHead(ResponseHead(status: status, headers: ["content-length": "5"]))
                handler.exchange.write(ByteBuffer(string: "12345"))
                handler.exchange.finish(trailers: nil)
            })
        try connection.send(Wire.headers(1, Wire.request(String(parts[0]))))
        #expect(connection.status(1) == String(status))
        #expect(connection.fields(1)["content-length"] == (status == 204 ? nil : "5"))
        #expect(connection.bodyBytes(1) == 0)
        #expect(connection.hasEnded(1))
        #expect(connection.reset(1) == nil)
    }

    @Test("no field of an answer goes into the table of fields, whose size the caller alone decides")
    func headerTable() throws {
        let connection = try EmbeddedHTTP2(
            ScriptedResponder { handler in
                handler.exchange.writeHead(
                    ResponseHead(status: 200, headers: ["x-request-id": handler.exchange.connection.id.description]))
                handler.exchange.write(ByteBuffer(string: "x"))
                handler.exchange.finish(trailers: ["x-sum": "1"])
            })
        for stream in [UInt32(1), 3] { try connection.send(Wire.get(stream)) }
        let blocks = connection.frames.filter { $0.type == 1 }.map(\.payload)
        #expect(blocks.count == 4)
        // What the table remembers would be shorter the second time.
        #expect(Array(blocks.prefix(2)) == Array(blocks.suffix(2)))
    }

    @Test(
        "a method is what it is in HTTP/1.1", arguments: ["trace", "connect", "GeT", String(repeating: "A", count: 37)])
    func methods(method: String) throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.headers(1, Wire.request(method)))
        #expect(connection.status(1) == "400")
        #expect(responder.requests.isEmpty)
    }

    @Test("HEAD with a body to come is refused as in HTTP/1.1")
    func headWithBody() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.headers(1, Wire.request("HEAD"), end: false))
        #expect(connection.status(1) == "400")
        #expect(responder.requests.isEmpty)
    }

    @Test("a body longer or shorter than promised resets the stream instead of ending it", arguments: ["123456", "12"])
    func wrongLength(body: String) throws {
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(ResponseHead(status: 200, headers: ["content-length": "5"]))
            handler.exchange.write(ByteBuffer(string: body))
            handler.exchange.finish(trailers: nil)
        }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.get(1))
        #expect(connection.reset(1) == 2)
        #expect(!connection.hasEnded(1))
        #expect(connection.isOpen)
    }

    @Test("an aborted answer is reset, so that nobody takes it for complete, and others go on")
    func abort() throws {
        let remote = ScriptedHandlers()
        let connection = try EmbeddedHTTP2(ScriptedResponder { remote.take($0) })
        try connection.send(Wire.get(1) + Wire.get(3))
        let first = try remote.handler(0)
        first.exchange.writeHead(ResponseHead(status: 200))
        first.exchange.write(ByteBuffer(string: "half"))
        connection.settle()
        first.exchange.abort()
        connection.settle()
        #expect(connection.body(1) == "half")
        #expect(connection.reset(1) == 2)
        #expect(!connection.hasEnded(1))
        try remote.handler(1).answer("whole")
        connection.settle()
        #expect(connection.body(3) == "whole")
    }

    @Test("100 Continue is sent to whoever waits for it, once the body is wanted, and to nobody else")
    func interim() throws {
        let connection = try EmbeddedHTTP2(.echo())
        try connection.send(Wire.post(1, "/", [("expect", "100-continue"), ("content-length", "2")]))
        #expect(connection.frames.last?.fields[":status"] == "100")
        try connection.send(Wire.data(1, "hi", end: true))
        #expect(connection.status(1) == "200")
        #expect(connection.body(1) == "POST / [hi]\n")
        try connection.send(Wire.post(3) + Wire.data(3, end: true))
        #expect(connection.frames.filter { $0.fields[":status"] == "100" }.count == 1)
    }

    @Test("trailers of a request are taken and dropped")
    func trailers() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.post(1) + Wire.data(1, "x") + Wire.headers(1, [("x-sum", "1")]))
        #expect(connection.body(1) == "POST / [x]\n")
        #expect(responder.heads.value.first?.headers.contains("x-sum") == false)
    }

    @Test("streams are answered in any order, a hundred at a time")
    func manyStreams() throws {
        let remote = ScriptedHandlers()
        let connection = try EmbeddedHTTP2(ScriptedResponder { remote.take($0) })
        for number in 0..<100 { try connection.send(Wire.get(UInt32(number * 2 + 1), "/\(number)")) }
        #expect(connection.registry.runningExchanges == 100)
        for number in (0..<100).reversed() { try remote.handler(number).answer("answer \(number)") }
        connection.settle()
        for number in 0..<100 { #expect(connection.body(UInt32(number * 2 + 1)) == "answer \(number)") }
        #expect(connection.registry.runningExchanges == 0)
        #expect(connection.goAways.isEmpty)
    }

    @Test("events of a stream leave one by one, each as it is written")
    func events() throws {
        let remote = ScriptedHandlers()
        let connection = try EmbeddedHTTP2(ScriptedResponder { remote.take($0) })
        try connection.send(Wire.get(1))
        let exchange = try remote.handler(0).exchange
        exchange.writeHead(ResponseHead(status: 200, headers: ["content-type": "text/event-stream"]))
        for number in 1...5 {
            exchange.write(ByteBuffer(string: "data: \(number)\n\n"))
            connection.settle()
            #expect(connection.frames.last?.text == "data: \(number)\n\n")
        }
        exchange.finish(trailers: nil)
        connection.settle()
        #expect(connection.frames.last?.isEnd == true)
    }

    @Test("a caller that resets its stream has left, and nothing more is sent on it")
    func cancel() throws {
        let remote = ScriptedHandlers()
        let responder = ScriptedResponder { remote.take($0) }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.get(1))
        let handler = try remote.handler(0)
        handler.exchange.writeHead(ResponseHead(status: 200))
        connection.settle()
        try connection.send(Wire.reset(1))
        #expect(responder.seen.value.last == .closed(byCaller: true))
        let count = connection.frames.count
        handler.exchange.write(ByteBuffer(string: "late"))
        handler.exchange.finish(trailers: nil)
        connection.settle()
        #expect(connection.frames.count == count)
        #expect(connection.registry.runningExchanges == 0)
    }

    @Test("a request that is reset in the same breath is not begun with")
    func cancelAtOnce() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.get(1) + Wire.reset(1) + Wire.get(3, "/next"))
        #expect(responder.requests == ["GET /next"])
    }

    @Test("when the connection goes, all callers have left")
    func connectionGone() throws {
        let responder = ScriptedResponder { _ in }
        let connection = try EmbeddedHTTP2(responder)
        try connection.send(Wire.get(1) + Wire.get(3))
        try connection.lose()
        #expect(responder.seen.value.filter { $0 == .closed(byCaller: true) }.count == 2)
        #expect(connection.registry.runningExchanges == 0)
    }
}
