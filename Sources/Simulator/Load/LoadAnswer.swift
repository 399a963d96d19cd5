import NIOCore

/// What a caller sees of one answer: its events, their end, and the usage in it.
///
/// It reads usage by itself and knows nothing of how answers are made, so that it can bear witness.
struct LoadAnswer {
    /// Events that were no comments.
    private(set) var events = 0
    /// Whether the stream came to the end of its dialect.
    private(set) var hasEnded = false
    /// Whether it told of an error.
    private(set) var hasFailed = false
    /// The usage; `nil` if none was seen.
    private(set) var usage: ReportedTokens?

    private let isStream: Bool
    private var body: [UInt8] = []
    private static let bodyLimit = 4 << 20

    /// Begins an answer.
    init(isStream: Bool) {
        self.isStream = isStream
    }

    /// Takes a piece of the body.
    mutating func feed(_ piece: ByteBuffer) {
        guard self.body.count < Self.bodyLimit else { return }
        self.body += piece.readableBytesView
        guard self.isStream else { return }
        var start = 0
        // The simulator and the daemon end events with two line feeds, or with the same after a carriage return.
        while let end = Self.endOfEvent(self.body, from: start) {
            self.take(self.body[start..<end])
            start = end
        }
        self.body.removeFirst(start)
    }

    /// The body is complete.
    mutating func finish() {
        guard !self.isStream else { return }
        self.hasEnded = true
        do {
            self.read(try JSONParser.parse(self.body))
        } catch {
            self.hasFailed = true
        }
    }

    private static func endOfEvent(_ bytes: [UInt8], from start: Int) -> Int? {
        var index = start + 1
        while index < bytes.count {
            if bytes[index] == 10, bytes[index - 1] == 10 { return index + 1 }
            if index >= start + 3, bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10 {
                return index + 1
            }
            index += 1
        }
        return nil
    }

    private mutating func take(_ event: ArraySlice<UInt8>) {
        let lines = event.split { $0 == 10 || $0 == 13 }
        guard let data = lines.first(where: { $0.starts(with: "data:".utf8) })?.dropFirst(5) else { return }
        self.events += 1
        let text = data.drop { $0 == 32 }
        if text.elementsEqual("[DONE]".utf8) {
            self.hasEnded = true
            return
        }
        do {
            let value = try JSONParser.parse(Array(text))
            if value["type"] == "message_stop" { self.hasEnded = true }
            if !(value["error"] ?? .null).isNull { self.hasFailed = true }
            self.read(value)
        } catch {
            self.hasFailed = true
        }
    }

    private mutating func read(_ value: JSONValue) {
        let places = [value["usage"], value["message"]?["usage"], value["choices"]?.array?.first?["usage"]]
        guard let usage = places.compactMap({ $0 }).first(where: { $0.members != nil }) else { return }
        var tokens = self.usage ?? ReportedTokens()
        if let prompt = usage["prompt_tokens"]?.int {
            let details = usage["prompt_tokens_details"]
            tokens.cacheRead = usage["cached_tokens"]?.int ?? details?["cached_tokens"]?.int ?? 0
            tokens.input = prompt - tokens.cacheRead
            tokens.reasoning = usage["completion_tokens_details"]?["reasoning_tokens"]?.int ?? 0
            tokens.output = (usage["completion_tokens"]?.int ?? 0) - tokens.reasoning
        } else {
            tokens.input = usage["input_tokens"]?.int ?? tokens.input
            tokens.cacheRead = usage["cache_read_input_tokens"]?.int ?? tokens.cacheRead
            let written = usage["cache_creation"]
            tokens.cacheWrite5m = written?["ephemeral_5m_input_tokens"]?.int ?? tokens.cacheWrite5m
            tokens.cacheWrite1h = written?["ephemeral_1h_input_tokens"]?.int ?? tokens.cacheWrite1h
            tokens.output = usage["output_tokens"]?.int ?? tokens.output
        }
        self.usage = tokens
    }
}
