/// Reads usage, model and service tier from the bytes of an answer, in constant memory, whatever the pieces (provider facts,
/// section 14).
///
/// It is fed a plain body, or the data of the events of a stream one after another. There is one accumulator for each wire
/// format; counters are cumulative everywhere, so that the last value of each is taken and none is added. A usage object
/// without a field that is known is unknown, never zero.
public struct UsageMeter: Sendable {
    /// The format of the usage object that came last.
    private enum Format: Sendable {
        case openAI
        case anthropic
        case gemini
        case ollama
    }

    private let dialect: Dialect
    private var scanner = UsageScanner()

    private var openAI = OpenAIUsage()
    private var anthropic = AnthropicUsage()
    private var gemini = GeminiUsage()
    private var ollama = OllamaUsage()
    /// `nil` as long as no usage is known.
    private var format: Format?
    private var isDoubtful = false
    private var cost: Int64?
    private var model: ModelName?
    private var serviceTier: String?

    /// Whether usage was told in the root object that was not closed yet.
    private var isToldHere = false
    /// Whether only the beginning of Anthropic's usage was told, that of `message_start`.
    private var isBeginning = false
    /// Whether text stood in the object that told usage last, and whether some came behind that.
    private var hasTextBeside = false
    private var hasTextBehind = false
    /// How long the text of the answer is so far, in bytes.
    private var textLength: Int64 = 0

    private var objects = 0
    private var lastFacts = UsageScanner.Facts()
    /// Whether the event that is being read told anything but how long its text is.
    private(set) var hasFindings = false
    /// What the event told that a pattern was made of, without the text in its gaps.
    private var patternFacts = UsageScanner.Facts()

    /// Whether the event that ended last is a chunk of an OpenAI chat or completions stream that has an empty array of
    /// choices and a usage object: what only those get who ask for usage.
    public private(set) var isBareUsage = false

    /// Makes a meter for the answer to a request of this dialect.
    ///
    /// Fields tell the providers of OpenAI's dialect apart.
    public init(dialect: Dialect) {
        self.dialect = dialect
    }

    /// How many bytes are kept between two pieces at most, for tests.
    var keptCapacity: Int { self.scanner.keptCapacity }

    /// Reads bytes of a plain body, or of the data of one event of a stream, in pieces of any size.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while let finding = self.scanner.next(in: bytes, from: &index) { self.take(finding) }
    }

    /// Ends an event: what comes next is the data of another one.
    ///
    /// Also to be called for data that is no JSON, such as `[DONE]`.
    public mutating func endEvent() {
        let isWhole = self.scanner.isAtRest
        if let facts = self.scanner.finish() { self.end(facts) }
        self.isBareUsage =
            isWhole && self.objects == 1 && !self.lastFacts.isElement && self.lastFacts.choices == .empty
            && self.lastFacts.hasUsage
        self.objects = 0
        self.lastFacts = UsageScanner.Facts()
        self.hasFindings = false
    }

    /// Reads the data of one event that comes whole, and makes a pattern of it; `nil` if it told more than how long its text
    /// is.
    ///
    /// ``endEvent()`` ends it. `event` is all of it, as it came.
    mutating func feedForPattern(_ data: [UInt8], of event: UnsafeRawBufferPointer) -> EventPattern? {
        self.scanner.notesGaps = true
        defer { self.scanner.notesGaps = false }
        data.withUnsafeBytes { self.feed($0) }
        guard self.scanner.isAtRest, !self.hasFindings, self.objects == 1, !self.lastFacts.hasUsage,
            let pattern = EventPattern(event: event, data: data, gaps: self.scanner.gaps)
        else { return nil }
        self.patternFacts = self.lastFacts
        self.patternFacts.textLength -= self.scanner.gapTextLength
        return pattern
    }

    /// Counts an event that has the form of the one that a pattern was made of last.
    ///
    /// Nothing but text may have been told since.
    mutating func countRepeated(textLength: Int64) {
        var facts = self.patternFacts
        facts.textLength += textLength
        self.end(facts)
        self.endEvent()
    }

    /// What the answer said so far of the tokens that it took; `nil` if nothing is known and nothing passed to guess from.
    ///
    /// `isStream` says that the answer is a stream of events: then tokens are guessed from its text if it told none.
    /// `isComplete` says that the answer came to its end. An event that has not ended is taken as far as it came.
    public func usage(isStream: Bool, isComplete: Bool) -> TokenUsage? {
        var ended = self
        ended.endEvent()
        return ended.summary(isStream: isStream, isComplete: isComplete)
    }

    // MARK: Findings

    private mutating func take(_ finding: UsageScanner.Finding) {
        if case .end = finding {} else { self.hasFindings = true }
        switch finding {
        case .usage(let object, let place, let isMetadata): self.take(object, in: place, isMetadata: isMetadata)
        case .count(let text, let isPrompt):
            let (count, isDoubtful) = TokenReading.count(text)
            if isDoubtful { self.isDoubtful = true }
            self.ollama.take(count, isPrompt: isPrompt)
            if count != nil { self.tell(.ollama) }
        case .model(let text): if let model = ModelName(text) { self.model = model }
        case .serviceTier(let text): self.takeServiceTier(text)
        case .end(let facts): self.end(facts)
        }
    }

    private mutating func take(_ object: JSONValue, in place: UsageScanner.Place, isMetadata: Bool) {
        var reading = TokenReading(object)
        if isMetadata {
            if self.gemini.take(&reading) { self.tell(.gemini) }
        } else if self.dialect == .anthropic || place == .message || self.isBeginning {
            let told = self.anthropic.take(&reading)
            if told.input || told.output { self.tell(.anthropic) }
            // What `message_start` says of the answer is only its first tokens.
            if place == .message {
                self.isBeginning = true
            } else if told.output {
                self.isBeginning = false
            }
        } else {
            let told = self.openAI.take(&reading)
            if told.input || told.output { self.tell(.openAI) }
        }
        if reading.isDoubtful { self.isDoubtful = true }
        if let cost = reading.cost { self.cost = cost }
        if let tier = reading.serviceTier { self.takeServiceTier(tier) }
    }

    private mutating func takeServiceTier(_ text: String) {
        if IdentityText.isVisibleASCII(text, maximum: 64) { self.serviceTier = text }
    }

    private mutating func tell(_ format: Format) {
        self.format = format
        self.isToldHere = true
    }

    private mutating func end(_ facts: UsageScanner.Facts) {
        let hasText = facts.newTextLength > 0
        if self.isToldHere {
            (self.hasTextBeside, self.hasTextBehind) = (hasText, false)
            self.isToldHere = false
        } else if hasText {
            self.hasTextBehind = true
        }
        self.textLength += facts.newTextLength
        self.objects += 1
        self.lastFacts = facts
    }

    // MARK: Summary

    private func summary(isStream: Bool, isComplete: Bool) -> TokenUsage? {
        var usage = TokenUsage()
        usage.isInconsistent = self.isDoubtful
        if let converted = self.converted {
            usage.counts = converted.counts
            usage.quality = self.isFinal(isStream: isStream, isComplete: isComplete) ? .reported : .partial
            if converted.isInconsistent { usage.isInconsistent = true }
        }
        // Zero for a text that passed is no count; that of a beginning is none yet.
        if isStream, self.textLength > 0, usage.quality != .partial || usage.counts.isZero,
            usage.counts[.output] + usage.counts[.reasoning] == 0
        {
            if usage.quality != .none { usage.isInconsistent = true }
            usage.counts.output = (self.textLength + 3) / 4
            usage.quality = .estimated
        }
        usage.model = self.model
        usage.serviceTier = self.serviceTier
        usage.reportedCost = self.cost
        return usage == TokenUsage() ? nil : usage
    }

    private var converted: ConvertedCounts? {
        switch self.format {
        case .openAI: self.openAI.converted
        case .anthropic: self.anthropic.converted
        case .gemini: self.gemini.converted
        case .ollama: self.ollama.converted
        case nil: nil
        }
    }

    /// Whether what was told last holds for the whole answer.
    private func isFinal(isStream: Bool, isComplete: Bool) -> Bool {
        guard !self.hasTextBehind, !self.isBeginning || self.format != .anthropic else { return false }
        guard !isComplete else { return true }
        // Gemini tells usage in every event, and so do some with OpenAI's fields beside each piece of text: the last one
        // of an answer that was cut need not be the last word.
        return self.format != .gemini && !(isStream && self.hasTextBeside)
    }
}
