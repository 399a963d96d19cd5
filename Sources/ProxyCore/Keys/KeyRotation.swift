/// Which key a person's word made the next one.
public struct KeyRotation: Sendable, Equatable {
    /// Why it is this key.
    public enum Reason: String, Sendable, CaseIterable {
        /// This key was asked for.
        case requested
        /// It follows the one whose turn it would have been.
        case next
        /// There is no other usable key.
        case only
    }

    /// The key that the next request uses.
    public var key: KeyLabel
    /// Why it is this key.
    public var reason: Reason

    /// Makes a rotation.
    public init(key: KeyLabel, reason: Reason) {
        self.key = key
        self.reason = reason
    }
}

/// Why a rotation by hand is refused.
public enum KeyRotationRefusal: Error, Equatable {
    /// The provider has no key.
    case noKeys
    /// Every key of the provider rests or is disabled.
    case noUsableKey(KeyShortage)
    /// The wanted key rests or is disabled.
    case keyNotUsable(KeySnapshot)
    /// The wanted key is none of the provider's.
    case wrongProvider
}
