/// The prices in force: a table, and what the configuration says instead.
///
/// ``cost(of:model:kind:)`` is the one function that costs come from, whoever asks: reports, metrics and budgets.
public struct PriceList: Sendable {
    /// What is kept with a cost that comes from an override of the configuration.
    public static let overrideVersion = "config"
    /// What is kept with a cost that the provider told.
    public static let reportedVersion = "provider"

    /// The table.
    public let table: PriceTable
    private let overrides: [String: ModelPrice]

    /// Puts prices of the configuration over a table; throws if one of them is no price.
    public init(
        table: PriceTable, overrides: [Configuration.Prices.Override] = []
    ) throws(PriceTable.Fault) {
        var prices: [String: ModelPrice] = [:]
        for override in overrides {
            do throws(ModelPrice.Fault) {
                prices[override.model.text] = try ModelPrice(costs: override.costs)
            } catch {
                throw PriceTable.Fault(entry: override.model.text, field: error.field, reason: error.reason)
            }
        }
        self.table = table
        self.overrides = prices
    }

    /// What an attempt cost.
    ///
    /// `model` is the one that was asked for. The one that answered, if `usage` names one, is looked up before it. In
    /// this order: an override of the configuration, the provider's own word, nothing for a plan and for one's own
    /// machine, the table. What has no price is ``Cost/Pricing/unpriced``, whatever its neighbours cost.
    ///
    /// Usage of the quality ``TokenUsage/Quality/none`` has no cost, and is not asked about.
    public func cost(of usage: TokenUsage, model: ModelName?, kind: ProviderKind) -> Cost {
        let models = [usage.model, model].compactMap(\.self)
        func charged(_ entry: (name: String, price: ModelPrice)?, _ version: String) -> Cost {
            guard let amount = entry?.price.picoDollars(of: usage.counts, serviceTier: usage.serviceTier) else {
                return Cost(.unpriced)
            }
            return Cost(.priced, picoDollars: amount, version: version)
        }
        if let entry = Self.first(models, kind, self.overrides) { return charged(entry, Self.overrideVersion) }
        if let reported = usage.reportedCost {
            return Cost(.priced, picoDollars: max(0, reported), version: Self.reportedVersion)
        }
        switch kind {
        case .kimi: return Cost(.plan, picoDollars: 0)
        case .local: return Cost(.free, picoDollars: 0)
        case .moonshot, .openAI, .anthropic, .deepSeek, .openRouter, .gemini, .compatible:
            return charged(Self.first(models, kind, self.table.models), self.table.version)
        }
    }

    /// What a model would be charged by, for showing it.
    public func finding(for model: ModelName, kind: ProviderKind) -> PriceFinding {
        if let (name, price) = Self.first([model], kind, self.overrides) {
            return PriceFinding(basis: .override, entry: name, price: price)
        }
        switch kind {
        case .kimi: return PriceFinding(basis: .plan)
        case .local: return PriceFinding(basis: .free)
        case .moonshot, .openAI, .anthropic, .deepSeek, .openRouter, .gemini, .compatible:
            guard let (name, price) = Self.first([model], kind, self.table.models) else {
                return PriceFinding(basis: .none)
            }
            return PriceFinding(basis: .table, entry: name, price: price)
        }
    }

    private static func first(
        _ models: [ModelName], _ kind: ProviderKind, _ prices: [String: ModelPrice]
    ) -> (name: String, price: ModelPrice)? {
        // Most configurations override nothing, and a name is looked for in several forms.
        guard !prices.isEmpty else { return nil }
        for model in models {
            if let entry = PriceLookup.entry(of: model, kind: kind, in: prices) { return entry }
        }
        return nil
    }
}

/// What a model is charged by.
public struct PriceFinding: Sendable, Equatable {
    /// Where a price comes from.
    public enum Basis: String, Sendable, CaseIterable {
        /// The configuration.
        case override
        /// There is none: the key has a plan.
        case plan
        /// There is none: it is one's own machine.
        case free
        /// The table.
        case table
        /// There is none, unless the provider tells what an answer cost.
        case none
    }

    /// Where the price comes from.
    public var basis: Basis
    /// The name of the entry that holds it.
    public var entry: String?
    /// The price.
    public var price: ModelPrice?
}
