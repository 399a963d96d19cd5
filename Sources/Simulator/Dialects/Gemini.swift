import NIOCore

/// Answers of Google's own `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent?alt=sse`.
///
/// A stream tells the usage with every event, counted up to there; only the last one has `totalTokenCount`. It has no end
/// marker.
struct Gemini {
    private let facts: RequestFacts
    private let options: AnswerOptions
    private let text: AnswerText
    private let thoughts = ["The request asks ", "for an answer. ", "I give one. "]

    /// Prepares the answer to a request that has been found valid.
    init(_ facts: RequestFacts, options: AnswerOptions) {
        self.facts = facts
        self.options = options
        self.text = options.text()
    }

    /// The answer in the form that the request asks for.
    var script: AnswerScript {
        self.facts.isStream ? self.stream : self.plain
    }

    // MARK: Usage

    private func tokens(output: Int) -> ReportedTokens {
        ReportedTokens(
            input: self.facts.inputTokens - self.facts.cachedTokens, cacheRead: self.facts.cachedTokens,
            output: output, reasoning: self.thoughts.reduce(0) { $0 + $1.utf8.count + 3 } / 4)
    }

    /// Candidates exclude thoughts, and the prompt includes what came from the cache.
    private func usage(output: JSONValue) -> JSONValue {
        let tokens = self.tokens(output: 0)
        return [
            "promptTokenCount": .integer(tokens.input + tokens.cacheRead),
            "cachedContentTokenCount": .integer(tokens.cacheRead),
            "candidatesTokenCount": output,
            "thoughtsTokenCount": .integer(tokens.reasoning),
            "promptTokensDetails": [
                ["modality": "TEXT", "tokenCount": .integer(tokens.input + tokens.cacheRead)]
            ],
        ]
    }

    private var wholeUsage: JSONValue {
        let tokens = self.tokens(output: self.text.tokens)
        let total = tokens.input + tokens.cacheRead + tokens.output + tokens.reasoning
        return self.usage(output: .integer(tokens.output)).adding("totalTokenCount", .integer(total))
    }

    // MARK: Answers

    private func answer(text: JSONValue, finish: JSONValue?, usage: JSONValue) -> JSONValue {
        var candidate: JSONValue = ["content": ["parts": [["text": text]], "role": "model"]]
        if let finish { candidate = candidate.adding("finishReason", finish) }
        return [
            "candidates": [candidate.adding("index", 0)],
            "usageMetadata": usage,
            "modelVersion": .string(self.facts.model),
            "responseId": .string(self.facts.identifier("", length: 22)),
        ]
    }

    private var plain: AnswerScript {
        let value = self.answer(text: PieceTemplate.contentMarker, finish: "STOP", usage: self.wholeUsage)
        return AnswerScript.json(headers: Self.headers, value, text: self.text)
            .reporting(self.tokens(output: self.text.tokens))
    }

    private var stream: AnswerScript {
        var stream = StreamBuilder(self.options)
        let usage = self.usage(output: PieceTemplate.sequenceMarker)
        stream.events(self.answer(text: PieceTemplate.contentMarker, finish: nil, usage: usage), text: self.text)
        // The number in the stream stands for the tokens so far, beginning with 0.
        stream.report(self.tokens(output: 0), growingOver: self.text.count)
        stream.event(self.answer(text: "", finish: "STOP", usage: self.wholeUsage))
        stream.report(self.tokens(output: self.text.tokens))
        let error = ErrorCatalogue.streamDefault(for: self.facts)
        return stream.script(
            headers: Self.headers, errorEvent: error.event(for: self.facts, format: self.options.format))
    }

    private static let headers: [AnswerScript.HeaderLine] = [
        .init("server-timing", "gfet4t7; dur=12"), .init("x-content-type-options", "nosniff"),
    ]
}
