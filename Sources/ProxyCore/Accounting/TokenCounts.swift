/// Tokens in classes that do not overlap, so that they sum to the bill whatever the provider counts twice (provider facts,
/// section 14.2).
public struct TokenCounts: Sendable, Hashable {
    /// Tokens of the prompt that are none of the following.
    public var input: Int64 = 0
    /// Tokens of the prompt that stand for sound.
    public var inputAudio: Int64 = 0
    /// Tokens of the prompt that stand for pictures, where the provider tells them apart.
    public var inputImage: Int64 = 0
    /// Tokens of the prompt that came from the provider's cache.
    public var cacheRead: Int64 = 0
    /// Tokens of the prompt that were put into the cache for five minutes, or for a time that the provider does not tell.
    public var cacheWrite5m: Int64 = 0
    /// Tokens of the prompt that were put into the cache for an hour.
    public var cacheWrite1h: Int64 = 0
    /// Tokens of the answer that are none of the following.
    public var output: Int64 = 0
    /// Tokens of reasoning.
    public var reasoning: Int64 = 0
    /// Tokens of the answer that stand for sound.
    public var outputAudio: Int64 = 0

    /// No tokens.
    public init() {}

    /// All tokens of the prompt.
    public var prompt: Int64 {
        [self.input, self.inputAudio, self.inputImage, self.cacheRead, self.cacheWrite5m, self.cacheWrite1h]
            .reduce(0, Self.sum)
    }

    /// Whether there is none.
    public var isZero: Bool { self == TokenCounts() }

    /// The classes that metrics and the control surface tell of.
    public enum Class: String, Sendable, CaseIterable {
        /// Prompt: text, sound and pictures.
        case input
        /// Prompt, from a cache.
        case cacheRead = "cache_read"
        /// Prompt, into a cache, for whatever time.
        case cacheWrite = "cache_write"
        /// Answer: text and sound.
        case output
        /// Reasoning.
        case reasoning
    }

    /// The tokens of a class.
    public subscript(class: Class) -> Int64 {
        switch `class` {
        case .input: Self.sum(Self.sum(self.input, self.inputAudio), self.inputImage)
        case .cacheRead: self.cacheRead
        case .cacheWrite: Self.sum(self.cacheWrite5m, self.cacheWrite1h)
        case .output: Self.sum(self.output, self.outputAudio)
        case .reasoning: self.reasoning
        }
    }

    /// Adds others; what does not fit stays at the largest number.
    public mutating func add(_ other: TokenCounts) {
        self.input = Self.sum(self.input, other.input)
        self.inputAudio = Self.sum(self.inputAudio, other.inputAudio)
        self.inputImage = Self.sum(self.inputImage, other.inputImage)
        self.cacheRead = Self.sum(self.cacheRead, other.cacheRead)
        self.cacheWrite5m = Self.sum(self.cacheWrite5m, other.cacheWrite5m)
        self.cacheWrite1h = Self.sum(self.cacheWrite1h, other.cacheWrite1h)
        self.output = Self.sum(self.output, other.output)
        self.reasoning = Self.sum(self.reasoning, other.reasoning)
        self.outputAudio = Self.sum(self.outputAudio, other.outputAudio)
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
