/// Usage in the shapes of the OpenAI dialect and its relatives.
struct OpenAIUsage: Sendable, Equatable {
    /// Tokens of the input, cached ones included.
    let input: Int
    /// Tokens of the input that came from a cache.
    let cached: Int
    /// Tokens of the output, reasoning included.
    let output: Int
    /// Tokens of reasoning.
    let reasoning: Int

    /// In classes that do not overlap.
    var tokens: ReportedTokens {
        ReportedTokens(
            input: self.input - self.cached, cacheRead: self.cached, output: self.output - self.reasoning,
            reasoning: self.reasoning)
    }

    /// As chat and legacy completions report it.
    func chat(_ flavour: Flavour) -> JSONValue {
        var usage: JSONValue = [
            "prompt_tokens": .integer(self.input),
            "completion_tokens": .integer(self.output),
            "total_tokens": .integer(self.input + self.output),
        ]
        if flavour == .moonshot { usage = usage.adding("cached_tokens", .integer(self.cached)) }
        usage =
            usage
            .adding("prompt_tokens_details", ["cached_tokens": .integer(self.cached), "audio_tokens": 0])
            .adding(
                "completion_tokens_details",
                [
                    "reasoning_tokens": .integer(self.reasoning), "audio_tokens": 0,
                    "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
                ]
            )
        switch flavour {
        case .deepSeek:
            return
                usage
                .adding("prompt_cache_hit_tokens", .integer(self.cached))
                .adding("prompt_cache_miss_tokens", .integer(self.input - self.cached))
        case .openRouter:
            return usage.adding("cost", 0.00042)
                .adding("cost_details", ["upstream_inference_cost": 0.0004])
        case .openAI, .moonshot:
            return usage
        }
    }

    /// As the Responses API reports it.
    var responses: JSONValue {
        [
            "input_tokens": .integer(self.input),
            "input_tokens_details": ["cached_tokens": .integer(self.cached)],
            "output_tokens": .integer(self.output),
            "output_tokens_details": ["reasoning_tokens": .integer(self.reasoning)],
            "total_tokens": .integer(self.input + self.output),
        ]
    }
}
