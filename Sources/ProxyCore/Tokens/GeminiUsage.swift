/// What `usageMetadata` of Gemini's native methods told (provider facts, section 14).
///
/// Every field holds the last value that was told: the object stands in every event of a stream.
struct GeminiUsage: Sendable, Equatable {
    private var prompt: Int64?
    private var cached: Int64?
    private var toolUse: Int64?
    private var candidates: Int64?
    private var thoughts: Int64?
    private var promptAudio: Int64?
    private var promptImage: Int64?
    private var cachedAudio: Int64?
    private var cachedImage: Int64?
    private var candidatesAudio: Int64?

    /// Takes what an object tells, and tells whether it told anything.
    mutating func take(_ reading: inout TokenReading) -> Bool {
        let prompt = reading.count("promptTokenCount")
        let candidates = reading.count("candidatesTokenCount")
        let thoughts = reading.count("thoughtsTokenCount")
        self.prompt.take(prompt)
        self.candidates.take(candidates)
        self.thoughts.take(thoughts)
        self.cached.take(reading.count("cachedContentTokenCount"))
        self.toolUse.take(reading.count("toolUsePromptTokenCount"))
        self.promptAudio.take(Self.sum("AUDIO", in: "promptTokensDetails", &reading))
        self.promptImage.take(Self.sum("IMAGE", in: "promptTokensDetails", &reading))
        self.cachedAudio.take(Self.sum("AUDIO", in: "cacheTokensDetails", &reading))
        self.cachedImage.take(Self.sum("IMAGE", in: "cacheTokensDetails", &reading))
        self.candidatesAudio.take(Self.sum("AUDIO", in: "candidatesTokensDetails", &reading))
        return prompt != nil || candidates != nil || thoughts != nil
    }

    /// The tokens of one kind that a list of kinds tells of; `nil` if there is no list.
    private static func sum(_ modality: String, in name: String, _ reading: inout TokenReading) -> Int64? {
        guard case .array(let elements) = reading.object[name] else { return nil }
        var sum: Int64 = 0
        for element in elements where element["modality"]?.text == modality {
            sum += reading.count(element["tokenCount"]) ?? 0
        }
        return sum
    }

    /// The classes; pictures of the answer stay with its text, as there is no class for them.
    var converted: ConvertedCounts {
        var result = ConvertedCounts()
        let audio = result.rest(of: self.promptAudio ?? 0, without: self.cachedAudio ?? 0)
        let image = result.rest(of: self.promptImage ?? 0, without: self.cachedImage ?? 0)
        let cached = self.cached ?? 0
        if let prompt = self.prompt {
            result.counts.input = result.rest(of: prompt, without: cached, audio, image)
        }
        result.counts.input += self.toolUse ?? 0
        result.counts.inputAudio = audio
        result.counts.inputImage = image
        result.counts.cacheRead = cached
        let spoken = self.candidatesAudio ?? 0
        if let candidates = self.candidates {
            result.counts.output = result.rest(of: candidates, without: spoken)
        }
        result.counts.outputAudio = spoken
        result.counts.reasoning = self.thoughts ?? 0
        return result
    }
}
