public import ProxyCore

/// What the daemon knew when it last ran.
public struct StoredState: Sendable, Equatable {
    /// How often keys and clients were used.
    public var counts = UsageCounts()
    /// The rests of keys, what is left of their plans, whose turn it is, and the breakers that are not closed.
    public var memory = DispatchMemory()
    /// What a person changed.
    public var changes = RuntimeChanges()
    /// The nonces of signed requests that may not come again.
    public var nonces: [UsedNonce] = []
    /// 32 random bytes, made once with the database: what fingerprints and hashes of tokens are keyed with.
    public var installationKey: [UInt8]

    /// Makes the state of a first start.
    public init(installationKey: [UInt8]) {
        self.installationKey = installationKey
    }
}
