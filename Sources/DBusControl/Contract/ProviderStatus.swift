/// One provider: the properties of `org.kmi.Proxy1.Provider` (contract section 9).
public struct ProviderStatus: Sendable, Equatable {
    /// The provider's name.
    public var name = ""
    /// What it is: `kimi`, `openai`, `compatible`, ….
    public var kind = ""
    /// Where it is asked; without any credential.
    public var baseURL = ""
    /// `closed`, `open` or `half_open`; treat what is unknown as `closed`.
    public var breaker = ""
    /// When the next request may find out whether it works again, in microseconds since the epoch; 0 while the breaker is
    /// closed.
    public var breakerRetryAt: UInt64 = 0
    /// Until when it rests because it said that it is overloaded, in microseconds since the epoch; 0 if it does not.
    public var overloadedUntil: UInt64 = 0
    /// The labels of its keys, in the order of the configuration.
    public var keys: [String] = []
    /// The models that it is known to serve; empty if nothing is known.
    public var models: [String] = []

    /// Makes the status of a provider that nothing is known of.
    public init() {}
}
