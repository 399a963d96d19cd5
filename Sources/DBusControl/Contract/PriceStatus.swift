/// The price table in force, and what it says of one model: what `GetPrices` and `ImportPrices` tell.
public struct PriceStatus: Sendable, Equatable {
    /// The price of one model.
    public struct Entry: Sendable, Equatable {
        /// The name under which it stands in the table or the configuration.
        public var name: String
        /// Pico-dollars for one token (or one other unit) by the names of the table, such as `input_cost_per_token`.
        public var prices: [String: UInt64]

        /// Makes an entry.
        public init(name: String, prices: [String: UInt64]) {
            self.name = name
            self.prices = prices
        }
    }

    /// What a model is charged by.
    public struct Finding: Sendable, Equatable {
        /// The provider for which it was looked up; empty if none serves the model.
        public var provider: String
        /// `override` (of the configuration), `table`, `plan` (paid for already), `free` (one's own machine), or `none`:
        /// requests to the model are told as unpriced, unless the provider tells what they cost.
        public var basis: String
        /// The price, of `override` and `table`.
        public var entry: Entry?

        /// Makes a finding.
        public init(provider: String, basis: String, entry: Entry?) {
            self.provider = provider
            self.basis = basis
            self.entry = entry
        }
    }

    /// The table's version.
    public var version = ""
    /// Since when its prices hold, `YYYY-MM-DD`; empty if it does not say.
    public var effectiveDate = ""
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    public var sha256 = ""
    /// How many models have a price.
    public var models: UInt32 = 0
    /// Where it is from: `embedded`, `file` or `imported`.
    public var source = ""
    /// For how many whole days its prices are known; `nil` if nobody can tell.
    public var ageDays: UInt32?
    /// What the model is charged by that was asked for; `nil` if none was.
    public var finding: Finding?

    /// A table of which nothing is known.
    public init() {}
}

/// Which price is asked for.
public struct PriceQuery: Sendable, Equatable {
    /// The model; `nil` for the table alone.
    public var model: String?
    /// The provider that answers for the model; `nil` for the one that the model goes to first.
    public var provider: String?

    /// Asks for the table alone.
    public init() {}
}
