import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// What becomes of requests that run when the time to drain is over (K-028, X-040).
struct MustEndTests {
    private static let events: HeaderFields = ["Content-Type": "text/event-stream"]

    private static func end(_ exchange: FakeExchange, _ fixture: GatewayFixture) {
        exchange.handler?.exchangeMustEnd()
        fixture.run()
    }

    @Test(
        "a stream ends with its dialect's error event, and its provider is let go",
        arguments: [
            ("/v1/chat/completions", "data: {\"error\":{"), ("/v1/messages", "event: error\ndata: {\"type\":\"error\""),
        ])
    func stream(target: String, beginning: String) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(#"{"model":"m"}"#, target)
        let transfer = try fixture.transfer()
        transfer.takeBody()
        transfer.head(200, Self.events)
        transfer.body("data: 1\n\n")
        Self.end(exchange, fixture)
        #expect(transfer.isCancelled)
        #expect(exchange.end == .finished)
        #expect(exchange.text.hasPrefix("data: 1\n\n" + beginning))
        #expect(exchange.text.contains("overloaded") && !exchange.text.contains("[DONE]"))
        #expect(fixture.metric("kmi_streams_cut_total", ["type": "daemon_overloaded", "provider": "kimi"]) == 1)
        // It is no fault of the key's.
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.observer.records.map(\.outcome) == [.cut])
        fixture.expectAllSettled()
    }

    @Test("an answer that is no stream is cut, so that nobody takes it for complete")
    func otherAnswer() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer().head(200, ["Content-Type": "audio/wav"])
        try fixture.transfer().body("abc")
        Self.end(exchange, fixture)
        #expect(exchange.end == .aborted)
        fixture.expectAllSettled()
    }

    @Test("who has no answer yet is told to come again, whatever the request waits for", arguments: 0..<5)
    func refused(moment: Int) throws {
        let fixture = try GatewayFixture { $0.limits.inFlight = 1 }
        var running: FakeExchange?
        if moment == 0 {
            running = fixture.post()
            #expect(fixture.transfers.count == 1)
        }
        let exchange = fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields([("Content-Length", "13")]))
        if moment > 1 { exchange.send(ByteBuffer(string: #"{"model":"m"}"#)) }
        if moment > 2 { exchange.sendEnd() }
        if moment > 3 { try fixture.transfer().takeBody() }
        Self.end(exchange, fixture)
        #expect(exchange.status == 503)
        #expect(exchange.header("x-kmi-error") == "overloaded")
        #expect(exchange.header("retry-after") == "1")
        #expect(exchange.end == .finished)
        #expect(fixture.gateway.queuedRequests == 0)
        if moment > 2 { #expect(fixture.transfers.allSatisfy { $0.isCancelled }) }
        if let running {
            try fixture.transfer().answer(200)
            #expect(running.status == 200)
        }
        #expect(try fixture.key("alpha").inFlight == 0)
        fixture.expectAllSettled()
    }
}
