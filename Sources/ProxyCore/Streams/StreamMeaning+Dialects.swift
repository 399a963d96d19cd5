extension StreamMeaning {
    /// Tells what the object of an event means that is no error.
    init(of root: JSONValue) {
        if case .array(let choices) = root["choices"] {
            self = Self.strongest(choices.map(Self.ofChoice))
        } else if let type = root["type"]?.text {
            self = type.hasPrefix("response.") ? Self.ofResponses(type, root) : Self.ofMessages(type, root)
        } else if ["candidates", "promptFeedback", "usageMetadata"].contains(where: { root[$0] != nil }) {
            self = Self.ofGemini(root)
        } else {
            self = .content
        }
    }

    /// What several parts mean together.
    private static func strongest(_ parts: [StreamMeaning]) -> StreamMeaning {
        parts.first { $0 == .content } ?? parts.first { $0 == .end } ?? .preamble
    }

    /// Whether a value has a member that says something, apart from some that do not.
    private static func says(_ value: JSONValue?, except names: Set<String> = []) -> Bool {
        guard case .object(let members) = value else { return !(value?.isEmpty ?? true) }
        return members.contains { !names.contains($0.name) && !$0.value.isEmpty }
    }

    // MARK: OpenAI chat completions and completions, and those that follow them

    private static func ofChoice(_ choice: JSONValue) -> StreamMeaning {
        if self.says(choice["delta"], except: ["role"]) || self.says(choice["text"])
            || self.says(choice["message"], except: ["role"])
        {
            return .content
        }
        return self.says(choice["finish_reason"]) ? .end : .preamble
    }

    // MARK: OpenAI Responses

    private static func ofResponses(_ type: String, _ root: JSONValue) -> StreamMeaning {
        switch type {
        case "response.created", "response.queued", "response.in_progress": return .preamble
        case "response.completed", "response.incomplete": return .end
        case "response.output_item.added":
            guard let item = root["item"], ["message", "reasoning"].contains(item["type"]?.text) else {
                return .content
            }
            return self.says(item, except: ["type", "id", "status", "role", "phase"]) ? .content : .preamble
        case "response.content_part.added", "response.reasoning_summary_part.added":
            return self.says(root["part"], except: ["type"]) ? .content : .preamble
        default:
            return type.hasSuffix(".delta") && !self.says(root["delta"]) ? .preamble : .content
        }
    }

    // MARK: Anthropic Messages

    private static func ofMessages(_ type: String, _ root: JSONValue) -> StreamMeaning {
        switch type {
        case "ping", "keepalive": return .keepAlive
        case "message_start": return self.says(root["message"]?["content"]) ? .content : .preamble
        case "content_block_start":
            guard let block = root["content_block"], ["text", "thinking"].contains(block["type"]?.text) else {
                return .content
            }
            return self.says(block, except: ["type"]) ? .content : .preamble
        case "content_block_delta": return self.says(root["delta"], except: ["type"]) ? .content : .preamble
        case "content_block_stop": return .preamble
        case "message_delta": return self.says(root["delta"]?["stop_reason"]) ? .end : .preamble
        case "message_stop": return .end
        default: return .content
        }
    }

    // MARK: Gemini

    private static func ofGemini(_ root: JSONValue) -> StreamMeaning {
        if self.says(root["promptFeedback"]?["blockReason"]) { return .end }
        return self.strongest(
            (root["candidates"]?.elements ?? []).map { candidate in
                let parts = candidate["content"]?["parts"]?.elements ?? []
                if parts.contains(where: { self.says($0, except: ["thought"]) }) { return .content }
                let reason = candidate["finishReason"]
                return self.says(reason) && reason?.text != "FINISH_REASON_UNSPECIFIED" ? .end : .preamble
            })
    }
}

extension JSONValue {
    /// Whether the value says nothing: `null`, `false`, or without any letter, element or member.
    var isEmpty: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .number: false
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        }
    }
}
