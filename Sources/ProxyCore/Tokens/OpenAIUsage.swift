/// What a provider told in OpenAI's fields, those of Chat Completions and those of Responses, with the ones that Moonshot
/// and DeepSeek add (provider facts, section 14).
///
/// Every field holds the last value that was told.
struct OpenAIUsage: Sendable, Equatable {
    /// All tokens of the prompt.
    private(set) var prompt: Int64?
    /// All tokens of the answer.
    private(set) var completion: Int64?
    private var cached: Int64?
    private var cacheWrite: Int64?
    private var inputAudio: Int64?
    private var inputImage: Int64?
    private var cachedAudio: Int64?
    private var cachedImage: Int64?
    private var reasoning: Int64?
    private var outputAudio: Int64?
    private var total: Int64?
    /// DeepSeek's parts of the prompt: from the cache, and at the full price.
    private var cacheHit: Int64?
    private var cacheMiss: Int64?

    /// Takes what an object tells.
    ///
    /// `isChatOnly` leaves out the names that Responses shares with Anthropic. Tells which sides were there.
    mutating func take(_ reading: inout TokenReading, isChatOnly: Bool = false) -> (input: Bool, output: Bool) {
        let input = reading.count("prompt_tokens") ?? (isChatOnly ? nil : reading.count("input_tokens"))
        let output = reading.count("completion_tokens") ?? (isChatOnly ? nil : reading.count("output_tokens"))
        self.prompt.take(input)
        self.completion.take(output)
        self.total.take(reading.count("total_tokens"))
        let hit = reading.count("prompt_cache_hit_tokens")
        let miss = reading.count("prompt_cache_miss_tokens")
        self.cacheHit.take(hit)
        self.cacheMiss.take(miss)

        let inputs = reading.member("prompt_tokens_details", "input_tokens_details", "input_token_details")
        self.cached.take(reading.count(inputs?["cached_tokens"]) ?? reading.count("cached_tokens"))
        self.cacheWrite.take(reading.count(inputs?["cache_write_tokens"]))
        self.inputAudio.take(reading.count(inputs?["audio_tokens"]))
        self.inputImage.take(reading.count(inputs?["image_tokens"]))
        self.cachedAudio.take(reading.count(inputs?["cached_tokens_details"]?["audio_tokens"]))
        self.cachedImage.take(reading.count(inputs?["cached_tokens_details"]?["image_tokens"]))

        let outputs = reading.member("completion_tokens_details", "output_tokens_details", "output_token_details")
        self.reasoning.take(reading.count(outputs?["reasoning_tokens"]))
        self.outputAudio.take(reading.count(outputs?["audio_tokens"]))
        return (input != nil || hit != nil || miss != nil, output != nil)
    }

    /// The classes of the prompt that do not overlap.
    func addInput(to result: inout ConvertedCounts) {
        var audio = result.rest(of: self.inputAudio ?? 0, without: self.cachedAudio ?? 0)
        var image = result.rest(of: self.inputImage ?? 0, without: self.cachedImage ?? 0)
        var cached = self.cacheHit ?? self.cached ?? 0
        let written = self.cacheWrite ?? 0
        if let prompt = self.prompt {
            // Where the provider does not tell what of the cached part is sound or pictures, no token is to count twice.
            let fresh = max(0, prompt - cached - written)
            if audio + image > fresh {
                result.isInconsistent = true
                audio = min(audio, fresh)
                image = min(image, fresh - audio)
            }
        }
        if let miss = self.cacheMiss {
            if let hit = self.cacheHit {
                if let prompt = self.prompt, hit + miss != prompt { result.isInconsistent = true }
            } else if self.cached == nil, let prompt = self.prompt {
                cached = result.rest(of: prompt, without: miss)
            }
            result.counts.input = result.rest(of: miss, without: audio, image)
        } else if let prompt = self.prompt {
            result.counts.input = result.rest(of: prompt, without: cached, written, audio, image)
        }
        result.counts.cacheRead = cached
        result.counts.cacheWrite5m = written
        result.counts.inputAudio = audio
        result.counts.inputImage = image
    }

    /// The classes of the answer that do not overlap; pictures stay with the text, as there is no class for them.
    func addOutput(to result: inout ConvertedCounts) {
        let (reasoning, audio) = (self.reasoning ?? 0, self.outputAudio ?? 0)
        if let completion = self.completion {
            result.counts.output =
                self.isReasoningApart
                ? result.rest(of: completion, without: audio)
                : result.rest(of: completion, without: reasoning, audio)
        }
        result.counts.reasoning = reasoning
        result.counts.outputAudio = audio
    }

    /// Whether reasoning stands beside the answer and not within it, as the sum shows where they differ.
    private var isReasoningApart: Bool {
        guard let total, let prompt, let completion, let reasoning, reasoning > 0 else { return false }
        return total == prompt + completion + reasoning
    }

    /// All classes.
    var converted: ConvertedCounts {
        var result = ConvertedCounts()
        self.addInput(to: &result)
        self.addOutput(to: &result)
        return result
    }
}
