import NIOCore

/// Answers of `POST /messages` and `POST /messages/count_tokens`.
struct Anthropic {
    private let facts: RequestFacts
    private let options: AnswerOptions
    private let call: ToolCall?
    private let thinking: [String]
    private let text: AnswerText

    /// Prepares the answer to a request that has been found valid.
    init(_ facts: RequestFacts, options: AnswerOptions) {
        self.facts = facts
        self.options = options
        self.call = ToolCall(facts)
        let kind = facts.body?["thinking"]?["type"]?.string
        let thinks = kind == "enabled" || kind == "adaptive"
        self.thinking = thinks ? ["The request asks ", "for an answer. ", "I give one. "] : []
        self.text = options.text(usual: self.call == nil ? AnswerOptions.usualEvents : 1)
    }

    /// The answer in the form that the request asks for.
    var script: AnswerScript {
        self.facts.isStream ? self.stream : self.plain
    }

    /// The answer to a question for the number of tokens.
    static func countTokens(_ facts: RequestFacts) -> AnswerScript {
        .json(headers: ProviderHeaders.anthropic(facts), ["input_tokens": .integer(facts.inputTokens)])
    }

    // MARK: Usage

    private var outputTokens: Int {
        let callTokens = self.call.map { ($0.name.utf8.count + $0.arguments.bytes.count + 3) / 4 } ?? 0
        return self.text.tokens + callTokens + self.thinking.reduce(0) { $0 + $1.utf8.count + 3 } / 4
    }

    /// Input classes are disjoint: what was read from the cache, what was written to it, and the rest.
    private func tokens(output: Int) -> ReportedTokens {
        let total = self.facts.inputTokens
        let read = self.facts.cachedTokens
        let marksCache = (self.facts.body?.text ?? "").contains(#""cache_control""#)
        let fiveMinutes = marksCache ? total / 8 : 0
        let oneHour = marksCache ? total / 16 : 0
        return ReportedTokens(
            input: total - read - fiveMinutes - oneHour, cacheRead: read, cacheWrite5m: fiveMinutes,
            cacheWrite1h: oneHour, output: output)
    }

    private func usage(output: Int) -> JSONValue {
        let tokens = self.tokens(output: output)
        return [
            "input_tokens": .integer(tokens.input),
            "cache_creation_input_tokens": .integer(tokens.cacheWrite5m + tokens.cacheWrite1h),
            "cache_read_input_tokens": .integer(tokens.cacheRead),
            "cache_creation": [
                "ephemeral_5m_input_tokens": .integer(tokens.cacheWrite5m),
                "ephemeral_1h_input_tokens": .integer(tokens.cacheWrite1h),
            ],
            "output_tokens": .integer(output),
            "service_tier": "standard",
        ]
    }

    private var stopReason: JSONValue {
        self.call == nil ? "end_turn" : "tool_use"
    }

    private func message(content: [JSONValue], stop: JSONValue, output: Int) -> JSONValue {
        [
            "id": .string(self.facts.identifier("msg_")),
            "type": "message",
            "role": "assistant",
            "model": .string(self.facts.model),
            "content": .array(content),
            "stop_reason": stop,
            "stop_sequence": nil,
            "usage": self.usage(output: output),
        ]
    }

    private var signature: JSONValue {
        .string(self.facts.identifier("Sig", length: 64))
    }

    private func toolUse(_ call: ToolCall, input: JSONValue) -> JSONValue {
        [
            "type": "tool_use", "id": .string(self.facts.identifier("toolu_")), "name": .string(call.name),
            "input": input,
        ]
    }

    // MARK: Plain

    private var plain: AnswerScript {
        var content: [JSONValue] = []
        if !self.thinking.isEmpty {
            content.append([
                "type": "thinking", "thinking": .string(self.thinking.joined()), "signature": self.signature,
            ])
        }
        if self.text.count > 0 { content.append(["type": "text", "text": PieceTemplate.contentMarker]) }
        if let call = self.call { content.append(self.toolUse(call, input: call.arguments)) }
        let value = self.message(content: content, stop: self.stopReason, output: self.outputTokens)
        return AnswerScript.json(headers: ProviderHeaders.anthropic(self.facts), value, text: self.text)
            .reporting(self.tokens(output: self.outputTokens))
    }

    // MARK: Stream

    private var stream: AnswerScript {
        var stream = StreamBuilder(self.options)
        var index = 0
        let ping: JSONValue = ["type": "ping"]
        stream.typed("message_start", ["message": self.message(content: [], stop: nil, output: 1)])
        stream.report(self.tokens(output: 1))
        if !self.thinking.isEmpty {
            stream.block(index, start: ["type": "thinking", "thinking": "", "signature": ""])
            stream.event(ping, name: "ping")
            stream.delta(
                index,
                ["type": "thinking_delta", "thinking": PieceTemplate.contentMarker],
                text: .pieces(self.thinking)
            )
            stream.delta(index, ["type": "signature_delta", "signature": self.signature])
            stream.blockStop(index)
            index += 1
        }
        if self.text.count > 0 {
            stream.block(index, start: ["type": "text", "text": ""])
            if index == 0 { stream.event(ping, name: "ping") }
            stream.delta(index, ["type": "text_delta", "text": PieceTemplate.contentMarker], text: self.text)
            stream.blockStop(index)
            index += 1
        }
        if let call = self.call {
            stream.block(index, start: self.toolUse(call, input: [:]))
            stream.delta(index, ["type": "input_json_delta", "partial_json": ""])
            stream.delta(
                index,
                ["type": "input_json_delta", "partial_json": PieceTemplate.contentMarker],
                text: .pieces(call.pieces)
            )
            stream.blockStop(index)
        }
        stream.typed(
            "message_delta",
            [
                "delta": ["stop_reason": self.stopReason, "stop_sequence": nil],
                "usage": ["output_tokens": .integer(self.outputTokens)],
            ]
        )
        stream.report(self.tokens(output: self.outputTokens))
        stream.typed("message_stop", [:])
        let error = ErrorCatalogue.streamDefault(for: self.facts)
        return stream.script(
            headers: ProviderHeaders.anthropic(self.facts),
            errorEvent: error.event(for: self.facts, format: self.options.format),
            keepAlive: self.options.format.event(ping, name: "ping")
        )
    }
}

extension StreamBuilder {
    fileprivate mutating func typed(_ type: String, _ value: JSONValue) {
        let start = [JSONValue.Member(name: "type", value: .string(type))]
        self.event(.object(start + (value.members ?? [])), name: type)
    }

    fileprivate mutating func block(_ index: Int, start: JSONValue) {
        self.typed("content_block_start", ["index": .integer(index), "content_block": start])
    }

    fileprivate mutating func blockStop(_ index: Int) {
        self.typed("content_block_stop", ["index": .integer(index)])
    }

    fileprivate mutating func delta(_ index: Int, _ delta: JSONValue) {
        self.typed("content_block_delta", ["index": .integer(index), "delta": delta])
    }

    fileprivate mutating func delta(_ index: Int, _ delta: JSONValue, text: AnswerText) {
        let value: JSONValue = ["type": "content_block_delta", "index": .integer(index), "delta": delta]
        self.events(value, name: "content_block_delta", text: text)
    }
}
