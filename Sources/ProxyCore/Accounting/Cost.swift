/// What an answer cost, and how that is known.
public struct Cost: Sendable, Hashable {
    /// How a cost is known.
    public enum Pricing: String, Sendable, CaseIterable {
        /// By a price for each token, or by the provider's own word.
        case priced
        /// It is not: there is no price for the model.
        case unpriced
        /// The key has a plan, which is paid for whatever is used.
        case plan
        /// The provider is one's own machine.
        case free
    }

    /// How it is known.
    public var pricing: Pricing
    /// Pico-dollars (10⁻¹² US dollars); 0 for a plan and one's own machine, `nil` if there is no price.
    public var picoDollars: Int64?
    /// The version of the price table that it was computed with; `nil` if no table was needed.
    public var version: String?

    /// Makes a cost.
    public init(_ pricing: Pricing, picoDollars: Int64? = nil, version: String? = nil) {
        self.pricing = pricing
        self.picoDollars = picoDollars
        self.version = version
    }
}
