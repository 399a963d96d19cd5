import NIOCore

/// Answers of the older `POST /completions`, plain and streamed.
struct OpenAICompletions {
    private let facts: RequestFacts
    private let options: AnswerOptions
    private let flavour: Flavour
    private let text: AnswerText

    /// Prepares the answer to a request that has been found valid.
    init(_ facts: RequestFacts, options: AnswerOptions) {
        self.facts = facts
        self.options = options
        self.flavour = Flavour(model: facts.model, target: facts.target)
        self.text = options.text()
    }

    /// The answer in the form that the request asks for.
    var script: AnswerScript {
        self.facts.isStream ? self.stream : self.plain
    }

    private var usage: OpenAIUsage {
        OpenAIUsage(
            input: self.facts.inputTokens,
            cached: self.facts.cachedTokens,
            output: self.text.tokens,
            reasoning: 0
        )
    }

    private func envelope(choices: JSONValue, usage: JSONValue?) -> JSONValue {
        let value: JSONValue = [
            "id": .string(self.facts.identifier("cmpl-")),
            "object": "text_completion",
            "created": .integer(OpenAIChat.created),
            "model": .string(self.facts.model),
            "system_fingerprint": "fp_simulated",
            "choices": choices,
        ]
        return usage.map { value.adding("usage", $0) } ?? value
    }

    private func choice(_ text: JSONValue, finish: JSONValue) -> JSONValue {
        ["text": text, "index": 0, "logprobs": nil, "finish_reason": finish]
    }

    private var plain: AnswerScript {
        let value = self.envelope(
            choices: [self.choice(PieceTemplate.contentMarker, finish: "stop")],
            usage: self.usage.chat(self.flavour)
        )
        return AnswerScript.json(headers: ProviderHeaders.openAI(self.facts), value, text: self.text)
            .reporting(self.usage.tokens)
    }

    private var stream: AnswerScript {
        let noUsage: JSONValue? = self.facts.includesUsage ? .null : nil
        var stream = StreamBuilder(self.options)
        stream.events(
            self.envelope(choices: [self.choice(PieceTemplate.contentMarker, finish: nil)], usage: noUsage),
            text: self.text
        )
        stream.event(self.envelope(choices: [self.choice("", finish: "stop")], usage: noUsage))
        if self.facts.includesUsage || self.flavour == .openRouter {
            stream.event(self.envelope(choices: [], usage: self.usage.chat(self.flavour)))
            stream.report(self.usage.tokens)
        }
        stream.event(text: "[DONE]")
        let error = ErrorCatalogue.streamDefault(for: self.facts)
        return stream.script(
            headers: ProviderHeaders.openAI(self.facts),
            errorEvent: error.event(for: self.facts, format: self.options.format)
        )
    }
}
