import NIOCore
import Testing

@testable import ProxyCore

/// Events that are like the one before are known by their form, and nothing comes out differently for it.
struct EventPatternTests {
    /// What a stream came to.
    private struct Outcome: Equatable {
        var bytes: [UInt8] = []
        var usage: TokenUsage?
        var decisions: [StreamWatch.Decision] = []
        var lateErrors: [ProviderErrorDetails] = []
        var hasEnded = false
        /// Whether each event moved the stream.
        var progress: [Bool] = []
    }

    /// Passes the events of a stream, each in one piece or byte by byte, where no event is known at a glance.
    private static func outcome(
        _ events: [[UInt8]], byBytes: Bool, dialect: Dialect, removes: Bool = false
    ) -> Outcome {
        var relay = StreamRelay(dialect: dialect, removesUsage: removes)
        var outcome = Outcome()
        func note(_ passage: StreamRelay.Passage) -> Bool {
            outcome.bytes += passage.bytes.readableBytesView
            if let decision = passage.finding.decision { outcome.decisions.append(decision) }
            if let error = passage.finding.lateError { outcome.lateErrors.append(error) }
            return passage.finding.isProgress
        }
        for event in events {
            let pieces = byBytes ? event.map { [$0] } : [event]
            outcome.progress.append(pieces.map { note(relay.take(ByteBuffer(bytes: $0))) }.contains(true))
        }
        _ = note(relay.finish())
        outcome.usage = relay.usage(isComplete: true)
        outcome.hasEnded = relay.hasEnded
        return outcome
    }

    /// Events with a place for text, in the shapes of several providers.
    private static let shapes: [(Dialect, String)] = [
        (.openai, #"data: {"id":"c","created":17,"model":"m","choices":[{"index":0,"delta":{"content":"@"}}]}"#),
        (
            .openai,
            #"data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"delta":{"content":"@"}}],"#
                + #""usage":null,"obfuscation":"@"}"#
        ),
        (.openai, #"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}}]}"#),
        (.openai, #"data: {"object":"@","choices":[{"delta":{"reasoning":"@","reasoning_details":[{"text":"@"}]}}]}"#),
        (
            .openai,
            "event: response.output_text.delta\n"
                + #"data: {"type":"response.output_text.delta","sequence_number":#,"delta":"@","obfuscation":"@"}"#
        ),
        (
            .anthropic,
            "event: content_block_delta\n"
                + #"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"@"}}"#
        ),
        (
            .gemini,
            #"data: {"candidates":[{"content":{"parts":[{"text":"@"}]}}],"usageMetadata":{"totalTokenCount":#}}"#
        ),
        (.other, #"data: {"model":"m","response":"@","eval_count":#,"done":false}"#),
    ]

    /// What stands in the places: plain words, and all that is not.
    private static let words = [
        "x", " words", "", "Grüße 🙂", #"\n\n"#, #"say \"hi\""#, #"\u00e9"#, #"\\"#, "error", "ping", "keepalive",
        #"\"error"#, #"\"error\""#, "\t", "\u{1}", "[DONE]", "ab\"", "}", String(repeating: "long ", count: 60),
    ]

    /// What may stand between two events of a shape.
    private static let others = [
        ": alive", "event: ping\ndata: {\"type\": \"ping\"}", #"data: {"type":"ping"}"#, "data: [DONE]",
        #"data: {"error":{"type":"t","message":"m"}}"#, "event: error\ndata: {}", "id: 7\ndata: {}", "data: 1\ndata: 2",
        #"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#, "event: message_stop\ndata: {}",
        #"data: {"model":"n","choices":[]}"#, "nothing known", "data: {", #"data: {"type":"x.done","text":"said"}"#,
    ]

    private static func event(_ shape: String, _ generator: inout SeededGenerator) -> String {
        var text = ""
        for character in shape {
            switch character {
            case "@":
                let isPlain = UInt8.random(in: 0..<4, using: &generator) > 0
                text += isPlain ? self.words[0] : self.words.randomElement(using: &generator) ?? ""
            case "#": text += String(UInt16.random(in: 0..<2_000, using: &generator))
            default: text.append(character)
            }
        }
        return text
    }

    @Test("a stream comes to the same, whether its events are known by their form or not", arguments: 0..<4)
    func sameOutcome(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for (dialect, shape) in Self.shapes {
            for _ in 0..<5 {
                var events: [[UInt8]] = []
                for _ in 0..<12 {
                    var text = Self.event(shape, &generator)
                    switch UInt8.random(in: 0..<10, using: &generator) {
                    case 0: text = Self.others.randomElement(using: &generator) ?? ""
                    case 1: text = Self.event(Self.shapes.randomElement(using: &generator)?.1 ?? "", &generator)
                    default: break
                    }
                    let end = UInt8.random(in: 0..<8, using: &generator) == 0 ? "\r\n\r\n" : "\n\n"
                    var event = Array((text + end).utf8)
                    if UInt8.random(in: 0..<12, using: &generator) == 0 {
                        let place = Int.random(in: event.indices, using: &generator)
                        event[place] = UInt8.random(in: 0..<255, using: &generator)
                    }
                    events.append(event)
                }
                for removes in [false, true] {
                    let expected = Self.outcome(events, byBytes: true, dialect: dialect, removes: removes)
                    let seen = Self.outcome(events, byBytes: false, dialect: dialect, removes: removes)
                    guard seen != expected else { continue }
                    let text = events.map { String(decoding: $0, as: UTF8.self) }.joined()
                    Issue.record("\(text.debugDescription)\n\(seen)\n\(expected)")
                    return
                }
            }
        }
    }

    @Test(
        "what only looks like the one before is read as what it is",
        arguments: [
            // A ping, as soon as it is short.
            (#"{"type":"ping","pad":"\#(String(repeating: "x", count: 300))"}"#, #"{"type":"ping","pad":""}"#),
            // An error, by a name that is written otherwise.
            (#"{"\u0065rror":"x","t":"a"}"#, #"{"\u0065rror":"x","t":"say \"error"}"#),
        ])
    func lookalikes(before: String, after: String) {
        let first = #"{"choices":[{"delta":{"content":"x"}}]}"#
        let events = [first, before, before, after].map { Array("data: \($0)\n\n".utf8) }
        let expected = Self.outcome(events, byBytes: true, dialect: .openai)
        #expect(Self.outcome(events, byBytes: false, dialect: .openai) == expected)
        #expect(expected.progress.last == false || !expected.lateErrors.isEmpty)
    }

    private static func pattern(of text: String, gaps: [(String, EventPattern.Gap.Kind)]) -> EventPattern? {
        let event = Array((text + "\n\n").utf8)
        let data = Array(text.utf8.drop { $0 != 0x7B })
        let spans = gaps.compactMap { value, kind in
            (0...(data.count - value.utf8.count)).first { data[$0...].starts(with: value.utf8) }.map {
                EventPattern.Gap(start: UInt32($0), end: UInt32($0 + value.utf8.count), kind: kind)
            }
        }
        return event.withUnsafeBytes { EventPattern(event: $0, data: data, gaps: spans) }
    }

    private static func match(_ pattern: EventPattern?, _ text: String) -> EventPattern.Match? {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { pattern?.match($0, from: 0) }
    }

    @Test(
        "an event has the form if it differs in its gaps alone",
        arguments: [
            (#"data: {"n":1,"t":"","o":"xx"}"#, 0), (#"data: {"n":12,"t":"word","o":""}"#, 4),
            (#"data: {"n":1,"t":"\"\n\\é","o":"\t"}"#, 5), (#"data: {"n":1,"t":"\u0041","o":""}"#, nil),
            (#"data: {"n":,"t":"","o":""}"#, nil), (#"data: {"n":-1,"t":"","o":""}"#, nil),
            (#"data: {"n":1,"t":"error","o":""}"#, nil), (#"data: {"n":1,"t":"","o":"ping"}"#, nil),
            (#"data: {"n":1,"t":"","o":""} "#, nil), (#"data:{"n":1,"t":"","o":""}"#, nil),
            (#"data: {"n":1,"t":"a"b","o":""}"#, nil), ("data: {\"n\":1,\"t\":\"a\nb\",\"o\":\"\"}", nil),
            ("data: {\"n\":1,\"t\":\"a\\\nb\",\"o\":\"\"}", nil),
        ] as [(String, Int64?)])
    func forms(event: String, textLength: Int64?) {
        let pattern = Self.pattern(
            of: #"data: {"n":7,"t":"first","o":"second"}"#,
            gaps: [("7", .number), ("first", .text), ("second", .string)])
        #expect(pattern != nil)
        let match = Self.match(pattern, event + "\n\ndata: more")
        #expect(match?.textLength == textLength)
        if let match { #expect(match.end == event.utf8.count + 2) }
        // What is not all there is not known yet.
        for cut in 0..<(event.utf8.count + 2) {
            #expect(Self.match(pattern, String(decoding: (event + "\n\n").utf8.prefix(cut), as: UTF8.self)) == nil)
        }
    }

    @Test("only an event with one line of data is a pattern, and no long one")
    func bounds() {
        #expect(Self.pattern(of: "event: e\ndata: {}", gaps: []) != nil)
        #expect(Self.pattern(of: "data: {\ndata: }", gaps: []) == nil)
        let rest = EventPattern.longestEvent - 2 - #"data: {"t":""}"#.utf8.count
        for (excess, isPattern) in [(0, true), (1, false)] {
            let text = #"data: {"t":""# + String(repeating: "x", count: rest + excess) + #""}"#
            #expect((Self.pattern(of: text, gaps: []) != nil) == isPattern)
        }
        let event = Array("data: {}\r\n\r\n".utf8)
        #expect(event.withUnsafeBytes { EventPattern(event: $0, data: Array("{}".utf8), gaps: []) } == nil)
    }

    @Test("the events of a stream are known by the form of the first ones")
    func isUsed() {
        for (dialect, shape) in Self.shapes where dialect != .gemini && dialect != .other {
            var events = MeteredEventReader(dialect: dialect)
            events.makesPatterns = true
            var generator = SeededGenerator(seed: 1)
            let first = Array((shape.replacing("@", with: "x").replacing("#", with: "1") + "\n\n").utf8)
            for _ in 0..<2 {
                first.withUnsafeBytes { bytes in
                    var index = 0
                    _ = events.next(in: bytes, from: &index)
                }
            }
            let text = shape.replacing("@", with: "words").replacing("#", with: "234") + "\n\n"
            let bytes = Array((text + Self.event(shape, &generator)).utf8)
            var index = 0
            let isSkipped = bytes.withUnsafeBytes { events.skipRepeated(in: $0, from: &index) }
            #expect(isSkipped)
            #expect(index == text.utf8.count)
            #expect(events.reader.offset == Int64(first.count * 2 + index))
        }
    }
}
