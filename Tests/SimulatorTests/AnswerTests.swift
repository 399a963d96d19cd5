import NIOCore
import Testing

@testable import Simulator

struct AnswerTests {
    private let options = AnswerOptions()

    @Test(arguments: [0, 1, 9, 10, 11, 99, 100, 1234], [nil, 1, 4, 64])
    func knowsTheLengthOfATextWithoutMakingIt(count: Int, bytes: Int?) {
        let text = AnswerText.numbered(count: count, bytes: bytes)
        #expect(text.totalBytes == text.whole().utf8.count)
    }

    @Test func announcesTheLengthThatAPlainAnswerHas() throws {
        let tools: JSONValue = [["type": "function", "function": ["name": "f"]]]
        for body in [Requests.chat(), Requests.chat("kimi-k2"), Requests.chat("gpt-sim", [("tools", tools)])] {
            let script = OpenAIChat(Requests.facts("/v1/chat/completions", body), options: self.options).script
            #expect(script.body.length == Requests.body(of: script).utf8.count)
        }
    }

    @Test func givesTheSameAnswerToTheSameRequest() {
        let first = OpenAIChat(Requests.facts("/v1/chat/completions", Requests.chat()), options: self.options).script
        let again = OpenAIChat(Requests.facts("/v1/chat/completions", Requests.chat()), options: self.options).script
        let other = OpenAIChat(
            Requests.facts("/v1/chat/completions", Requests.chat("gpt-other")),
            options: self.options
        ).script
        #expect(first == again)
        #expect(Requests.body(of: first) != Requests.body(of: other))
    }

    @Test func streamsChatWithUsageOnlyWhenAsked() throws {
        let plain = Requests.chat("gpt-sim", [("stream", true)])
        let events = try Requests.events(
            of: OpenAIChat(Requests.facts("/v1/chat/completions", plain), options: self.options).script
        )
        #expect(events.last == "[DONE]")
        #expect(events.allSatisfy { $0["usage"] == nil })
        let asking = plain.adding("stream_options", ["include_usage": true])
        let more = try Requests.events(
            of: OpenAIChat(Requests.facts("/v1/chat/completions", asking), options: self.options).script
        )
        #expect(more.count == events.count + 1)
        #expect(more.dropLast(2).allSatisfy { $0["usage"] == .null })
        #expect(more[more.count - 2]["choices"] == [])
        #expect(more[more.count - 2]["usage"]?["total_tokens"]?.int ?? 0 > 0)
        #expect(more[0]["id"] == events[0]["id"])
    }

    @Test func putsMoonshotUsageIntoTheLastChoice() throws {
        let body = Requests.chat("kimi-for-coding", [("stream", true)])
        let facts = Requests.facts("/coding/v1/chat/completions", body)
        let events = try Requests.events(of: OpenAIChat(facts, options: self.options).script)
        let choice = events[events.count - 2]["choices"]?.array?.first
        #expect(choice?["finish_reason"] == "stop")
        #expect(choice?["usage"]?["cached_tokens"]?.int == facts.cachedTokens)
        #expect(events[1]["choices"]?.array?.first?["delta"]?["reasoning_content"] != nil)
    }

    @Test func streamsTheSameTextAsItAnswersPlainly() throws {
        let facts = Requests.facts("/v1/chat/completions", Requests.chat("gpt-sim", [("stream", true)]))
        let plain = Requests.facts("/v1/chat/completions", Requests.chat())
        let events = try Requests.events(of: OpenAIChat(facts, options: self.options).script)
        let streamed = events.compactMap { $0["choices"]?.array?.first?["delta"]?["content"]?.string }.joined()
        let answer = try Requests.json(of: OpenAIChat(plain, options: self.options).script)
        #expect(answer["choices"]?.array?.first?["message"]?["content"]?.string == streamed)
        #expect(answer["id"] == events[0]["id"])
    }

    @Test func callsTheFirstToolWithArgumentsThatFit() throws {
        let schema: JSONValue = [
            "type": "object",
            "properties": ["city": ["type": "string"], "days": ["type": "integer", "minimum": 2]],
        ]
        let tools: JSONValue = [["type": "function", "function": ["name": "weather", "parameters": schema]]]
        let body = Requests.chat("gpt-sim", [("tools", tools), ("stream", true)])
        let events = try Requests.events(
            of: OpenAIChat(Requests.facts("/v1/chat/completions", body), options: self.options).script
        )
        let calls = events.compactMap { $0["choices"]?.array?.first?["delta"]?["tool_calls"]?.array?.first }
        #expect(calls.first?["function"]?["name"] == "weather")
        let arguments = calls.compactMap { $0["function"]?["arguments"]?.string }.joined()
        #expect(try JSONParser.parse(Array(arguments.utf8)) == ["city": "Berlin", "days": 2])
        let refused = body.adding("tool_choice", "none")
        #expect(ToolCall(Requests.facts("/v1/chat/completions", refused)) == nil)
    }

    @Test func streamsMessagesInTheOrderOfTheDialect() throws {
        let body = Requests.chat(
            "claude-sim",
            [("max_tokens", 100), ("stream", true), ("thinking", ["type": "enabled", "budget_tokens": 1024])]
        )
        let script = Anthropic(Requests.facts("/v1/messages", body), options: AnswerOptions(events: 2)).script
        let types = try Requests.events(of: script).compactMap { $0["type"]?.string }
        #expect(
            types == [
                "message_start", "content_block_start", "ping", "content_block_delta", "content_block_delta",
                "content_block_delta", "content_block_delta", "content_block_stop", "content_block_start",
                "content_block_delta", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
            ]
        )
        #expect(Requests.body(of: script).hasPrefix("event: message_start\ndata: {"))
    }

    @Test func numbersTheEventsOfTheResponsesAPI() throws {
        let body: JSONValue = ["model": "gpt-sim", "input": "hello", "stream": true]
        let events = try Requests.events(
            of: OpenAIResponses(Requests.facts("/v1/responses", body), options: self.options).script
        )
        #expect(events.compactMap { $0["sequence_number"]?.int } == Array(events.indices))
        #expect(events.last?["type"] == "response.completed")
        #expect(events.last?["response"]?["usage"]?["output_tokens"]?.int ?? 0 > 0)
    }

    @Test func makesAMillionEventsWithoutHoldingThem() {
        let body = Requests.chat("gpt-sim", [("stream", true)])
        let script = OpenAIChat(
            Requests.facts("/v1/chat/completions", body),
            options: AnswerOptions(events: 1_000_000, eventBytes: 1 << 20)
        ).script
        #expect(script.body.segments.count < 10)
    }

    @Test func writesCarriageReturnsWhenAsked() {
        let body = Requests.chat("gpt-sim", [("stream", true)])
        let options = AnswerOptions(format: EventFormat(lineEnding: "\r\n"))
        let script = OpenAIChat(Requests.facts("/v1/chat/completions", body), options: options).script
        let text = Requests.body(of: script).unicodeScalars
        #expect(text.filter { $0 == "\n" }.count == text.filter { $0 == "\r" }.count)
    }
}
