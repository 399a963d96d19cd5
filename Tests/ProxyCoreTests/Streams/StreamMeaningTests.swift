import NIOCore
import Testing

@testable import ProxyCore

/// What the events of a stream mean for the choice of a provider (provider facts, section 13).
struct StreamMeaningTests {
    private static func events(_ text: String) -> [EventStreamReader.Event] {
        var reader = EventStreamReader()
        var buffer = ByteBuffer(string: text)
        var events: [EventStreamReader.Event] = []
        while let event = reader.next(in: &buffer) { events.append(event) }
        if let event = reader.finish() { events.append(event) }
        return events
    }

    private static func meaning(_ text: String) throws -> StreamMeaning {
        StreamMeaning(of: try #require(self.events(text).first))
    }

    private static func letter(_ meaning: StreamMeaning) -> Character {
        switch meaning {
        case .keepAlive: "k"
        case .preamble: "p"
        case .content: "c"
        case .end: "e"
        case .error: "x"
        }
    }

    @Test("each event of each dialect", arguments: StreamCorpus.all)
    func corpus(stream: StreamCorpus) {
        let events = Self.events(stream.text)
        #expect(String(events.map { Self.letter(StreamMeaning(of: $0)) }) == stream.meanings)
        for event in events {
            let meaning = StreamMeaning(of: event)
            #expect(StreamMeaning.isKeepAlive(event) == (meaning == .keepAlive))
            #expect((StreamMeaning.error(in: event) != nil) == (Self.letter(meaning) == "x"))
            #expect(meaning.commits == "ce".contains(Self.letter(meaning)))
        }
    }

    @Test(
        "the error is read whatever its envelope",
        arguments: [
            (
                #"data: {"error":{"message":"m","type":"rate_limit_error","code":"c"}}"#, "rate_limit_error", "c", "m"
            ),
            (
                "event: error\ndata: "
                    + #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "overloaded_error", nil, "Overloaded"
            ),
            (
                #"data: {"type":"error","code":"server_is_overloaded","message":"m","param":null,"sequence_number":1}"#,
                "error", "server_is_overloaded", "m"
            ),
            (
                #"data: {"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}}"#,
                nil, "rate_limit_exceeded", "m"
            ),
            (#"data: {"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}"#, nil, "429", "m"),
            (#"data: {"error":"no slot"}"#, nil, nil, "no slot"),
            (
                #"data: {"object":"error","message":"m","type":"BadRequestError","code":400}"#, "BadRequestError",
                "400", "m"
            ),
            ("event: error\ndata: upstream went away", nil, nil, "upstream went away"),
            ("event: error", nil, nil, nil), (#"data: {"error":true}"#, nil, nil, nil),
        ] as [(String, String?, String?, String?)])
    func errors(text: String, type: String?, code: String?, message: String?) throws {
        let event = try #require(Self.events(text + "\n\n").first)
        let details = try #require(StreamMeaning.error(in: event))
        #expect(details.type == type)
        #expect(details.code == code)
        #expect(details.message == message)
        #expect(StreamMeaning(of: event) == .error(details))
    }

    @Test(
        "what is not known commits, and what is empty does not",
        arguments: [
            ("data: 1", "c"), ("data: hello", "c"), (#"data: {"a":1}"#, "c"), ("data: {", "c"), ("data: {}", "c"),
            (#"data: {"type":"something.new"}"#, "c"), (#"data: {"type":"response.something.new"}"#, "c"),
            (#"data: {"choices":[{"delta":{"new_member":"x"}}]}"#, "c"), (#"data: {"error":null}"#, "c"),
            (#"data: {"choices":[{"text":"x"}]}"#, "c"),
            (#"data: {"choices":[{"text":"","finish_reason":null}]}"#, "p"),
            (#"data: {"choices":[{"text":"","finish_reason":"stop"}]}"#, "e"), (#"data: {"choices":[]}"#, "p"),
            (#"data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#, "p"),
            (#"data: {"choices":[{"delta":{"function_call":{"name":"f"}}}]}"#, "c"),
            (#"data: {"choices":[{"delta":{"refusal":"no"}}]}"#, "c"),
            (#"data: {"choices":[{"delta":{"audio":{"id":"a"}}}]}"#, "c"),
            (#"data: {"choices":[{"delta":{"role":"assistant"}},{"delta":{"content":"x"}}]}"#, "c"),
            (#"data: {"type":"ping"}"#, "k"), (#"data: {"type":"keepalive","sequence_number":3}"#, "k"),
            (#"data: {"type":"response.queued","response":{}}"#, "p"), (#"data: {"type":"response.incomplete"}"#, "e"),
            (#"data: {"type":"response.reasoning_summary_part.added","part":{"type":"summary_text","text":""}}"#, "p"),
            (#"data: {"type":"response.output_item.added","item":{"type":"reasoning","encrypted_content":"g"}}"#, "c"),
            (#"data: {"type":"response.web_search_call.in_progress"}"#, "c"),
            (#"data: {"type":"content_block_start","content_block":{"type":"redacted_thinking","data":"x"}}"#, "c"),
            (#"data: {"promptFeedback":{"blockReason":"SAFETY"}}"#, "e"),
            (#"data: {"candidates":[{"finishReason":"MAX_TOKENS"}]}"#, "e"),
            (#"data: {"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}"#, "p"),
            ("data:", "k"), ("data", "k"), (": x", "k"), ("id: 1", "k"), ("event: ping\ndata: {}", "k"),
            (#"{"model":"m","done":false}"#, "c"), ("data: [DONE]", "e"), ("data:[DONE]", "e"),
        ])
    func others(text: String, expected: Character) throws {
        let event = try #require(Self.events(text + "\n\n").first)
        #expect(Self.letter(StreamMeaning(of: event)) == expected)
        #expect(StreamMeaning.isKeepAlive(event) == (expected == "k"))
        #expect(StreamMeaning.error(in: event) == nil)
    }

    @Test("an event that is too long to be read commits, unless its name says that it is an error")
    func truncated() throws {
        let long = String(repeating: "x", count: EventStreamReader.usualDataLimit)
        #expect(try Self.meaning("data: {\"error\":\"\(long)\"}\n\n") == .content)
        #expect(try Self.meaning("event: error\ndata: \(long)x\n\n") == .error(ProviderErrorDetails()))
    }

    @Test("64 events and 256 KiB are held back, and no more")
    func window() {
        var window = CommitWindow()
        let taken = (1...65).map { window.take(eventEndingAt: $0) }
        #expect(taken == Array(repeating: true, count: 64) + [false])
        #expect(window.events == 64)
        var other = CommitWindow()
        let sizes = [262_144, 262_145].map { other.take(eventEndingAt: $0) }
        #expect(sizes == [true, false])
        #expect(other.hasRoom(for: 262_144) && !other.hasRoom(for: 262_145))
    }
}
