/// What the tokens of one model cost, in pico-dollars each.
public struct ModelPrice: Sendable, Equatable {
    /// Prices that hold for prompts of some lengths only, all of a request's tokens included.
    struct Range: Sendable, Equatable {
        /// The prompt has more tokens than this, unless this is 0.
        var above: Int64
        /// The prices.
        var rates: [PriceField: Int64]
    }

    /// One price as it is shown.
    public struct Shown: Sendable, Equatable {
        /// The name of the field in the table.
        public var name: String
        /// The price, for a token or for a request as the name says.
        public var picoDollars: Int64
    }

    /// Who serves the model, in the words of the table; `nil` if it does not say.
    public internal(set) var maker: String?
    /// What the model does, in the words of the table, such as `chat` or `embedding`; `nil` if it does not say.
    public internal(set) var mode: String?
    /// The prices by name.
    var rates: [PriceField: Int64] = [:]
    /// The prices by length of the prompt, the shortest first.
    var ranges: [Range] = []
    /// The price of a request, whatever its tokens.
    var perRequest: Int64?

    /// Whether there is no price in it at all.
    var isEmpty: Bool { self.rates.isEmpty && self.ranges.isEmpty && self.perRequest == nil }

    /// What an answer cost; `nil` if it has tokens of a kind without a price.
    ///
    /// What does not fit stays at the largest number.
    public func picoDollars(of counts: TokenCounts, serviceTier: String?) -> Int64? {
        let tier = PriceTier(answered: serviceTier)
        let prompt = counts.prompt
        var sum = self.perRequest ?? 0
        for priceClass in PriceClass.allCases {
            let tokens = priceClass.tokens(counts)
            guard tokens > 0 else { continue }
            guard let rate = self.rate(of: priceClass, prompt: prompt, tier: tier) else { return nil }
            let (part, isTooLarge) = tokens.multipliedReportingOverflow(by: rate)
            let (next, overflows) = sum.addingReportingOverflow(isTooLarge ? .max : part)
            sum = overflows ? .max : next
        }
        return sum
    }

    /// What a token of one kind costs in a request with so long a prompt; `nil` if that is not known.
    func rate(of priceClass: PriceClass, prompt: Int64, tier: PriceTier?) -> Int64? {
        let own = self.ownRate(of: priceClass, prompt: prompt, tier: tier)
        guard let main = priceClass.main else { return own }
        guard let own else { return self.rate(of: main, prompt: prompt, tier: tier) }
        // Tables often leave out the prices for tiers and lengths of a kind that costs what its main kind does. It goes
        // with that one then.
        let plain = self.rates[PriceField(priceClass)]
        if own == plain, plain == self.rates[PriceField(main)] {
            return self.rate(of: main, prompt: prompt, tier: tier)
        }
        return own
    }

    private func ownRate(of priceClass: PriceClass, prompt: Int64, tier: PriceTier?) -> Int64? {
        let range = self.ranges.last { prompt > $0.above || $0.above == 0 } ?? self.ranges.first
        if let range, let rate = Self.rate(of: priceClass, in: range.rates, prompt: prompt, tier: tier) { return rate }
        return Self.rate(of: priceClass, in: self.rates, prompt: prompt, tier: tier)
    }

    /// The price with the highest threshold that the prompt passes.
    ///
    /// Where a tier has no price for that length, the dearer of the two that come near holds: the cost is rather told too
    /// high than too low.
    private static func rate(
        of priceClass: PriceClass, in rates: [PriceField: Int64], prompt: Int64, tier: PriceTier?
    ) -> Int64? {
        var plain: (above: Int64, rate: Int64)?
        var tiered: (above: Int64, rate: Int64)?
        for (field, rate) in rates where field.priceClass == priceClass {
            guard field.above == 0 || prompt > field.above else { continue }
            if field.tier == nil {
                if field.above >= plain?.above ?? 0 { plain = (field.above, rate) }
            } else if field.tier == tier {
                if field.above >= tiered?.above ?? 0 { tiered = (field.above, rate) }
            }
        }
        guard let tiered else { return plain?.rate }
        guard let plain, plain.above > tiered.above else { return tiered.rate }
        return max(plain.rate, tiered.rate)
    }

    /// All prices, in order of their names.
    public var shown: [Shown] {
        var shown = self.rates.map { Shown(name: $0.key.name, picoDollars: $0.value) }
        for range in self.ranges {
            shown += range.rates.map {
                Shown(name: "tiered_pricing[>\(range.above)].\($0.key.name)", picoDollars: $0.value)
            }
        }
        if let perRequest { shown.append(Shown(name: "input_cost_per_request", picoDollars: perRequest)) }
        return shown.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
