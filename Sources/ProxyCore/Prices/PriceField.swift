/// A kind of token that has a price of its own, by the name of its field in a price table.
public enum PriceClass: String, Sendable, CaseIterable {
    /// Of the prompt.
    case input = "input_cost_per_token"
    /// Of the answer.
    case output = "output_cost_per_token"
    /// Of the prompt, from the provider's cache.
    case cacheRead = "cache_read_input_token_cost"
    /// Of the prompt, into the cache for five minutes.
    case cacheWrite5m = "cache_creation_input_token_cost"
    /// Of the prompt, into the cache for an hour.
    ///
    /// The name has the form of a threshold, but means the time.
    case cacheWrite1h = "cache_creation_input_token_cost_above_1hr"
    /// Of reasoning.
    case reasoning = "output_cost_per_reasoning_token"
    /// Of the prompt, for sound.
    case inputAudio = "input_cost_per_audio_token"
    /// Of the answer, for sound.
    case outputAudio = "output_cost_per_audio_token"
    /// Of the prompt, for pictures.
    case inputImage = "input_cost_per_image_token"

    /// Whose price holds where this kind has none; `nil` for the two that all others come down to.
    var main: PriceClass? {
        switch self {
        case .input, .output: nil
        case .cacheRead, .cacheWrite5m, .inputAudio, .inputImage: .input
        case .cacheWrite1h: .cacheWrite5m
        case .reasoning, .outputAudio: .output
        }
    }

    /// The tokens of this kind.
    func tokens(_ counts: TokenCounts) -> Int64 {
        switch self {
        case .input: counts.input
        case .output: counts.output
        case .cacheRead: counts.cacheRead
        case .cacheWrite5m: counts.cacheWrite5m
        case .cacheWrite1h: counts.cacheWrite1h
        case .reasoning: counts.reasoning
        case .inputAudio: counts.inputAudio
        case .outputAudio: counts.outputAudio
        case .inputImage: counts.inputImage
        }
    }
}

/// A tier of service with prices of its own; the raw value is its ending in the names of fields.
public enum PriceTier: String, Sendable, CaseIterable {
    /// Slower and cheaper.
    case flex = "_flex"
    /// Faster and dearer.
    case priority = "_priority"
    /// Within a day.
    case batches = "_batches"

    /// The tier that an answer names; `nil` for the ordinary one and those that are not known.
    init?(answered tier: String?) {
        switch tier?.lowercased() {
        case "flex": self = .flex
        case "priority": self = .priority
        case "batch", "batches": self = .batches
        default: return nil
        }
    }
}

/// The name of a price: for what, from what length of the prompt on, in which tier.
struct PriceField: Sendable, Hashable {
    /// What is charged.
    var priceClass: PriceClass
    /// The price holds for prompts of more tokens than this; 0 for all.
    var above: Int64 = 0
    /// The tier that it holds for; `nil` for the ordinary one.
    var tier: PriceTier?

    /// What prompts from the cache cost, in entries that are older than ``PriceClass/cacheRead``.
    static let formerCacheRead = "input_cost_per_token_cache_hit"

    /// Names a price.
    init(_ priceClass: PriceClass, above: Int64 = 0, tier: PriceTier? = nil) {
        self.priceClass = priceClass
        self.above = above
        self.tier = tier
    }

    /// Reads the name of a field, whose endings may come in any order; `nil` if it is none that is charged by.
    init?(_ name: String) {
        guard name.hasPrefix("input_cost_") || name.hasPrefix("output_cost_") || name.hasPrefix("cache_") else {
            return nil
        }
        var rest = Substring(name)
        var above: Int64?
        var tier: PriceTier?
        while true {
            if let priceClass = PriceClass(rawValue: String(rest)) {
                self.init(priceClass, above: above ?? 0, tier: tier)
                return
            }
            if tier == nil, let found = PriceTier.allCases.first(where: { rest.hasSuffix($0.rawValue) }) {
                tier = found
                rest = rest.dropLast(found.rawValue.utf8.count)
            } else if above == nil, let (threshold, shorter) = Self.threshold(rest) {
                above = threshold
                rest = shorter
            } else {
                return nil
            }
        }
    }

    /// The name of the field.
    var name: String {
        self.priceClass.rawValue + (self.above > 0 ? "_above_\(self.above / 1_000)k_tokens" : "")
            + (self.tier?.rawValue ?? "")
    }

    /// Takes `_above_<N>k_tokens` off the end.
    private static func threshold(_ name: Substring) -> (tokens: Int64, rest: Substring)? {
        let ending = "k_tokens"
        guard name.hasSuffix(ending) else { return nil }
        let number = name.dropLast(ending.utf8.count)
        let digits = number.utf8.reversed().prefix { (0x30...0x39).contains($0) }.count
        let rest = number.dropLast(digits)
        let beginning = "_above_"
        guard (1...6).contains(digits), rest.hasSuffix(beginning), let thousands = Int64(number.suffix(digits)),
            thousands > 0
        else { return nil }
        return (thousands * 1_000, rest.dropLast(beginning.utf8.count))
    }
}
