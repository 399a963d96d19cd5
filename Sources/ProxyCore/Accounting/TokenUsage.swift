/// What an answer said of the tokens that it took.
public struct TokenUsage: Sendable, Equatable {
    /// How far the counts can be trusted.
    public enum Quality: String, Sendable, CaseIterable {
        /// The provider told them, and the answer came to its end.
        case reported
        /// The provider told them, but the answer was cut before its last word.
        case partial
        /// The provider told nothing: they are guessed from the text that passed.
        case estimated
        /// Nothing is known.
        case none
    }

    /// The counts.
    public var counts: TokenCounts
    /// How far they can be trusted.
    public var quality: Quality
    /// Whether what the provider told contradicts itself, such as more cached tokens than tokens.
    public var isInconsistent = false
    /// What the provider says that the answer cost, in pico-dollars; `nil` where it does not say.
    public var reportedCost: Int64?
    /// The model that answered, as the provider names it in the answer; `nil` where it does not.
    public var model: ModelName?
    /// The service tier that answered, such as `priority`, `flex` or `batch`; `nil` where it is not told.
    public var serviceTier: String?

    /// Makes usage.
    public init(_ counts: TokenCounts = TokenCounts(), quality: Quality = .none) {
        self.counts = counts
        self.quality = quality
    }
}
