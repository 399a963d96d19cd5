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
        self.fit(of: priceClass, prompt: prompt, tier: tier)?.rate
    }

    /// A price that was found, and how closely it fits.
    private struct Fit {
        var rate: Int64
        /// The threshold or the beginning of the range that it is for.
        var above: Int64
        /// Whether it is for the tier that was asked for.
        var isTiered: Bool
    }

    private func fit(of priceClass: PriceClass, prompt: Int64, tier: PriceTier?) -> Fit? {
        let own = self.ownFit(of: priceClass, prompt: prompt, tier: tier)
        guard let mainClass = priceClass.main else { return own }
        guard let main = self.fit(of: mainClass, prompt: prompt, tier: tier) else { return own }
        guard let own else { return main }
        // Tables often leave out the prices for tiers and lengths of a kind that costs what its main kind does. It goes
        // with that one then.
        if let plain = self.rates[PriceField(priceClass)], own.rate == plain,
            plain == self.rates[PriceField(mainClass)]
        {
            return main
        }
        guard main.above > own.above || (main.isTiered && !own.isTiered) else { return own }
        // The main kind has a price for this tier or length and this kind has none. One that is cheaper than its main
        // kind, as what comes from the cache is, keeps its price: the other would be many times too high.
        if let plain = self.plainRate(of: priceClass), let mainPlain = self.plainRate(of: mainClass), plain < mainPlain
        {
            return own
        }
        return Fit(
            rate: max(own.rate, main.rate), above: max(own.above, main.above),
            isTiered: own.isTiered || main.isTiered)
    }

    /// What a kind of token costs in the ordinary tier and the shortest prompt.
    private func plainRate(of priceClass: PriceClass) -> Int64? {
        self.rates[PriceField(priceClass)] ?? self.ranges.first?.rates[PriceField(priceClass)]
    }

    private func ownFit(of priceClass: PriceClass, prompt: Int64, tier: PriceTier?) -> Fit? {
        let range = self.ranges.last { prompt > $0.above || $0.above == 0 } ?? self.ranges.first
        if let range, var fit = Self.fit(of: priceClass, in: range.rates, prompt: prompt, tier: tier) {
            fit.above = max(fit.above, range.above)
            return fit
        }
        return Self.fit(of: priceClass, in: self.rates, prompt: prompt, tier: tier)
    }

    /// The price with the highest threshold that the prompt passes.
    ///
    /// Where a tier has no price for that length, the dearer of the two that come near holds: the cost is rather told too
    /// high than too low.
    private static func fit(
        of priceClass: PriceClass, in rates: [PriceField: Int64], prompt: Int64, tier: PriceTier?
    ) -> Fit? {
        var plain: Fit?
        var tiered: Fit?
        for (field, rate) in rates where field.priceClass == priceClass {
            guard field.above == 0 || prompt > field.above else { continue }
            if field.tier == nil {
                if field.above >= plain?.above ?? 0 { plain = Fit(rate: rate, above: field.above, isTiered: false) }
            } else if field.tier == tier {
                if field.above >= tiered?.above ?? 0 { tiered = Fit(rate: rate, above: field.above, isTiered: true) }
            }
        }
        guard let tiered else { return plain }
        guard let plain, plain.above > tiered.above else { return tiered }
        return Fit(rate: max(plain.rate, tiered.rate), above: plain.above, isTiered: true)
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
