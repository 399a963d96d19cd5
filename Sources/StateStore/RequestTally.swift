public import ProxyCore

/// How many requests a key was used for.
public struct RequestTally: Sendable, Equatable {
    /// The key.
    public var key: KeyLabel
    /// Its provider at the time.
    public var provider: ProviderName
    /// The requests that it was used for last.
    public var requests: UInt64

    /// Makes a tally.
    public init(key: KeyLabel, provider: ProviderName, requests: UInt64) {
        self.key = key
        self.provider = provider
        self.requests = requests
    }
}
