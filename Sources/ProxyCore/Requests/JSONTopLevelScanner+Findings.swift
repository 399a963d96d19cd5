extension JSONTopLevelScanner {
    /// The members that are looked for.
    public enum Name: Int, CaseIterable, Sendable {
        /// The member `model`.
        case model
        /// The member `stream`.
        case stream
        /// The member `stream_options`.
        case streamOptions
        /// The member `include_usage` of `stream_options`.
        case includeUsage
        /// The member `prompt_cache_key`.
        case promptCacheKey
        /// The member `metadata`.
        case metadata
        /// The member `user_id` of `metadata`.
        case userID
        /// The member `previous_response_id`.
        case previousResponseID
        /// The member `conversation`.
        case conversation
        /// The member `id` of `conversation`.
        case conversationID

        /// The name of a member of the top-level object; `nil` for one that is not looked for.
        init?(_ name: [UInt8]) {
            switch name.count {
            case 5 where name.spells("model"): self = .model
            case 6 where name.spells("stream"): self = .stream
            case 8 where name.spells("metadata"): self = .metadata
            case 12 where name.spells("conversation"): self = .conversation
            case 14 where name.spells("stream_options"): self = .streamOptions
            case 16 where name.spells("prompt_cache_key"): self = .promptCacheKey
            case 20 where name.spells("previous_response_id"): self = .previousResponseID
            default: return nil
            }
        }

        /// The member that is looked for in the value of this one, if that is an object.
        var inner: (name: Name, text: StaticString)? {
            switch self {
            case .streamOptions: (.includeUsage, "include_usage")
            case .metadata: (.userID, "user_id")
            case .conversation: (.conversationID, "id")
            default: nil
            }
        }

        /// Whether the value is a string that has to be kept.
        var isKept: Bool {
            switch self {
            case .model, .promptCacheKey, .userID, .previousResponseID, .conversation, .conversationID: true
            case .stream, .streamOptions, .includeUsage, .metadata: false
            }
        }
    }

    /// What kind of value a member has.
    public enum Kind: Sendable, Equatable {
        /// A string; its text if it was kept and is no longer than the bound.
        case string(String?)
        /// A number.
        case number
        /// The literal `true` or `false`.
        case bool(Bool)
        /// The literal `null`.
        case null
        /// An object.
        case object
        /// An array.
        case array
    }

    /// One member that was found.
    public struct Member: Sendable, Equatable {
        /// The value.
        public var kind: Kind
        /// Where the value stands in the text, quotes or brackets included.
        public var range: Range<Int64>
        /// How often the name occurs, escapes in names decoded; kind and range are those of the last one.
        public var occurrences: Int

        /// Describes a member.
        public init(kind: Kind, range: Range<Int64>, occurrences: Int) {
            self.kind = kind
            self.range = range
            self.occurrences = occurrences
        }
    }

    /// Why a text is no JSON.
    public struct Fault: Error, Sendable, Equatable {
        /// What is wrong.
        public enum Reason: String, Sendable {
            /// A byte that cannot stand there.
            case unexpectedByte = "unexpected_byte"
            /// A control character in a string.
            case controlCharacter = "control_character"
            /// An escape that does not exist.
            case badEscape = "bad_escape"
            /// Bytes in a string that are not UTF-8.
            case badUTF8 = "bad_utf8"
            /// More nesting than allowed.
            case tooDeep = "too_deep"
            /// The text ends too early.
            case incomplete
        }

        /// What is wrong.
        public var reason: Reason
        /// The offset of the byte that shows it.
        public var offset: Int64

        /// Describes a fault.
        public init(reason: Reason, offset: Int64) {
            self.reason = reason
            self.offset = offset
        }
    }
}
