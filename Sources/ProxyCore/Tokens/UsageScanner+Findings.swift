extension UsageScanner {
    /// Something that was found.
    enum Finding: Sendable, Equatable {
        /// A usage object, where it stands, and whether it is Gemini's `usageMetadata`.
        case usage(JSONValue, in: Place, isMetadata: Bool)
        /// `prompt_eval_count` or `eval_count` of Ollama, as it is spelled.
        case count(String, isPrompt: Bool)
        /// A model that was not the last one found.
        case model(String)
        /// A service tier that was not the last one found.
        case serviceTier(String)
        /// A root object has ended.
        case end(Facts)
    }

    /// What a root object tells of itself.
    struct Facts: Sendable, Equatable {
        /// What is in the member `choices`.
        enum Choices: UInt8, Sendable {
            /// There is none.
            case missing
            /// An empty array.
            case empty
            /// Anything else.
            case filled
        }

        /// Whether it is an element of an array, not the text itself.
        var isElement = false
        /// What its `type` says.
        var kind = Kind.other
        /// What is in its member `choices`.
        var choices = Choices.missing
        /// Whether its member `usage` is an object.
        var hasUsage = false
        /// How long the text of the answer in it is, in bytes of UTF-8.
        var textLength: Int64 = 0

        /// How long the text is that no other event says again.
        var newTextLength: Int64 { self.kind == .repetition ? 0 : self.textLength }
    }

    /// What the `type` of a root object says.
    enum Kind: UInt8, Sendable {
        /// Nothing of interest.
        case other
        /// It is an event of Responses, or of the endpoints that are like it, other than one with a piece of text: what
        /// it says was said before, or is said again.
        case repetition

        /// Tells the kind by the type, such as `response.output_text.done`.
        init(_ type: UnsafeRawBufferPointer) {
            let isPiece = type.count >= 6 && UnsafeRawBufferPointer(rebasing: type.suffix(6)).spells(".delta")
            self = type.contains(0x2E) && !isPiece ? .repetition : .other
        }
    }

    /// What the array or object is in which the text stands.
    enum Place: UInt8, Sendable {
        /// The object at the top.
        case root
        /// Its members `response`, `message` and `x_groq`.
        case response
        case message
        case groq
        /// Its member `choices`, and an element of that.
        case choices
        case choice
        /// Anything else.
        case elsewhere

        /// The place that a member of the root object is.
        init(of name: Name, isObject: Bool) {
            switch (name, isObject) {
            case (.response, true): self = .response
            case (.message, true): self = .message
            case (.groq, true): self = .groq
            case (.choices, false): self = .choices
            default: self = .elsewhere
            }
        }

        /// Whether the member of this name is a usage object.
        func holdsUsage(_ name: Name) -> Bool {
            switch (name, self) {
            case (.usage, .root), (.usage, .response), (.usage, .message), (.usage, .groq), (.usage, .choice): true
            case (.usageMetadata, .root), (.usageMetadata, .response): true
            default: false
            }
        }
    }

    /// The names that are looked for.
    enum Name: UInt8, Sendable {
        case other
        case usage
        case usageMetadata
        case response
        case message
        case choices
        case groq
        case model
        case serviceTier
        case type
        case promptEvalCount
        case evalCount
        /// Whatever holds text of the answer.
        case text
        case delta
        /// OpenRouter's reasoning in parts, which `reasoning` next to it holds too.
        case reasoningDetails

        /// Tells a name.
        init(_ name: UnsafeRawBufferPointer) {
            self = .other
            switch name.count {
            case 4:
                if name.spells("text") { self = .text } else if name.spells("type") { self = .type }
            case 5:
                if name.spells("delta") {
                    self = .delta
                } else if name.spells("usage") {
                    self = .usage
                } else if name.spells("model") {
                    self = .model
                }
            case 6: if name.spells("x_groq") { self = .groq }
            case 7:
                if name.spells("content") || name.spells("refusal") {
                    self = .text
                } else if name.spells("choices") {
                    self = .choices
                } else if name.spells("message") {
                    self = .message
                }
            case 8:
                if name.spells("response") { self = .response } else if name.spells("thinking") { self = .text }
            case 9: if name.spells("reasoning") || name.spells("arguments") { self = .text }
            case 10: if name.spells("eval_count") { self = .evalCount }
            case 12:
                if name.spells("service_tier") {
                    self = .serviceTier
                } else if name.spells("partial_json") {
                    self = .text
                } else if name.spells("modelVersion") {
                    self = .model
                }
            case 13: if name.spells("usageMetadata") { self = .usageMetadata }
            case 17:
                if name.spells("reasoning_content") {
                    self = .text
                } else if name.spells("reasoning_details") {
                    self = .reasoningDetails
                } else if name.spells("prompt_eval_count") {
                    self = .promptEvalCount
                }
            default: break
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are those of a text.
    @inline(__always)
    fileprivate func spells(_ text: StaticString) -> Bool {
        guard self.count == text.utf8CodeUnitCount else { return false }
        let start = text.utf8Start
        for index in 0..<self.count where self[index] != start[index] { return false }
        return true
    }
}
