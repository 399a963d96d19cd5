/// What the last object of Ollama's native answers told (provider facts, section 14).
struct OllamaUsage: Sendable, Equatable {
    private var prompt: Int64?
    private var answer: Int64?

    /// Takes a count; `nil` leaves the former.
    mutating func take(_ count: Int64?, isPrompt: Bool) {
        if isPrompt { self.prompt.take(count) } else { self.answer.take(count) }
    }

    /// The classes.
    var converted: ConvertedCounts {
        var result = ConvertedCounts()
        result.counts.input = self.prompt ?? 0
        result.counts.output = self.answer ?? 0
        return result
    }
}
