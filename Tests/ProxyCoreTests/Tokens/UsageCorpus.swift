import Foundation
import ProxyCore
import Testing

/// An answer in the shape in which a provider sends it, and the usage that it tells.
///
/// Each is a file of `Corpus`: a stream of events (`.sse`) or a plain body (`.json`, `.ndjson`), with the expectation beside
/// it (`NAME.expected.json`).
struct UsageCorpus: Sendable, CustomTestStringConvertible {
    struct Expectation: Decodable, Sendable, Equatable {
        struct Counts: Decodable, Sendable, Equatable {
            var input: Int64
            var inputAudio: Int64
            var inputImage: Int64
            var cacheRead: Int64
            var cacheWrite5m: Int64
            var cacheWrite1h: Int64
            var output: Int64
            var reasoning: Int64
            var outputAudio: Int64

            var tokens: TokenCounts {
                var counts = TokenCounts()
                counts.input = self.input
                counts.inputAudio = self.inputAudio
                counts.inputImage = self.inputImage
                counts.cacheRead = self.cacheRead
                counts.cacheWrite5m = self.cacheWrite5m
                counts.cacheWrite1h = self.cacheWrite1h
                counts.output = self.output
                counts.reasoning = self.reasoning
                counts.outputAudio = self.outputAudio
                return counts
            }
        }

        var dialect: String
        /// Whether the answer came to its end.
        var complete: Bool
        /// `nil` for an answer of which nothing is known.
        var quality: String
        var counts: Counts
        var model: String?
        var serviceTier: String?
        var inconsistent: Bool
        /// In pico-dollars.
        var reportedCost: Int64?
        /// How many events are chunks that only those get who ask for usage.
        var bareUsageEvents: Int

        var usage: TokenUsage? {
            guard let quality = TokenUsage.Quality(rawValue: self.quality) else { return nil }
            var usage = TokenUsage(self.counts.tokens, quality: quality)
            usage.isInconsistent = self.inconsistent
            usage.reportedCost = self.reportedCost
            usage.model = self.model.flatMap { ModelName($0) }
            usage.serviceTier = self.serviceTier
            return usage
        }
    }

    /// What a meter made of an answer.
    struct Outcome: Equatable {
        var usage: TokenUsage?
        var bareUsageEvents = 0
    }

    var name: String
    var bytes: [UInt8]
    var expected: Expectation
    var dialect: Dialect

    var testDescription: String { self.name }
    var isStream: Bool { self.name.hasSuffix(".sse") }
    var expectedOutcome: Outcome {
        Outcome(usage: self.expected.usage, bareUsageEvents: self.expected.bareUsageEvents)
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    static let all: [Self] = {
        do {
            return try Self.load()
        } catch {
            Issue.record(error, "the corpus cannot be read")
            return []
        }
    }()

    private static func load() throws -> [Self] {
        let names = try FileManager.default.contentsOfDirectory(atPath: self.folder.path)
        return try names.filter { !$0.hasPrefix(".") && !$0.hasSuffix(".expected.json") }.sorted().map { name in
            let text = try Data(contentsOf: self.folder.appending(path: "\(name).expected.json"))
            let expected = try JSONDecoder().decode(Expectation.self, from: text)
            return try Self(
                name: name, bytes: Array(Data(contentsOf: self.folder.appending(path: name))), expected: expected,
                dialect: #require(Dialect(rawValue: expected.dialect), "\(name)"))
        }
    }

    /// The data of the events, or the body.
    var texts: [[UInt8]] {
        guard self.isStream else { return [self.bytes] }
        var events: [EventStreamReader.Event] = []
        UsageCorpus.readEvents(of: [self.bytes]) { events.append($0) }
        return events.map { $0.data }
    }

    /// Feeds the pieces to a meter, those of a stream by way of a reader of events.
    func outcome(of pieces: [[UInt8]]) -> Outcome {
        var meter = UsageMeter(dialect: self.dialect)
        var outcome = Outcome()
        if self.isStream {
            UsageCorpus.readEvents(of: pieces) { event in
                event.data.withUnsafeBytes { meter.feed($0) }
                meter.endEvent()
                if meter.isBareUsage { outcome.bareUsageEvents += 1 }
            }
        } else {
            for piece in pieces { piece.withUnsafeBytes { meter.feed($0) } }
        }
        outcome.usage = meter.usage(isStream: self.isStream, isComplete: self.expected.complete)
        return outcome
    }

    static func readEvents(of pieces: [[UInt8]], _ body: (EventStreamReader.Event) -> Void) {
        var reader = EventStreamReader()
        for piece in pieces {
            piece.withUnsafeBytes { bytes in
                var index = 0
                while let event = reader.next(in: bytes, from: &index) { body(event) }
            }
        }
        if let event = reader.finish() { body(event) }
    }
}

extension [UInt8] {
    /// The bytes in pieces of random sizes.
    func pieces(upTo largest: Int, using generator: inout some RandomNumberGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < self.count {
            let end = Swift.min(self.count, start + Int.random(in: 1...largest, using: &generator))
            pieces.append(Array(self[start..<end]))
            start = end
        }
        return pieces
    }

    /// The bytes with all ends of lines written in one way.
    func withLineEnds(_ end: String) -> [UInt8] {
        let text = String(decoding: self, as: UTF8.self).replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        return Array(text.replacing("\n", with: end).utf8)
    }
}
