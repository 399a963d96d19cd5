import NIOCore

/// Answers of `POST /chat/completions`, plain and streamed.
struct OpenAIChat {
    /// When every answer says that it was made, in Unix seconds; fixed so that answers can be compared.
    static let created = 1_760_000_000

    private let facts: RequestFacts
    private let options: AnswerOptions
    private let flavour: Flavour
    private let call: ToolCall?
    private let reasoning: [String]
    private let text: AnswerText

    /// Prepares the answer to a request that has been found valid.
    init(_ facts: RequestFacts, options: AnswerOptions) {
        self.facts = facts
        self.options = options
        self.flavour = Flavour(model: facts.model, target: facts.target)
        self.call = ToolCall(facts)
        let name = facts.model.lowercased()
        let thinks = self.flavour == .moonshot || name.contains("reason") || name.contains("deepseek")
        self.reasoning = thinks ? ["The request asks ", "for an answer. ", "I give one. "] : []
        if self.call == nil, let structured = Self.structured(facts) {
            self.text = .pieces(ToolCall.slices(structured.text))
        } else {
            self.text = options.text(usual: self.call == nil ? AnswerOptions.usualEvents : 0)
        }
    }

    /// The answer in the form that the request asks for.
    var script: AnswerScript {
        self.facts.isStream ? self.stream : self.plain
    }

    private static func structured(_ facts: RequestFacts) -> JSONValue? {
        let format = facts.body?["response_format"]
        switch format?["type"]?.string {
        case "json_object": return ["answer": "example"]
        case "json_schema": return PlausibleValue.example(of: format?["json_schema"]?["schema"] ?? [:])
        default: return nil
        }
    }

    private var usage: OpenAIUsage {
        let reasoning = self.reasoning.reduce(0) { $0 + $1.utf8.count + 3 } / 4
        let callTokens = self.call.map { ($0.name.utf8.count + $0.arguments.bytes.count + 3) / 4 } ?? 0
        return OpenAIUsage(
            input: self.facts.inputTokens,
            cached: self.facts.cachedTokens,
            output: self.text.tokens + callTokens + reasoning,
            reasoning: reasoning
        )
    }

    private var finishReason: JSONValue {
        self.call == nil ? "stop" : "tool_calls"
    }

    private var identifier: JSONValue {
        .string(self.facts.identifier("chatcmpl-"))
    }

    // MARK: Plain

    private var plain: AnswerScript {
        let hasText = self.text.count > 0
        var message: JSONValue = ["role": "assistant", "content": hasText ? PieceTemplate.contentMarker : nil]
        if !self.reasoning.isEmpty {
            message = message.adding("reasoning_content", .string(self.reasoning.joined()))
        }
        if self.flavour == .openAI { message = message.adding("refusal", nil).adding("annotations", []) }
        if let call = self.call {
            message = message.adding("tool_calls", [self.toolCall(call, arguments: call.arguments.text)])
        }
        let value: JSONValue = [
            "id": self.identifier,
            "object": "chat.completion",
            "created": .integer(Self.created),
            "model": .string(self.facts.model),
            "choices": [
                ["index": 0, "message": message, "logprobs": nil, "finish_reason": self.finishReason]
            ],
            "usage": self.usage.chat(self.flavour),
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        ]
        return AnswerScript.json(headers: ProviderHeaders.openAI(self.facts), value, text: self.text)
            .reporting(self.usage.tokens)
    }

    private func toolCall(_ call: ToolCall, arguments: String) -> JSONValue {
        [
            "id": .string(self.facts.identifier("call_")), "type": "function",
            "function": ["name": .string(call.name), "arguments": .string(arguments)],
        ]
    }

    // MARK: Stream

    private var stream: AnswerScript {
        var stream = StreamBuilder(self.options)
        if self.flavour == .deepSeek { stream.comment("keep-alive") }
        if self.flavour == .openRouter { stream.comment("OPENROUTER PROCESSING") }
        stream.event(self.chunk(["role": "assistant", "content": ""]))
        if !self.reasoning.isEmpty {
            stream.events(
                self.chunk(["reasoning_content": PieceTemplate.contentMarker]),
                text: .pieces(self.reasoning)
            )
        }
        stream.events(self.chunk(["content": PieceTemplate.contentMarker]), text: self.text)
        if let call = self.call {
            let first = Self.indexed(self.toolCall(call, arguments: ""))
            stream.event(self.chunk(["tool_calls": [first]]))
            let delta: JSONValue = ["index": 0, "function": ["arguments": PieceTemplate.contentMarker]]
            stream.events(self.chunk(["tool_calls": [delta]]), text: .pieces(call.pieces))
        }
        stream.event(self.lastChunk)
        if self.flavour == .moonshot { stream.report(self.usage.tokens) }
        if self.facts.includesUsage || self.flavour == .openRouter {
            stream.event(self.usageChunk)
            stream.report(self.usage.tokens)
        }
        stream.event(text: "[DONE]")
        let error = ErrorCatalogue.streamDefault(for: self.facts)
        return stream.script(
            headers: ProviderHeaders.openAI(self.facts),
            errorEvent: error.event(for: self.facts, format: self.options.format)
        )
    }

    private static func indexed(_ call: JSONValue) -> JSONValue {
        .object([.init(name: "index", value: 0)] + (call.members ?? []))
    }

    private func envelope(choices: JSONValue, usage: JSONValue?) -> JSONValue {
        let value: JSONValue = [
            "id": self.identifier,
            "object": "chat.completion.chunk",
            "created": .integer(Self.created),
            "model": .string(self.facts.model),
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
            "choices": choices,
        ]
        return usage.map { value.adding("usage", $0) } ?? value
    }

    private func chunk(_ delta: JSONValue) -> JSONValue {
        let choice: JSONValue = ["index": 0, "delta": delta, "logprobs": nil, "finish_reason": nil]
        return self.envelope(choices: [choice], usage: self.facts.includesUsage ? .null : nil)
    }

    private var lastChunk: JSONValue {
        var choice: JSONValue = ["index": 0, "delta": [:], "logprobs": nil, "finish_reason": self.finishReason]
        if self.flavour == .moonshot { choice = choice.adding("usage", self.usage.chat(.moonshot)) }
        return self.envelope(choices: [choice], usage: self.facts.includesUsage ? .null : nil)
    }

    private var usageChunk: JSONValue {
        self.envelope(choices: [], usage: self.usage.chat(self.flavour))
    }
}
