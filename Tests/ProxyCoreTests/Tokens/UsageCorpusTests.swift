import Foundation
import ProxyCore
import Testing

/// Usage as providers report it (X-060; provider facts, section 14).
struct UsageCorpusTests {
    @Test("reads what a provider tells of tokens", arguments: UsageCorpus.all)
    func readsUsage(_ answer: UsageCorpus) {
        #expect(answer.outcome(of: [answer.bytes]) == answer.expectedOutcome)
    }

    @Test("has an expectation for each answer, and an answer for each expectation")
    func isComplete() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: UsageCorpus.folder.path)
            .filter { !$0.hasPrefix(".") }
        let answers = Set(names.filter { !$0.hasSuffix(".expected.json") })
        let expectations = names.filter { $0.hasSuffix(".expected.json") }.map { String($0.dropLast(14)) }
        #expect(answers == Set(expectations))
        #expect(UsageCorpus.all.count == answers.count)
        #expect(answers.count >= 45)
    }

    /// The table of provider facts, section 14.2.
    @Test(
        "keeps the four conversions of the table",
        arguments: [
            ("openai-chat-include-usage.sse", [200, 1_000, 0, 0, 50, 250]),
            ("anthropic-classic.sse", [200, 1_000, 100, 300, 300, 0]),
            ("gemini-native.sse", [250, 1_000, 0, 0, 40, 260]),
            ("deepseek.sse", [200, 1_000, 0, 0, 50, 250]),
        ])
    func keepsTable(_ name: String, _ classes: [Int64]) throws {
        let answer = try #require(UsageCorpus.all.first { $0.name == name })
        let usage = try #require(answer.outcome(of: [answer.bytes]).usage)
        let counts = usage.counts
        #expect(
            [
                counts.input, counts.cacheRead, counts.cacheWrite5m, counts.cacheWrite1h, counts.output,
                counts.reasoning,
            ] == classes)
        #expect(usage.quality == .reported)
    }

    @Test("reads the same usage whatever the line ends and the pieces", arguments: UsageCorpus.all)
    func isTheSameInAnyPieces(_ answer: UsageCorpus) {
        var generator = SeededGenerator(seed: UInt64(answer.bytes.count))
        for end in ["\n", "\r\n", "\r"] {
            let bytes = answer.bytes.withLineEnds(end)
            for largest in [1, 7, 64] {
                let pieces = bytes.pieces(upTo: largest, using: &generator)
                #expect(answer.outcome(of: pieces) == answer.expectedOutcome, "\(end.debugDescription), \(largest)")
            }
        }
    }

    /// An event is split where the stream is split; all that matters of the others is what they have left behind.
    @Test("reads the same usage wherever an answer is split in two", arguments: UsageCorpus.all)
    func isTheSameWhereverItIsSplit(_ answer: UsageCorpus) {
        var generator = SeededGenerator(seed: 7)
        let isLong = answer.bytes.count > 4_096
        var before = UsageMeter(dialect: answer.dialect)
        for text in answer.texts {
            let whole = self.outcome(before, feeding: text, splitAt: 0)
            let places = isLong ? (0..<150).map { _ in Int.random(in: 0...text.count, using: &generator) } : nil
            let wrong = (places ?? Array(0...text.count)).first { place in
                self.outcome(before, feeding: text, splitAt: place) != whole
            }
            #expect(wrong == nil, "\(String(decoding: text, as: UTF8.self))")
            text.withUnsafeBytes { before.feed($0) }
            before.endEvent()
        }
    }

    private struct SplitOutcome: Equatable {
        var cut: TokenUsage?
        var complete: TokenUsage?
        var isBareUsage: Bool
    }

    private func outcome(_ before: UsageMeter, feeding text: [UInt8], splitAt place: Int) -> SplitOutcome {
        var meter = before
        text.withUnsafeBytes { bytes in
            meter.feed(UnsafeRawBufferPointer(rebasing: bytes[..<place]))
            meter.feed(UnsafeRawBufferPointer(rebasing: bytes[place...]))
        }
        let cut = meter.usage(isStream: true, isComplete: false)
        meter.endEvent()
        return SplitOutcome(
            cut: cut, complete: meter.usage(isStream: true, isComplete: true), isBareUsage: meter.isBareUsage)
    }
}
