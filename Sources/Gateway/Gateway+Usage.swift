public import ProxyCore
import Synchronization

extension Gateway {
    /// Puts a price table in force for requests that end from now on.
    public func setPrices(_ prices: PriceList) {
        self.priceList.withLock { $0 = prices }
    }

    /// What usage is priced by.
    var prices: PriceList { self.priceList.withLock { $0 } }

    /// Whether a provider has refused to be asked for usage in streams.
    func refusesUsageAsk(_ provider: ProviderName) -> Bool {
        self.usageAskRefusals.withLock { $0.contains(provider) }
    }

    /// A provider has refused to be asked for usage in streams.
    func noteUsageAskRefused(by provider: ProviderName) {
        self.usageAskRefusals.withLock { _ = $0.insert(provider) }
    }
}
