/// What a provider told in the fields of Anthropic's Messages, whose classes do not overlap (provider facts, section 14).
///
/// Every field holds the last value that was told: the counters of `message_delta` are cumulative. Services that only
/// resemble Anthropic's may tell OpenAI's names instead; for each side, prompt and answer, those that were told last count.
struct AnthropicUsage: Sendable, Equatable {
    private var input: Int64?
    private var output: Int64?
    private var cacheRead: Int64?
    private var cacheCreation: Int64?
    private var cacheCreation5m: Int64?
    private var cacheCreation1h: Int64?
    private var fallback = OpenAIUsage()

    /// Takes what an object tells, and tells whether it told anything of the prompt and of the answer.
    mutating func take(_ reading: inout TokenReading) -> (input: Bool, output: Bool) {
        let input = reading.count("input_tokens")
        let output = reading.count("output_tokens")
        let read = reading.count("cache_read_input_tokens")
        let created = reading.count("cache_creation_input_tokens")
        self.cacheRead.take(read)
        self.cacheCreation.take(created)
        let split = reading.member("cache_creation")
        self.cacheCreation5m.take(reading.count(split?["ephemeral_5m_input_tokens"]))
        self.cacheCreation1h.take(reading.count(split?["ephemeral_1h_input_tokens"]))
        let other = self.fallback.take(&reading, isChatOnly: true)
        if input != nil || !other.input { self.input.take(input) } else { self.input = nil }
        if output != nil || !other.output { self.output.take(output) } else { self.output = nil }
        return (input != nil || read != nil || created != nil || other.input, output != nil || other.output)
    }

    /// The classes.
    var converted: ConvertedCounts {
        var result = ConvertedCounts()
        if self.input == nil, self.fallback.prompt != nil {
            self.fallback.addInput(to: &result)
        } else {
            result.counts.input = self.input ?? 0
            result.counts.cacheRead = self.cacheRead ?? 0
            if self.cacheCreation5m == nil, self.cacheCreation1h == nil {
                result.counts.cacheWrite5m = self.cacheCreation ?? 0
            } else {
                var (short, long) = (self.cacheCreation5m ?? 0, self.cacheCreation1h ?? 0)
                if let whole = self.cacheCreation, short + long != whole {
                    result.isInconsistent = true
                    // The split may be older than the sum: nothing that was written is to be lost.
                    short += max(0, whole - short - long)
                }
                (result.counts.cacheWrite5m, result.counts.cacheWrite1h) = (short, long)
            }
        }
        if self.output == nil, self.fallback.completion != nil {
            self.fallback.addOutput(to: &result)
        } else {
            result.counts.output = self.output ?? 0
        }
        return result
    }
}
