import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// A quiet stream keeps its caller's connection alive, where that is asked for (`usage.keepalive`).
struct KeepAliveTests {
    private static let events: HeaderFields = ["Content-Type": "text/event-stream"]

    private static func fixture(_ interval: Duration? = .seconds(15)) throws -> GatewayFixture {
        try GatewayFixture { $0.usage.keepalive = interval }
    }

    @Test(
        "sends a comment, or a ping on Anthropic Messages, only while nothing else comes",
        arguments: [
            ("/v1/chat/completions", ": keep-alive\n\n"),
            ("/v1/messages", "event: ping\ndata: {\"type\": \"ping\"}\n\n"),
        ])
    func sends(target: String, sign: String) throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(#"{"model":"m"}"#, target)
        try fixture.transfer().head(200, Self.events)
        fixture.advance(by: .seconds(60))
        // Held back: there is nothing to put it behind.
        #expect(exchange.head == nil)
        try fixture.transfer().body("data: 1\n\n")
        fixture.advance(by: .seconds(10))
        try fixture.transfer().body("data: 2\n\n")
        fixture.advance(by: .seconds(14))
        #expect(exchange.text == "data: 1\n\ndata: 2\n\n")
        fixture.advance(by: .seconds(1))
        #expect(exchange.text == "data: 1\n\ndata: 2\n\n" + sign)
        fixture.advance(by: .seconds(30))
        #expect(exchange.text == "data: 1\n\ndata: 2\n\n" + sign + sign + sign)
        // Within an event that was passed on in part nothing is put in; the usual event is not passed on in part.
        try fixture.transfer().body("data: 3")
        fixture.advance(by: .seconds(15))
        #expect(exchange.text.hasSuffix(sign + sign))
        let long = "data: " + String(repeating: "x", count: 70_000)
        try fixture.transfer().body("\n\n" + long)
        let before = exchange.text
        fixture.advance(by: .seconds(60))
        #expect(exchange.text == before)
        try fixture.transfer().body("\n\n")
        try fixture.transfer().complete()
        fixture.advance(by: .seconds(60))
        #expect(exchange.end == .finished)
        #expect(exchange.text == before + "\n\n")
        fixture.expectAllSettled()
    }

    @Test("does nothing unless it is asked for, and nothing for other answers", arguments: [true, false])
    func isOff(isStream: Bool) throws {
        let fixture = try Self.fixture(isStream ? nil : .seconds(15))
        let exchange = fixture.post()
        try fixture.transfer().head(200, isStream ? Self.events : ["Content-Type": "audio/wav"])
        try fixture.transfer().body("data: 1\n\n")
        fixture.advance(by: .seconds(120))
        #expect(exchange.text == "data: 1\n\n")
        exchange.leave()
        fixture.run()
        fixture.expectAllSettled()
    }

    @Test("a sign of life to the caller does not keep a dead provider alive (T-010)")
    func deadProvider() throws {
        let fixture = try GatewayFixture {
            $0.usage.keepalive = .seconds(15)
            $0.upstream.idleTimeout = .seconds(100)
        }
        let exchange = fixture.post()
        try fixture.transfer().head(200, Self.events)
        try fixture.transfer().body("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n")
        for _ in 0..<11 {
            try fixture.transfer().body(": alive\n\n")
            fixture.advance(by: .seconds(10))
        }
        #expect(exchange.end == .finished)
        #expect(exchange.text.contains("upstream_timeout"))
        #expect(fixture.observer.records.last?.outcome == .timedOut)
        fixture.expectAllSettled()
    }
}
