import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// Answers that come in pieces: their order, their pace and their ends.
struct StreamingTests {
    private static let events: HeaderFields = ["Content-Type": "text/event-stream; charset=utf-8"]

    @Test("events are passed on as they come, byte for byte")
    func passesOn() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.takeBody()
        transfer.head(200, Self.events)
        #expect(exchange.head == nil)
        for (index, event) in ["data: {\"a\":1}\n\n", ": ping\n\n", "data: [DONE]\n\n"].enumerated() {
            transfer.body(event)
            #expect(exchange.writes == index + 1)
            #expect(exchange.text.hasSuffix(event))
            #expect(fixture.metric("kmi_active_streams") == 1)
        }
        transfer.complete()
        #expect(exchange.end == .finished)
        #expect(exchange.header("x-kmi-key") == "alpha")
        fixture.run()
        #expect(fixture.metric("kmi_request_duration_seconds_count", ["stream": "true"]) == 1)
        fixture.expectAllSettled()
    }

    @Test("a stream that fails before its first byte fails over (X-040)")
    func failsOverBeforeFirstByte() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer(0).head(200, Self.events)
        try fixture.transfer(0).fail(.closedDuringAnswer)
        #expect(exchange.head == nil)
        try fixture.transfer(1).answer(200, Self.events, "data: 1\n\n")
        #expect(exchange.text == "data: 1\n\n")
        fixture.expectAllSettled()
    }

    @Test(
        "cut between two events: the dialect's error event and a regular end, nothing made up (X-040)",
        arguments: [
            ("/v1/chat/completions", "data: {\"error\":{"), ("/v1/messages", "event: error\ndata: {\"type\":\"error\""),
        ])
    func cutBetweenEvents(target: String, beginning: String) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(#"{"model":"m"}"#, target)
        let transfer = try fixture.transfer()
        transfer.takeBody()
        transfer.head(200, Self.events)
        transfer.body("data: 1\r\n\r\n")
        transfer.fail(.closedDuringAnswer)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.end == .finished)
        #expect(exchange.text.hasPrefix("data: 1\r\n\r\n" + beginning))
        #expect(exchange.text.hasSuffix("\n\n"))
        #expect(exchange.text.contains("upstream_protocol"))
        #expect(!exchange.text.contains("[DONE]"))
        #expect(!exchange.text.contains("finish_reason"))
        #expect(!exchange.text.contains("SECRET-DETAIL"))
        #expect(fixture.metric("kmi_streams_cut_total", ["type": "provider_protocol", "provider": "kimi"]) == 1)
        #expect(fixture.metric("kmi_errors_total", ["type": "provider_protocol"]) == 1)
        fixture.expectAllSettled()
    }

    @Test(
        "cut in the middle of an event: what has come of it is dropped, and the error event ends the stream (X-040)",
        arguments: [("data: 1\n\n", "data: 2\n"), ("data: 1\n\n", "data"), ("data: 1\r\n\r\n", "d")])
    func cutWithinEvent(whole: String, rest: String) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer().head(200, Self.events)
        try fixture.transfer().body(whole + rest)
        try fixture.transfer().fail(.closedDuringAnswer)
        #expect(exchange.end == .finished)
        #expect(exchange.text.hasPrefix(whole + "data: {\"error\":{"))
        fixture.expectAllSettled()
    }

    @Test("an event of more than 64 KiB is passed on in pieces; cut within it, the connection is cut (X-040)")
    func cutWithinLongEvent() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let text = "data: 1\n\ndata: " + String(repeating: "x", count: 70_000)
        try fixture.transfer().head(200, Self.events)
        try fixture.transfer().body(text)
        try fixture.transfer().fail(.closedDuringAnswer)
        #expect(exchange.end == .aborted)
        #expect(exchange.text == text)
        fixture.expectAllSettled()
    }

    @Test("other answers are cut where they break, never made complete")
    func cutOther() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer().head(200, ["Content-Type": "audio/wav"])
        try fixture.transfer().body("abc")
        try fixture.transfer().fail(.closedDuringAnswer)
        #expect(exchange.end == .aborted)
        fixture.expectAllSettled()
    }

    @Test("a caller that leaves ends the transfer at once, whenever it leaves (K-025)", arguments: 0..<6)
    func callerLeaves(moment: Int) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields([("Content-Length", "13")]))
        if moment > 0 { exchange.send(ByteBuffer(string: #"{"model":"m"}"#)) }
        if moment > 1 { exchange.sendEnd() }
        if moment > 2 { try fixture.transfer().takeBody() }
        if moment > 3 { try fixture.transfer().head(200, Self.events) }
        if moment > 4 { try fixture.transfer().body("data: 1\n\n") }
        exchange.leave()
        fixture.run()
        #expect(fixture.transfers.allSatisfy { $0.isCancelled })
        #expect(try fixture.key("alpha").inFlight == 0)
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.metric("kmi_errors_total", ["type": "caller_cancelled"]) == 1)
        #expect(fixture.metric("kmi_upstream_attempts_total", ["outcome": "caller_cancelled"]) == (moment > 1 ? 1 : 0))
        fixture.expectAllSettled()
    }

    @Test("a caller that does not read holds the provider back, and lets it go on when it reads (back-pressure)")
    func backPressure() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.head(200, Self.events)
        transfer.body("data: 1\n\n")
        #expect(!transfer.isPaused)
        exchange.setWritable(false)
        transfer.body("data: 2\n\n")
        #expect(transfer.isPaused)
        // What the transport held already still passes.
        transfer.body("data: 3\n\n")
        // Its idle time is not the provider's fault.
        fixture.advance(by: .seconds(3600))
        #expect(!transfer.isOver)
        exchange.setWritable(true)
        #expect(!transfer.isPaused)
        transfer.body("data: 4\n\n")
        transfer.complete()
        #expect(exchange.text == "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n")
        fixture.expectAllSettled()
    }

    @Test("a held answer that meets a full caller is paused as well")
    func backPressureOfHeldAnswer() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        exchange.setWritable(false)
        transfer.head(200, ["Content-Type": "application/json"])
        transfer.body(ByteBuffer(repeating: 0x20, count: Attempt.jsonBodyLimit + 1))
        #expect(transfer.isPaused)
        exchange.setWritable(true)
        #expect(!transfer.isPaused)
        transfer.complete()
        #expect(exchange.end == .finished)
        fixture.expectAllSettled()
    }

    @Test("no byte within the first-byte timeout: 504 when no attempt may start any more (T-010)")
    func firstByteTimeout() throws {
        let fixture = try GatewayFixture { $0.upstream.firstByteTimeout = .seconds(40) }
        let exchange = fixture.post()
        try fixture.transfer().takeBody()
        fixture.advance(by: .seconds(39))
        #expect(exchange.head == nil)
        fixture.advance(by: .seconds(1))
        #expect(exchange.status == 504)
        #expect(exchange.header("x-kmi-error") == "upstream_timeout")
        #expect(try fixture.transfer().isCancelled)
        #expect(try fixture.key("alpha").state == .usable)
        fixture.expectAllSettled()
    }

    @Test("no byte within the first-byte timeout: the next key while there is time")
    func firstByteTimeoutFailsOver() throws {
        let fixture = try GatewayFixture { $0.upstream.firstByteTimeout = .seconds(5) }
        let exchange = fixture.post()
        fixture.advance(by: .seconds(5))
        #expect(fixture.transfers.count == 2)
        try fixture.transfer().answer(200)
        #expect(exchange.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a stalled stream ends within the idle timeout, with an error event and no transfer left (T-010)")
    func idleTimeout() throws {
        let fixture = try GatewayFixture { $0.upstream.idleTimeout = .seconds(60) }
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.head(200, Self.events)
        for _ in 0..<5 {
            transfer.body("data: 1\n\n")
            fixture.advance(by: .seconds(59))
        }
        #expect(!transfer.isOver)
        fixture.advance(by: .seconds(1))
        #expect(transfer.isCancelled)
        #expect(exchange.end == .finished)
        #expect(exchange.text.contains("upstream_timeout"))
        #expect(fixture.metric("kmi_streams_cut_total", ["type": "provider_timeout"]) == 1)
        fixture.expectAllSettled()
    }

    @Test("a JSON answer that stalls after its first byte is held to the idle timeout as well (T-010)")
    func idleTimeoutOfJSON() throws {
        let fixture = try GatewayFixture { configuration in
            configuration.upstream.idleTimeout = .seconds(20)
            configuration.retry.maxAttempts = 1
        }
        let exchange = fixture.post()
        try fixture.transfer().head(200, ["Content-Type": "application/json"])
        try fixture.transfer().body("{")
        fixture.advance(by: .seconds(20))
        #expect(exchange.status == 504)
        fixture.expectAllSettled()
    }

    @Test("the total timeout ends even a busy stream; without one a stream lasts (T-002)")
    func totalTimeout() throws {
        let fixture = try GatewayFixture { $0.upstream.totalTimeout = .seconds(100) }
        let exchange = fixture.post()
        try fixture.transfer().head(200, Self.events)
        for _ in 0..<10 {
            try fixture.transfer().body("data: 1\n\n")
            fixture.advance(by: .seconds(10))
        }
        #expect(exchange.text.contains("upstream_timeout"))
        fixture.expectAllSettled()
        let lasting = try GatewayFixture()
        let stream = lasting.post()
        try lasting.transfer().head(200, Self.events)
        for _ in 0..<200 {
            try lasting.transfer().body("data: 1\n\n")
            lasting.advance(by: .seconds(10))
        }
        try lasting.transfer().complete()
        #expect(stream.end == .finished)
        lasting.expectAllSettled()
    }

    @Test("streams are not bound by response_body")
    func unboundedStream() throws {
        let fixture = try GatewayFixture { $0.server.limits.responseBody = 10 }
        let exchange = fixture.post()
        try fixture.transfer().answer(200, Self.events, "data: 0123456789\n\n")
        #expect(exchange.end == .finished)
        fixture.expectAllSettled()
    }
}
