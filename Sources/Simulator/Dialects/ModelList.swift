/// Answers of `GET /models` and `GET /models/{id}` in each dialect.
struct ModelList: Sendable, Equatable {
    /// Names that the simulator lists when no scenario lists others.
    static let usual = [
        "gpt-sim", "gpt-sim-mini", "text-embedding-sim", "kimi-for-coding", "kimi-for-coding-highspeed", "k3",
        "moonshot-sim", "claude-sim", "deepseek-sim", "sim-events-2000",
    ]

    /// The names, in their order.
    let names: [String]

    /// The answer with all models.
    func all(_ facts: RequestFacts) -> AnswerScript {
        let data = self.names.map { Self.model($0, facts) }
        if facts.dialect == .anthropic {
            return .json(
                headers: ProviderHeaders.anthropic(facts),
                [
                    "data": .array(data), "has_more": false,
                    "first_id": self.names.first.map(JSONValue.string) ?? nil,
                    "last_id": self.names.last.map(JSONValue.string) ?? nil,
                ]
            )
        }
        return .json(headers: ProviderHeaders.openAI(facts), ["object": "list", "data": .array(data)])
    }

    /// The answer with one model.
    func one(_ name: String, _ facts: RequestFacts) -> AnswerScript {
        guard self.names.contains(name) else { return RequestCheck.unknownModel(name, facts).script(for: facts) }
        let headers =
            facts.dialect == .anthropic ? ProviderHeaders.anthropic(facts) : ProviderHeaders.openAI(facts)
        return .json(headers: headers, Self.model(name, facts))
    }

    private static func model(_ name: String, _ facts: RequestFacts) -> JSONValue {
        if facts.dialect == .anthropic {
            return [
                "type": "model", "id": .string(name), "display_name": .string(name),
                "created_at": "2025-10-09T08:53:20Z",
            ]
        }
        let model: JSONValue = [
            "id": .string(name), "object": "model", "created": .integer(OpenAIChat.created), "owned_by": "simulator",
        ]
        guard Flavour(model: name, target: facts.target) == .moonshot else { return model }
        return model.adding("context_length", 262_144).adding("display_name", .string(name))
            .adding("supports_reasoning", true).adding("supports_image_in", false)
    }
}
