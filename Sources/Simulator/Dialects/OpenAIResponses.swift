import NIOCore

/// Answers of `POST /responses`, plain and as typed events that end with `response.completed`.
struct OpenAIResponses {
    private let facts: RequestFacts
    private let options: AnswerOptions
    private let call: ToolCall?
    private let text: AnswerText

    /// Prepares the answer to a request that has been found valid.
    init(_ facts: RequestFacts, options: AnswerOptions) {
        self.facts = facts
        self.options = options
        self.call = ToolCall(facts)
        self.text = options.text(usual: self.call == nil ? AnswerOptions.usualEvents : 0)
    }

    /// The answer in the form that the request asks for.
    var script: AnswerScript {
        self.facts.isStream ? self.stream : self.plain
    }

    private var messageIdentifier: JSONValue { .string(self.facts.identifier("msg_")) }
    private var callIdentifier: JSONValue { .string(self.facts.identifier("fc_")) }

    private var usage: OpenAIUsage {
        let callTokens = self.call.map { ($0.name.utf8.count + $0.arguments.bytes.count + 3) / 4 } ?? 0
        return OpenAIUsage(
            input: self.facts.inputTokens,
            cached: self.facts.cachedTokens,
            output: self.text.tokens + callTokens,
            reasoning: 0
        )
    }

    private func response(status: JSONValue, output: [JSONValue], usage: JSONValue) -> JSONValue {
        let body = self.facts.body
        return [
            "id": .string(self.facts.identifier("resp_")),
            "object": "response",
            "created_at": .integer(OpenAIChat.created),
            "status": status,
            "background": false,
            "error": nil,
            "incomplete_details": nil,
            "instructions": body?["instructions"] ?? nil,
            "max_output_tokens": body?["max_output_tokens"] ?? nil,
            "model": .string(self.facts.model),
            "output": .array(output),
            "parallel_tool_calls": true,
            "previous_response_id": body?["previous_response_id"] ?? nil,
            "reasoning": ["effort": nil, "summary": nil],
            "service_tier": "default",
            "store": body?["store"] ?? true,
            "temperature": 1.0,
            "text": ["format": ["type": "text"]],
            "tool_choice": body?["tool_choice"] ?? "auto",
            "tools": body?["tools"] ?? [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": usage,
            "user": nil,
            "metadata": body?["metadata"] ?? [:],
        ]
    }

    private func part(_ text: JSONValue) -> JSONValue {
        ["type": "output_text", "annotations": [], "logprobs": [], "text": text]
    }

    private func message(status: JSONValue, content: [JSONValue]) -> JSONValue {
        [
            "id": self.messageIdentifier, "type": "message", "status": status, "role": "assistant",
            "content": .array(content),
        ]
    }

    private func functionCall(_ call: ToolCall, status: JSONValue, arguments: JSONValue) -> JSONValue {
        [
            "id": self.callIdentifier, "type": "function_call", "status": status,
            "call_id": .string(self.facts.identifier("call_")), "name": .string(call.name),
            "arguments": arguments,
        ]
    }

    private func output(text: JSONValue) -> [JSONValue] {
        var output: [JSONValue] = []
        if self.text.count > 0 { output.append(self.message(status: "completed", content: [self.part(text)])) }
        if let call = self.call {
            output.append(self.functionCall(call, status: "completed", arguments: .string(call.arguments.text)))
        }
        return output
    }

    private var plain: AnswerScript {
        let output = self.output(text: PieceTemplate.contentMarker)
        let value = self.response(status: "completed", output: output, usage: self.usage.responses)
        return AnswerScript.json(headers: ProviderHeaders.openAI(self.facts), value, text: self.text)
            .reporting(self.usage.tokens)
    }

    // MARK: Stream

    private var stream: AnswerScript {
        var stream = StreamBuilder(self.options)
        let begun = self.response(status: "in_progress", output: [], usage: nil)
        stream.typed("response.created", ["response": begun])
        stream.typed("response.in_progress", ["response": begun])
        if self.text.count > 0 { self.addMessage(to: &stream) }
        if let call = self.call { self.add(call, to: &stream) }
        let output = self.output(text: .string(self.text.whole()))
        let done = self.response(status: "completed", output: output, usage: self.usage.responses)
        stream.typed("response.completed", ["response": done])
        stream.report(self.usage.tokens)
        let error = ErrorCatalogue.streamDefault(for: self.facts)
        return stream.script(
            headers: ProviderHeaders.openAI(self.facts),
            errorEvent: error.event(for: self.facts, format: self.options.format)
        )
    }

    private func addMessage(to stream: inout StreamBuilder) {
        let item: JSONValue = self.messageIdentifier
        let whole = JSONValue.string(self.text.whole())
        let place: JSONValue = ["item_id": item, "output_index": 0, "content_index": 0]
        stream.typed(
            "response.output_item.added",
            ["output_index": 0, "item": self.message(status: "in_progress", content: [])]
        )
        stream.typed("response.content_part.added", place.adding("part", self.part("")))
        stream.typed(
            "response.output_text.delta",
            place.adding("delta", PieceTemplate.contentMarker).adding("logprobs", []),
            text: self.text
        )
        stream.typed("response.output_text.done", place.adding("text", whole).adding("logprobs", []))
        stream.typed("response.content_part.done", place.adding("part", self.part(whole)))
        stream.typed(
            "response.output_item.done",
            ["output_index": 0, "item": self.message(status: "completed", content: [self.part(whole)])]
        )
    }

    private func add(_ call: ToolCall, to stream: inout StreamBuilder) {
        let index: JSONValue = self.text.count > 0 ? 1 : 0
        let arguments = JSONValue.string(call.arguments.text)
        let place: JSONValue = ["item_id": self.callIdentifier, "output_index": index]
        stream.typed(
            "response.output_item.added",
            ["output_index": index, "item": self.functionCall(call, status: "in_progress", arguments: "")]
        )
        stream.typed(
            "response.function_call_arguments.delta",
            place.adding("delta", PieceTemplate.contentMarker),
            text: .pieces(call.pieces)
        )
        stream.typed(
            "response.function_call_arguments.done",
            place.adding("name", .string(call.name)).adding("arguments", arguments)
        )
        stream.typed(
            "response.output_item.done",
            ["output_index": index, "item": self.functionCall(call, status: "completed", arguments: arguments)]
        )
    }
}

extension StreamBuilder {
    /// Appends an event of the Responses API: its type twice and its number in the stream.
    fileprivate mutating func typed(_ type: String, _ value: JSONValue) {
        self.event(Self.typed(type, value, sequence: .integer(self.sequence)), name: type)
    }

    /// Appends one such event for each piece of `text`.
    fileprivate mutating func typed(_ type: String, _ value: JSONValue, text: AnswerText) {
        self.events(Self.typed(type, value, sequence: PieceTemplate.sequenceMarker), name: type, text: text)
    }

    private static func typed(_ type: String, _ value: JSONValue, sequence: JSONValue) -> JSONValue {
        let start: [JSONValue.Member] = [
            .init(name: "type", value: .string(type)), .init(name: "sequence_number", value: sequence),
        ]
        return .object(start + (value.members ?? []))
    }
}
