public import ProxyCore
import Synchronization

/// A model at a provider that is not asked for usage in streams.
struct UsageAskRefusal: Sendable, Hashable {
    /// At most so many are remembered.
    static let limit = 1_024

    private let provider: ProviderName
    private let model: ModelName?

    init(_ candidate: RouteCandidate) {
        self.provider = candidate.provider.name
        self.model = candidate.model
    }
}

extension Gateway {
    /// Puts a price table in force for requests that end from now on.
    public func setPrices(_ prices: PriceList) {
        self.priceList.withLock { $0 = prices }
    }

    /// Waits until every request that has ended has been told to the observer, its captured bodies included.
    public func finishCaptures() async {
        await self.captures.drain()
    }

    /// What usage is priced by.
    var prices: PriceList { self.priceList.withLock { $0 } }

    /// Whether a provider has refused to be asked for usage in streams of a model.
    func refusesUsageAsk(_ candidate: RouteCandidate) -> Bool {
        self.usageAskRefusals.withLock { $0.contains(UsageAskRefusal(candidate)) }
    }

    /// A provider has refused to be asked for usage in streams of a model.
    ///
    /// Nothing is noted of a provider that is not configured like this any more: another address may be another server.
    func noteUsageAskRefused(by candidate: RouteCandidate) {
        guard self.snapshot.providers[candidate.provider.name] == candidate.provider else { return }
        self.usageAskRefusals.withLock { refusals in
            // Callers may name models at will. Whoever is forgotten is asked once more.
            if refusals.count >= UsageAskRefusal.limit { refusals.removeAll() }
            refusals.insert(UsageAskRefusal(candidate))
        }
    }
}
