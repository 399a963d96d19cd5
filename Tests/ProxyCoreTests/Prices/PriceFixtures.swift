import Testing

@testable import ProxyCore

/// Makes a price table from the members of its top-level object.
func priceTable(_ members: String) throws -> PriceTable {
    try PriceTable(parsing: Array("{\(members)}".utf8))
}

/// Makes a list of prices without overrides from the members of a table's top-level object.
func priceList(_ members: String, overrides: [Configuration.Prices.Override] = []) throws -> PriceList {
    try PriceList(table: try priceTable(members), overrides: overrides)
}

/// Makes an override of the configuration.
func priceOverride(_ model: String, _ costs: [String: Double]) throws -> Configuration.Prices.Override {
    Configuration.Prices.Override(model: try #require(ModelName(model)), costs: costs)
}

/// Makes usage as a provider reports it.
func reportedUsage(
    _ set: (inout TokenCounts) -> Void, tier: String? = nil, model: String? = nil, cost: Int64? = nil
) -> TokenUsage {
    var counts = TokenCounts()
    set(&counts)
    var usage = TokenUsage(counts, quality: .reported)
    usage.serviceTier = tier
    usage.model = model.flatMap { ModelName($0) }
    usage.reportedCost = cost
    return usage
}

extension TokenCounts {
    /// The tokens that have the price of a name.
    subscript(priceClass: PriceClass) -> Int64 {
        get { priceClass.tokens(self) }
        set {
            switch priceClass {
            case .input: self.input = newValue
            case .output: self.output = newValue
            case .cacheRead: self.cacheRead = newValue
            case .cacheWrite5m: self.cacheWrite5m = newValue
            case .cacheWrite1h: self.cacheWrite1h = newValue
            case .reasoning: self.reasoning = newValue
            case .inputAudio: self.inputAudio = newValue
            case .outputAudio: self.outputAudio = newValue
            case .inputImage: self.inputImage = newValue
            }
        }
    }
}
