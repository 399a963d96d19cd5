/// One row of the table that says what the errors of providers mean.
///
/// The first row that fits decides.
struct BuiltInRule: Sendable {
    /// What the header fields of an answer say.
    enum HeaderCondition: Sendable {
        /// A window of Anthropic's plans is used up.
        case planWindowUsedUp
    }

    /// What the log calls the rule.
    var name: String
    /// The kinds of providers that it is about; empty is all.
    var kinds: [ProviderKind] = []
    /// The statuses that it is about; empty is all.
    ///
    /// Errors inside a stream have none and fit any.
    var statuses: [Int] = []
    /// Types, codes, status names or reasons in lower case, one of which the body has to name; empty is any.
    var names: [String] = []
    /// Phrases one of which the message has to hold; empty is any.
    var texts: [TextPattern] = []
    /// What the header fields have to say; `nil` is anything.
    var header: HeaderCondition?
    /// The class.
    var errorClass: ErrorClass
    /// What it says something about; `nil` is what the class usually does.
    var blame: AnswerClassification.Blame?
    /// Whether the same words also mean a limit of one key.
    var isAmbiguous = false

    func matches(_ answer: FailedAnswer) -> Bool {
        guard self.kinds.isEmpty || self.kinds.contains(answer.kind) else { return false }
        if let status = answer.status, !self.statuses.isEmpty, !self.statuses.contains(status) { return false }
        guard self.names.isEmpty || self.names.contains(where: answer.names.contains) else { return false }
        guard self.texts.isEmpty || self.texts.contains(where: { $0.occurs(in: answer.message) }) else { return false }
        switch self.header {
        case .planWindowUsedUp: return AnthropicPlanWindows(answer.headers)?.usedUp != nil
        case nil: return true
        }
    }

    /// The rows in their order: what one kind says with words of its own, then the words that several share, then what only
    /// the text tells.
    static let table =
        Self.kimi + Self.moonshot + Self.anthropic + Self.gemini + Self.deepSeek + Self.openRouter + Self.local
        + Self.openAI + Self.shared + Self.sharedTexts + Self.openRouterCodes
}
