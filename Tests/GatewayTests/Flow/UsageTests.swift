import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// What answers took is asked for, read on the way and counted once.
struct UsageTests {
    private static let events: HeaderFields = ["Content-Type": "text/event-stream"]
    private static let ask = #"{"model":"m","stream":true}"#
    private static let asked = #"{"stream_options":{"include_usage":true},"model":"m","stream":true}"#
    private static let word = #"data: {"model":"m-1","choices":[{"delta":{"content":"hello"}}],"usage":null}"# + "\n\n"
    private static let usage =
        #"data: {"model":"m-1","choices":[],"usage":{"prompt_tokens":12,"prompt_tokens_details":{"cached_tokens":10},"#
        + #""completion_tokens":3,"completion_tokens_details":{"reasoning_tokens":2}}}"# + "\n\n"
    private static let done = "data: [DONE]\n\n"

    private static func fixture(
        kind: ProviderKind = .openAI, _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws -> GatewayFixture {
        try GatewayFixture { configuration in
            configuration.providers[0].kind = kind
            try change(&configuration)
        }
    }

    private static func counts(_ input: Int64, _ cacheRead: Int64, _ output: Int64, _ reasoning: Int64) -> TokenCounts {
        var counts = TokenCounts()
        (counts.input, counts.cacheRead, counts.output, counts.reasoning) = (input, cacheRead, output, reasoning)
        return counts
    }

    @Test("a stream whose caller does not ask is asked for, and the extra chunk is taken out")
    func asks() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(Self.ask)
        let transfer = try fixture.transfer()
        transfer.takeBody()
        #expect(transfer.text == Self.asked)
        #expect(transfer.length == Self.asked.utf8.count)
        transfer.answer(200, Self.events, Self.word + Self.usage + Self.done)
        #expect(exchange.text == Self.word + Self.done)
        fixture.expectAllSettled()
        let record = try #require(fixture.observer.records.last)
        #expect(record.tokens == Self.counts(2, 10, 1, 2))
        #expect(record.quality == .reported)
        #expect(record.usedModel == ModelName("m-1"))
        #expect(record.attempts[0].model == ModelName("m"))
        // 2 × 1 µ$, 10 × 0.1 µ$, 3 × 2 µ$.
        #expect(record.picoDollars == 9_000_000)
        #expect(record.attempts[0].cost?.pricing == .priced)
        #expect(fixture.metric("kmi_cost_usd_total", ["model": "m-1", "provider": "kimi"]) == 9e-6)
        for (name, count) in [("input", 2.0), ("cache_read", 10), ("output", 1), ("reasoning", 2)] {
            #expect(
                fixture.metric("kmi_tokens_total", ["class": name, "model": "m-1", "provider": "kimi"]) == count)
        }
        #expect(fixture.metric("kmi_tokens_total", ["class": "cache_write"]) == 0)
    }

    @Test("one who asks gets what it asked for")
    func callerAsks() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(Self.asked)
        let transfer = try fixture.transfer()
        transfer.takeBody()
        #expect(transfer.text == Self.asked)
        transfer.answer(200, Self.events, Self.word + Self.usage + Self.done)
        #expect(exchange.text == Self.word + Self.usage + Self.done)
        fixture.run()
        #expect(fixture.observer.records.last?.quality == .reported)
    }

    @Test(
        "kinds that tell it unasked are not asked, nor is anybody if that is turned off",
        arguments: [(ProviderKind.kimi, true), (.moonshot, true), (.openRouter, true), (.openAI, false)])
    func leavesAlone(kind: ProviderKind, isOn: Bool) throws {
        let fixture = try Self.fixture(kind: kind) { $0.usage.ask = isOn }
        let exchange = fixture.post(Self.ask)
        try fixture.transfer().takeBody()
        #expect(try fixture.transfer().text == Self.ask)
        try fixture.transfer().answer(200, Self.events, Self.word + Self.usage + Self.done)
        #expect(exchange.text == Self.word + Self.usage + Self.done)
    }

    @Test("other APIs are not asked", arguments: ["/v1/responses", "/v1/messages", "/v1/embeddings"])
    func otherAPIs(target: String) throws {
        let fixture = try Self.fixture()
        _ = fixture.post(Self.ask, target)
        try fixture.transfer().takeBody()
        #expect(try fixture.transfer().text == Self.ask)
    }

    @Test("a provider that does not take the question is asked again without it, and never again")
    func remembersRefusals() throws {
        let fixture = try Self.fixture { $0.retry.maxAttempts = 1 }
        let refusal =
            #"{"error":{"message":"Unrecognized request argument supplied: stream_options","type":"invalid_request_error"}}"#
        let exchange = fixture.post(Self.ask)
        try fixture.transfer(0).takeBody()
        try fixture.transfer(0).answer(400, ["Content-Type": "application/json"], refusal)
        #expect(fixture.transfers.count == 2)
        try fixture.transfer(1).takeBody()
        #expect(try fixture.transfer(1).text == Self.ask)
        #expect(try fixture.transfer(1).credential == fixture.transfer(0).credential)
        try fixture.transfer(1).answer(200, Self.events, Self.word + Self.done)
        #expect(exchange.status == 200)
        #expect(exchange.text == Self.word + Self.done)
        #expect(exchange.header("x-kmi-attempts") == "2")
        fixture.run()
        let record = try #require(fixture.observer.records.last)
        #expect(record.attempts.map(\.errorClass) == [.providerRejected, nil])
        #expect(record.outcome == .complete)
        #expect(record.errorClass == nil)
        #expect(record.quality == .estimated)
        // The next one is not asked at all.
        _ = fixture.post(Self.ask)
        try fixture.transfer(2).takeBody()
        #expect(try fixture.transfer(2).text == Self.ask)
        try fixture.transfer(2).answer(200, Self.events, Self.word + Self.done)
        fixture.expectAllSettled()
    }

    @Test("an error that only repeats what it was sent does not end the asking")
    func echoes() throws {
        let fixture = try Self.fixture()
        let echo = #"{"detail":[{"msg":"Field required","input":{"stream_options":{"include_usage":true}}}]}"#
        let exchange = fixture.post(Self.ask)
        for index in 0..<2 {
            try fixture.transfer(index).takeBody()
            try fixture.transfer(index).answer(422, ["Content-Type": "application/json"], echo)
        }
        #expect(fixture.transfers.count == 2)
        #expect(exchange.status == 422)
        _ = fixture.post(Self.ask)
        try fixture.transfer(2).takeBody()
        #expect(try fixture.transfer(2).text == Self.asked)
        try fixture.transfer(2).answer(200, Self.events, Self.word + Self.done)
        fixture.expectAllSettled()
    }

    @Test("one model that refuses the question leaves the others asked")
    func remembersByModel() throws {
        let fixture = try Self.fixture()
        let refusal = #"{"error":{"message":"unknown field stream_options"}}"#
        _ = fixture.post(Self.ask)
        try fixture.transfer(0).answer(400, ["Content-Type": "application/json"], refusal)
        try fixture.transfer(1).answer(200, Self.events, Self.word + Self.done)
        _ = fixture.post(#"{"model":"other","stream":true}"#)
        try fixture.transfer(2).takeBody()
        #expect(try fixture.transfer(2).text.contains("include_usage"))
        try fixture.transfer(2).answer(200, Self.events, Self.word + Self.done)
        fixture.expectAllSettled()
    }

    @Test("who leaves with the last event in its hands had all of it (X-059)", arguments: [true, false])
    func leavesAtTheEnd(isLast: Bool) throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(Self.ask)
        try fixture.transfer().head(200, Self.events)
        try fixture.transfer().body(Self.word + Self.usage + (isLast ? Self.done : ""))
        exchange.leave()
        fixture.run()
        let record = try #require(fixture.observer.records.last)
        #expect(record.outcome == (isLast ? .complete : .left))
        #expect(record.errorClass == (isLast ? nil : .callerCancelled))
        #expect(record.quality == .reported)
        // The connection may end by itself, and so be used again; but nobody waits for that for long.
        #expect(try fixture.transfer().isCancelled == !isLast)
        if isLast { fixture.advance(by: .milliseconds(500)) }
        #expect(try fixture.transfer().isCancelled)
        fixture.expectAllSettled()
    }

    @Test("who leaves with the last event still unread has left")
    func leavesUnread() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(Self.ask)
        try fixture.transfer().head(200, Self.events)
        exchange.setWritable(false)
        try fixture.transfer().body(Self.word + Self.usage + Self.done)
        exchange.leave()
        fixture.run()
        #expect(fixture.observer.records.last?.outcome == .left)
        #expect(try fixture.transfer().isCancelled)
        fixture.expectAllSettled()
    }

    @Test("an answer that is fetched again tells of work that was counted before")
    func fetchedAgain() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.open("GET", "/v1/responses/resp_1")
        try fixture.transfer().answer(
            200, ["Content-Type": "application/json"],
            #"{"object":"response","usage":{"input_tokens":9,"output_tokens":4}}"#)
        #expect(exchange.status == 200)
        fixture.run()
        #expect(fixture.observer.records.last?.tokens == nil)
        #expect(fixture.metric("kmi_tokens_total") == 0)
    }

    @Test("a refusal of something else is the caller's")
    func otherRefusals() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(Self.ask)
        try fixture.transfer(0).answer(400, ["Content-Type": "application/json"], #"{"error":{"message":"no"}}"#)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.status == 400)
        fixture.expectAllSettled()
    }

    @Test("plain answers tell their usage")
    func plain() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(#"{"model":"m"}"#)
        let body =
            #"{"model":"m","choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":7,"completion_tokens":5}}"#
        try fixture.transfer().answer(200, ["Content-Type": "application/json"], body)
        #expect(exchange.text == body)
        fixture.run()
        #expect(fixture.observer.records.last?.tokens == Self.counts(7, 0, 5, 0))
        #expect(fixture.observer.records.last?.quality == .reported)
    }

    @Test("what a caller left, or a provider cut, counts as far as it was told", arguments: [true, false])
    func cut(byCaller: Bool) throws {
        let fixture = try Self.fixture(kind: .anthropic)
        let exchange = fixture.post(#"{"model":"m","stream":true}"#, "/v1/messages")
        try fixture.transfer().head(200, Self.events)
        let start =
            #"{"type":"message_start","message":{"model":"c-1","content":[],"usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}}}"#
        try fixture.transfer().body("event: message_start\ndata: \(start)\n\n")
        try fixture.transfer().body(
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n"
        )
        if byCaller { exchange.leave() } else { try fixture.transfer().fail(.closedDuringAnswer) }
        fixture.run()
        let record = try #require(fixture.observer.records.last)
        #expect(record.outcome == (byCaller ? .left : .cut))
        #expect(record.quality == .partial)
        #expect(record.tokens == Self.counts(9, 4, 1, 0))
        #expect(fixture.metric("kmi_tokens_total", ["class": "input", "model": "c-1"]) == 9)
        fixture.expectAllSettled()
    }

    @Test("errors and refusals tell nothing")
    func errors() throws {
        let fixture = try Self.fixture()
        _ = fixture.post(#"{"model":"m"}"#)
        try fixture.transfer().answer(
            400, ["Content-Type": "application/json"], #"{"error":{"message":"x"},"usage":{"prompt_tokens":7}}"#)
        fixture.run()
        let record = try #require(fixture.observer.records.last)
        #expect(record.tokens == nil)
        #expect(record.picoDollars == nil)
        #expect(record.quality == TokenUsage.Quality.none)
    }
}
