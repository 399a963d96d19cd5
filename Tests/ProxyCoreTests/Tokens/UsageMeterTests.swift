import Testing

@testable import ProxyCore

/// The meter where answers are large, cut or strange.
struct UsageMeterTests {
    private static let chunk = #"{"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#

    private func usage(
        _ texts: String..., dialect: Dialect = .openai, isStream: Bool = true, isComplete: Bool = true
    ) -> TokenUsage? {
        var meter = UsageMeter(dialect: dialect)
        for text in texts {
            meter.feed(text)
            meter.endEvent()
        }
        return meter.usage(isStream: isStream, isComplete: isComplete)
    }

    // MARK: Size

    @Test("finds usage behind any amount of text, in events of any length", arguments: [1, 1_000, 65_536, 300_000])
    func readsLongEvents(_ size: Int) {
        let text = String(repeating: #"Absatz \"usage\": {} ü\n"#, count: 10_000)
        let event = """
            {"type":"response.completed","response":{"model":"m","output":[{"content":[{"text":"\(text)"}]}],\
            "usage":{"input_tokens":9,"output_tokens":4}},"sequence_number":7}
            """
        #expect(event.utf8.count > 3 * EventStreamReader.usualDataLimit)
        var meter = UsageMeter(dialect: .openai)
        for start in stride(from: 0, to: event.utf8.count, by: size) {
            meter.feed(Array(event.utf8.dropFirst(start).prefix(size)))
        }
        meter.endEvent()
        let usage = meter.usage(isStream: true, isComplete: true)
        #expect(usage?.counts.input == 9)
        #expect(usage?.counts.output == 4)
        #expect(usage?.quality == .reported)
    }

    @Test("keeps no more of a string of 64 MiB than of a short one")
    func keepsNothingOfText() {
        var meter = UsageMeter(dialect: .openai)
        meter.feed(#"{"model":"m","choices":[{"delta":{"content":""#)
        let before = meter.keptCapacity
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        for _ in 0..<64 { meter.feed(piece) }
        #expect(meter.keptCapacity == before)
        meter.feed(#""}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#)
        meter.endEvent()
        #expect(meter.usage(isStream: true, isComplete: true)?.counts.input == 3)
        var cut = UsageMeter(dialect: .openai)
        cut.feed(#"{"choices":[{"delta":{"content":""#)
        cut.feed(piece)
        #expect(cut.usage(isStream: true, isComplete: false)?.counts.output == 1 << 18)
    }

    @Test(
        "keeps no more than its bounds of what it does look at",
        arguments: [
            #"{""#, #"{"model":""#, #"{"type":""#, #"{"service_tier":""#, #"{"eval_count":1"#,
            #"{"usage":{""#, #"{"usage":{"prompt_tokens":1"#, #"{"usage":"#,
        ])
    func keepsBounds(_ start: String) {
        for filler in ["1", "\\u0031", "[{"] {
            var meter = UsageMeter(dialect: .openai)
            meter.feed(start)
            for _ in 0..<2_000 { meter.feed(String(repeating: filler, count: 50)) }
            // An array may have room for twice of what it holds.
            #expect(meter.keptCapacity <= 2 * UsageScanner.largestUsageObject + 64)
        }
    }

    @Test("takes a usage object up to its bound, in any pieces", arguments: [0, 1], [1, 100, 100_000])
    func boundsUsageObject(_ excess: Int, _ size: Int) {
        let fields = #"{"prompt_tokens":3,"completion_tokens":1,"x":""}"#
        let filler = String(repeating: "x", count: UsageScanner.largestUsageObject - fields.utf8.count + excess)
        let text = #"{"choices":[],"usage":"# + fields.dropLast(2) + filler + #""}}"#
        var meter = UsageMeter(dialect: .openai)
        for start in stride(from: 0, to: text.utf8.count, by: size) {
            meter.feed(Array(text.utf8.dropFirst(start).prefix(size)))
        }
        meter.endEvent()
        #expect(meter.isBareUsage)
        #expect(meter.usage(isStream: true, isComplete: true)?.counts.input == (excess == 0 ? 3 : nil))
    }

    // MARK: What counts as bare

    @Test(
        "tells chunks that only those get who ask for usage",
        arguments: [
            (Self.chunk, true),
            (" \n" + Self.chunk + "\n", true),
            (#"{"usage":{},"choices":[ ]}"#, true),
            (#"{"usage":null,"choices":[]}"#, false),
            (#"{"usage":{"prompt_tokens":1},"choices":[{}]}"#, false),
            (#"{"usage":{"prompt_tokens":1},"choices":[0]}"#, false),
            (#"{"usage":{"prompt_tokens":1},"choices":{}}"#, false),
            (#"{"usage":{"prompt_tokens":1},"choices":null}"#, false),
            (#"{"usage":{"prompt_tokens":1},"choices":[],"choices":[{}]}"#, false),
            (#"{"usage":{"prompt_tokens":1}}"#, false),
            (#"{"choices":[],"x_groq":{"usage":{"prompt_tokens":1}}}"#, false),
            (#"{"choices":[],"usage":{"prompt_tokens":1}"#, false),
            (#"{"choices":[],"usage":{"prompt_tokens":1}}}"#, false),
            (#"[{"choices":[],"usage":{"prompt_tokens":1}}]"#, false),
            (Self.chunk + Self.chunk, false),
            ("[DONE]", false),
            ("", false),
        ])
    func tellsBareUsage(_ text: String, _ isBare: Bool) {
        var meter = UsageMeter(dialect: .openai)
        meter.feed(text)
        meter.endEvent()
        #expect(meter.isBareUsage == isBare)
        meter.feed(#"{"choices":[{}]}"#)
        meter.endEvent()
        #expect(!meter.isBareUsage)
    }

    // MARK: Unknown and doubtful

    @Test(
        "takes what it does not know for unknown, never for zero (X-060)",
        arguments: [
            #"{"usage":{}}"#, #"{"usage":{"tokens":4}}"#, #"{"usage":[]}"#, #"{"usage":7}"#, #"{"usage":"7"}"#,
            #"{"usage":{"prompt_tokens":null,"completion_tokens":true}}"#,
            #"{"usage":{"prompt_tokens":"many","completion_tokens":{}}}"#, #"{"usage":{"total_tokens":7}}"#,
            #"{"usageMetadata":{"promptTokens":7}}"#, #"{"eval_count":null}"#,
            #"{"delta":{"usage":{"prompt_tokens":7}}}"#,
        ], Dialect.allCases)
    func knowsNoUnknown(_ text: String, _ dialect: Dialect) {
        #expect(self.usage(text, dialect: dialect) == nil)
    }

    @Test("marks counts that cannot be", arguments: ["-1", "1.5", "1e13", "1000000000001", "1e-1", #""-7""#])
    func marksAbsurd(_ number: String) {
        let usage = self.usage(
            Self.chunk, #"{"usage":{"prompt_tokens":\#(number),"completion_tokens":5}}"#)
        #expect(usage?.isInconsistent == true)
        #expect(usage?.counts.input == 3, "the former value stands")
        #expect(usage?.counts.output == 5)
    }

    @Test("takes counters, and adds none")
    func takesCounters() {
        let usage = self.usage(
            #"{"usage":{"prompt_tokens":30,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":8}}}"#,
            #"{"usage":{"prompt_tokens":30,"completion_tokens":2,"prompt_tokens_details":null}}"#,
            #"{"usage":{"completion_tokens":9}}"#)
        #expect(usage?.counts.input == 22)
        #expect(usage?.counts.cacheRead == 8)
        #expect(usage?.counts.output == 9)
    }

    @Test("guesses only from streams, and only if nothing was told")
    func guesses() {
        let text = #"{"choices":[{"delta":{"content":"neun Byte"}}]}"#
        #expect(self.usage(text)?.quality == .estimated)
        #expect(self.usage(text)?.counts.output == 3)
        #expect(self.usage(text, isStream: false) == nil)
        #expect(self.usage(text, Self.chunk)?.quality == .reported)
        #expect(self.usage(text, Self.chunk)?.counts.output == 1)
    }

    // MARK: Strange input

    @Test(
        "survives what is no JSON",
        arguments: [
            "[DONE]", "", " ", "}", "]", ",", ":", "\"", "\\", "{", "{\"", "{\"a\"", "{\"a\":", "{\"a\":\"\\", "{]",
            "[}",
            "{\"usage\":{\"prompt_tokens\":1]}", "nul", "--1", "1e", "{\"a\":1,}", "[1,]", "{\"usage\":{]", "\u{0}",
            "{\"model\":\"\\ud800\"}", "{\"model\":\"\\x\"}", "{\"us\\uZZZZage\":{}}", "\u{FEFF}", "{}{}[]{}", "[[[]]]",
        ])
    func survives(_ text: String) {
        for dialect in Dialect.allCases {
            #expect(self.usage(text, Self.chunk, dialect: .openai)?.counts.input == 3, "\(dialect)")
        }
    }

    @Test("survives nesting of any depth")
    func survivesDepth() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(self.usage(deep, Self.chunk)?.counts.input == 3)
        let objects = String(repeating: #"{"usage":"#, count: 100_000)
        #expect(self.usage(objects, Self.chunk)?.counts.input == 3)
        let nested = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        let usage = self.usage(#"{"x":\#(nested),"usage":{"prompt_tokens":3}}"#)
        #expect(usage?.counts.input == 3)
    }

    @Test("survives numbers of 500 digits and cut UTF-8")
    func survivesNumbersAndUTF8() {
        let digits = String(repeating: "9", count: 500)
        let usage = self.usage(
            #"{"usage":{"prompt_tokens":\#(digits),"completion_tokens":1.\#(digits),"cost":\#(digits)}}"#)
        #expect(usage?.isInconsistent == true)
        #expect(usage?.counts.isZero == true)
        #expect(usage?.reportedCost == nil)
        #expect(self.usage(#"{"eval_count":\#(digits)}"#)?.isInconsistent == true)

        var meter = UsageMeter(dialect: .openai)
        meter.feed(
            Array(#"{"model":"m"#.utf8) + [0xE4, 0xB8] + Array(#"","choices":[],"usage":{"prompt_tokens":3}}"#.utf8))
        meter.endEvent()
        #expect(meter.usage(isStream: true, isComplete: true)?.counts.input == 3)
        #expect(meter.usage(isStream: true, isComplete: true)?.model == nil)
    }

    @Test("reads damaged answers the same in any pieces, without a trap", arguments: UsageCorpus.all)
    func survivesDamage(_ answer: UsageCorpus) {
        var generator = SeededGenerator(seed: UInt64(answer.bytes.count) &* 31)
        let letters = Array(#"{}[]",:\u0e-.tfn"#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xFF]
        for _ in 0..<12 {
            var bytes = answer.texts.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                guard let index = bytes.indices.randomElement(using: &generator) else { break }
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[index] = letters.randomElement(using: &generator) ?? 0
                case 1: bytes.insert(letters.randomElement(using: &generator) ?? 0, at: index)
                default:
                    bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...9, using: &generator)))
                }
            }
            var whole = UsageMeter(dialect: answer.dialect)
            whole.feed(bytes)
            var pieces = UsageMeter(dialect: answer.dialect)
            for piece in bytes.pieces(upTo: 9, using: &generator) { pieces.feed(piece) }
            for isComplete in [false, true] {
                #expect(
                    whole.usage(isStream: true, isComplete: isComplete)
                        == pieces.usage(isStream: true, isComplete: isComplete),
                    "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    @Test("survives random bytes")
    func survivesRandomBytes() {
        var generator = SeededGenerator(seed: 99)
        for _ in 0..<300 {
            var meter = UsageMeter(dialect: Dialect.allCases.randomElement(using: &generator) ?? .other)
            for _ in 0..<4 {
                meter.feed((0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) })
                if Bool.random(using: &generator) { meter.endEvent() }
            }
            meter.endEvent()
            meter.feed(#"{"usageMetadata":{"promptTokenCount":3}}"#)
            #expect(meter.usage(isStream: true, isComplete: true)?.counts.input == 3)
        }
    }
}

extension UsageMeter {
    fileprivate mutating func feed(_ text: String) { self.feed(Array(text.utf8)) }

    fileprivate mutating func feed(_ bytes: [UInt8]) { bytes.withUnsafeBytes { self.feed($0) } }
}
