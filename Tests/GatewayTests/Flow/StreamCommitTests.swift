import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// Event streams are held back until an event commits them: what fails before goes to another key, what fails after ends
/// where it is (contract section 4, X-040).
struct StreamCommitTests {
    private static let events: HeaderFields = ["Content-Type": "text/event-stream; charset=utf-8"]
    private static let role = #"data: {"choices":[{"delta":{"role":"assistant","content":""}}]}"# + "\n\n"
    private static let word = #"data: {"choices":[{"delta":{"content":"x"}}]}"# + "\n\n"
    private static let done = "data: [DONE]\n\n"
    private static let limited = #"data: {"error":{"type":"rate_limit_reached_error","message":"m"}}"# + "\n\n"
    private static let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n"

    @Test("an error in the first event goes to another key, and the caller sees nothing of it")
    func errorFirst() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer(0).takeBody()
        try fixture.transfer(0).head(200, Self.events)
        try fixture.transfer(0).body(": alive\n\n" + Self.role + Self.limited)
        #expect(exchange.head == nil)
        #expect(try fixture.transfer(0).isCancelled)
        #expect(try fixture.key("alpha").state == .cooling)
        try fixture.transfer(1).answer(200, Self.events, Self.role + Self.word + Self.done)
        #expect(exchange.text == Self.role + Self.word + Self.done)
        #expect(exchange.header("x-kmi-key") == "beta")
        #expect(exchange.header("x-kmi-attempts") == "2")
        #expect(fixture.metric("kmi_retries_total", ["reason": "provider_rate_limited"]) == 1)
        #expect(fixture.metric("kmi_errors_total") == 0)
        fixture.expectAllSettled()
    }

    @Test(
        "an overloaded provider of Anthropic's dialect is left after message_start and ping, without blame for the key")
    func overloaded() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(#"{"model":"m"}"#, "/v1/messages")
        try fixture.transfer(0).head(200, Self.events)
        for event in [
            #"event: message_start"# + "\n" + #"data: {"type":"message_start","message":{"content":[]}}"#,
            "event: ping\ndata: {\"type\": \"ping\"}",
            "event: error\n" + #"data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        ] {
            #expect(exchange.head == nil)
            try fixture.transfer(0).body(event + "\r\n\r\n")
        }
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.transfers.count == 2)
        try fixture.transfer(1).answer(200, Self.events, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
        #expect(exchange.status == 200)
        #expect(!exchange.text.contains("Overloaded"))
        fixture.expectAllSettled()
    }

    @Test("after the first content there is no other attempt: the error passes, is recorded, and cools the key")
    func errorAfterContent() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer(0)
        transfer.takeBody()
        transfer.head(200, Self.events)
        transfer.body(Self.word)
        #expect(exchange.text == Self.word)
        transfer.body(Self.limited)
        #expect(try fixture.key("alpha").state == .cooling)
        transfer.body(Self.done)
        transfer.complete()
        #expect(fixture.transfers.count == 1)
        #expect(exchange.text == Self.word + Self.limited + Self.done)
        #expect(exchange.end == .finished)
        fixture.run()
        let record = try #require(fixture.observer.records.first)
        #expect(record.errorClass == .providerRateLimited)
        #expect(record.attempts.map(\.errorClass) == [.providerRateLimited])
        fixture.expectAllSettled()
    }

    @Test("when every key fails so, the caller gets the last stream as it was, and no key is credited (T-004)")
    func errorEverywhere() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        for index in 0..<3 {
            try fixture.transfer(index).takeBody()
            try fixture.transfer(index).head(200, Self.events)
            try fixture.transfer(index).body(": attempt \(index)\n\n" + Self.limited)
        }
        #expect(exchange.status == 200)
        try fixture.transfer(2).body(Self.done)
        try fixture.transfer(2).complete()
        #expect(exchange.text == ": attempt 2\n\n" + Self.limited + Self.done)
        #expect(exchange.end == .finished)
        for key in ["alpha", "beta", "gamma"] { #expect(try fixture.key(key).state == .cooling) }
        fixture.run()
        let record = try #require(fixture.observer.records.first)
        #expect(record.errorClass == .providerRateLimited)
        #expect(record.attempts.allSatisfy { $0.errorClass == .providerRateLimited })
        fixture.expectAllSettled()
    }

    @Test("an error about the keys is answered in our own name, as it is without a stream (T-004)")
    func authEverywhere() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        for index in 0..<3 {
            try fixture.transfer(index).answer(
                200, Self.events, #"data: {"error":{"type":"invalid_authentication_error","message":"m"}}"# + "\n\n")
        }
        #expect(exchange.header("x-kmi-error") == "upstream_auth")
        #expect(!exchange.text.contains("invalid_authentication_error"))
        fixture.expectAllSettled()
    }

    @Test("the request's own fault is passed on at once and changes no key")
    func rejected() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let text = #"data: {"error":{"code":"context_length_exceeded","message":"m"}}"# + "\n\n"
        try fixture.transfer().answer(200, Self.events, text)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.text == text)
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.metric("kmi_errors_total", ["type": "provider_rejected"]) == 1)
        fixture.expectAllSettled()
    }

    @Test("a break before the first content goes to another key, wherever it falls", arguments: [0, 1, 9, 30, 76])
    func breaksBefore(length: Int) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer(0).head(200, Self.events)
        try fixture.transfer(0).body(String((": alive\n\n" + Self.role).prefix(length)))
        try fixture.transfer(0).fail(.closedDuringAnswer)
        #expect(exchange.head == nil)
        try fixture.transfer(1).answer(200, Self.events, Self.word)
        #expect(exchange.text == Self.word)
        fixture.expectAllSettled()
    }

    @Test(
        "a stream that ends without any content is passed on as it was",
        arguments: ["", ": alive\n\n", role, "data: 1"])
    func endsEmpty(text: String) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer().answer(200, Self.events, text)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.status == 200)
        #expect(exchange.text == text)
        #expect(exchange.end == .finished)
        fixture.expectAllSettled()
    }

    @Test("at most 64 events are held back")
    func eventBound() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.head(200, Self.events)
        for _ in 0..<64 {
            transfer.body(Self.role)
            #expect(exchange.head == nil)
        }
        transfer.body(Self.role)
        #expect(exchange.text == String(repeating: Self.role, count: 65))
        transfer.body(Self.limited)
        transfer.complete()
        #expect(fixture.transfers.count == 1)
        #expect(exchange.text.hasSuffix(Self.limited))
        fixture.expectAllSettled()
    }

    @Test("at most 256 KiB are held back, within one event too")
    func byteBound() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.head(200, Self.events)
        transfer.body("data: ")
        transfer.body(ByteBuffer(repeating: 0x61, count: 262_138))
        #expect(exchange.head == nil)
        transfer.body("a")
        #expect(exchange.body.readableBytes == 262_145)
        transfer.body("\n\n")
        transfer.complete()
        #expect(exchange.body.readableBytes == 262_147)
        fixture.expectAllSettled()
    }

    @Test("the caller gets the same bytes from the same key whatever pieces the streams come in", arguments: 1...60)
    func anyPieces(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let parts = [
            ": alive\n\n", "\n", Self.role, Self.ping, Self.word, "data: \u{1F642}\r\n\r\n", Self.done, Self.limited,
        ]
        let streams = (0..<3).map { _ in
            (0..<Int.random(in: 1...5, using: &generator)).map { _ in parts.randomElement(using: &generator) ?? "" }
        }
        // The first stream in which no error comes before what commits.
        let last =
            streams.firstIndex { stream in
                stream.first { $0 == Self.limited || $0.contains("x\"") || $0.contains("\u{1F642}") || $0 == Self.done }
                    != Self.limited
            } ?? 2
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        for index in 0...last {
            var bytes = ByteBuffer(string: streams[index].joined())
            let transfer = try fixture.transfer(index)
            transfer.takeBody()
            transfer.head(200, Self.events)
            let longest = [1, 7, 1_000].randomElement(using: &generator) ?? 1
            while !transfer.isOver {
                let count = min(bytes.readableBytes, Int.random(in: 1...longest, using: &generator))
                guard let piece = bytes.readSlice(length: count), count > 0 else { break }
                transfer.body(piece)
                if Int.random(in: 0..<10, using: &generator) == 0 { exchange.setWritable(!exchange.isWritable) }
            }
            #expect(transfer.isOver == (index < last))
            transfer.complete()
        }
        #expect(fixture.transfers.count == last + 1)
        #expect(exchange.text == streams[last].joined())
        #expect(exchange.end == .finished)
        fixture.expectAllSettled()
    }

    @Test("a caller that does not read when the stream is committed holds the provider back")
    func pausedCaller() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        exchange.setWritable(false)
        transfer.head(200, Self.events)
        transfer.body(Self.role)
        // Held back in bounded memory: there is nothing for the caller to read yet.
        #expect(!transfer.isPaused)
        transfer.body(Self.word)
        #expect(transfer.isPaused)
        fixture.advance(by: .seconds(3_600))
        #expect(!transfer.isOver)
        exchange.setWritable(true)
        #expect(!transfer.isPaused)
        transfer.complete()
        #expect(exchange.text == Self.role + Self.word)
        fixture.expectAllSettled()
    }

    @Test("a caller that leaves while its stream is held back ends the transfer (K-025)")
    func leavesWhileHeld() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer().head(200, Self.events)
        try fixture.transfer().body(Self.role)
        exchange.leave()
        #expect(try fixture.transfer().isCancelled)
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.transfers.count == 1)
        fixture.expectAllSettled()
    }

    @Test("comments and pings do not end the wait for the first byte; another key gets its turn (T-010)")
    func firstByteTimeout() throws {
        let fixture = try GatewayFixture { $0.upstream.firstByteTimeout = .seconds(20) }
        let exchange = fixture.post()
        try fixture.transfer(0).takeBody()
        try fixture.transfer(0).head(200, Self.events)
        for _ in 0..<4 {
            fixture.advance(by: .milliseconds(4_900))
            try fixture.transfer(0).body(": alive\n\n" + Self.ping)
        }
        #expect(fixture.transfers.count == 1)
        fixture.advance(by: .milliseconds(400))
        #expect(try fixture.transfer(0).isCancelled)
        #expect(fixture.transfers.count == 2)
        try fixture.transfer(1).answer(200, Self.events, Self.word)
        #expect(exchange.text == Self.word)
        fixture.expectAllSettled()
    }

    @Test("a stream of pings that had to be passed on still owes its first event (T-010)")
    func firstByteTimeoutAfterWindow() throws {
        let fixture = try GatewayFixture { $0.upstream.firstByteTimeout = .seconds(100) }
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.head(200, Self.events)
        for _ in 0..<99 {
            transfer.body(Self.ping)
            fixture.advance(by: .seconds(1))
        }
        #expect(exchange.text == String(repeating: Self.ping, count: 99))
        fixture.advance(by: .seconds(1))
        #expect(transfer.isCancelled)
        #expect(exchange.text.contains("upstream_timeout"))
        #expect(exchange.end == .finished)
        fixture.expectAllSettled()
    }

    @Test("comments and pings do not keep a stalled stream alive (T-010)")
    func idleTimeout() throws {
        let fixture = try GatewayFixture { $0.upstream.idleTimeout = .seconds(60) }
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.head(200, Self.events)
        for _ in 0..<3 {
            transfer.body(Self.word)
            fixture.advance(by: .seconds(59))
        }
        #expect(!transfer.isOver)
        transfer.body(Self.word)
        for _ in 0..<6 {
            #expect(!transfer.isOver)
            fixture.advance(by: .seconds(10))
            transfer.body(": alive\n\n" + Self.ping)
        }
        #expect(transfer.isCancelled)
        #expect(exchange.text.contains("upstream_timeout"))
        fixture.expectAllSettled()
    }

    @Test("a stream that falls silent behind its first event, before content, goes to another key")
    func idleBeforeContent() throws {
        let fixture = try GatewayFixture { configuration in
            configuration.upstream.firstByteTimeout = .seconds(600)
            configuration.upstream.idleTimeout = .seconds(10)
        }
        let exchange = fixture.post()
        try fixture.transfer(0).head(200, Self.events)
        try fixture.transfer(0).body(Self.role)
        fixture.advance(by: .seconds(10))
        #expect(try fixture.transfer(0).isCancelled)
        try fixture.transfer(1).answer(200, Self.events, Self.word)
        #expect(exchange.text == Self.word)
        fixture.expectAllSettled()
    }

    @Test("a compressed stream cannot be looked at and passes from its first byte on (X-004)")
    func compressed() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer().head(200, ["Content-Type": "text/event-stream", "Content-Encoding": "gzip"])
        try fixture.transfer().body(ByteBuffer(bytes: [0x1F, 0x8B]))
        #expect(exchange.body.readableBytes == 2)
        try fixture.transfer().complete()
        fixture.expectAllSettled()
    }

    @Test("an error object in a JSON answer of status 200 is the provider's answer, not an error")
    func jsonError() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let text = #"{"error":{"type":"rate_limit_reached_error","message":"m"}}"#
        try fixture.transfer().answer(200, ["Content-Type": "application/json"], text)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.text == text)
        #expect(try fixture.key("alpha").state == .usable)
        fixture.expectAllSettled()
    }
}
