extension KeyPool {
    /// The key that the next request to a provider uses, as far as can be told before its model and its conversation are
    /// known; `nil` without a usable one.
    ///
    /// Nothing changes.
    public func nextKey(of provider: ProviderName, at now: Instant) -> KeyLabel? {
        var copy = self
        let ready = self.usable(of: provider, at: now).filter { self.entries[$0].hasRoom }
        return copy.pick(ready, for: KeyDemand(provider: provider), at: now).map { self.entries[$0].label }
    }

    /// Makes the next request to a provider use a certain key, or, without a label, the one after the one whose turn it
    /// is.
    ///
    /// A person's word goes before priorities, modes and conversations, for one request; where the mode goes on from the
    /// key used last, it goes on from there. The wish is dropped when the key stops being usable before.
    public mutating func rotate(
        to label: KeyLabel?, of provider: ProviderName, at now: Instant
    ) throws(KeyRotationRefusal) -> KeyRotation {
        guard self.entries.contains(where: { $0.provider == provider }) else { throw .noKeys }
        if let label {
            guard let index = self.index(of: label), self.entries[index].provider == provider else {
                throw .wrongProvider
            }
            guard self.entries[index].state(for: nil, at: now) == .usable else {
                throw .keyNotUsable(self.entries[index].snapshot(for: nil, at: now))
            }
            return self.want(label, of: provider, because: .requested)
        }
        let usable = self.usable(of: provider, at: now)
        guard let highest = usable.map({ self.entries[$0].priority }).max(), let first = usable.first else {
            throw .noUsableKey(self.shortage(for: KeyDemand(provider: provider), at: now))
        }
        let present = self.nextKey(of: provider, at: now).flatMap(self.index(of:)) ?? first
        // Among equals as long as there are others; a fallback only where there are none.
        let equals = usable.filter { self.entries[$0].priority == highest }
        let others = (equals.count > 1 ? equals : usable).filter { $0 != present }
        guard let next = others.first(where: { $0 > present }) ?? others.first else {
            return self.want(self.entries[present].label, of: provider, because: .only)
        }
        return self.want(self.entries[next].label, of: provider, because: .next)
    }

    private mutating func want(
        _ label: KeyLabel, of provider: ProviderName, because reason: KeyRotation.Reason
    ) -> KeyRotation {
        self.turns[provider, default: Turn()].wanted = label
        self.memoryRevision += 1
        return KeyRotation(key: label, reason: reason)
    }

    private func usable(of provider: ProviderName, at now: Instant) -> [Int] {
        self.entries.indices.filter {
            self.entries[$0].provider == provider && self.entries[$0].state(for: nil, at: now) == .usable
        }
    }
}

/// What a rotation by hand came to.
public struct KeyRotation: Sendable, Equatable {
    /// Why it is this key.
    public enum Reason: String, Sendable {
        /// A person asked for it.
        case requested
        /// It follows the one whose turn it was.
        case next
        /// There is no other usable one.
        case only
    }

    /// The key that the next request uses.
    public var key: KeyLabel
    /// Why it is this one.
    public var reason: Reason

    /// Makes a rotation.
    public init(key: KeyLabel, reason: Reason) {
        self.key = key
        self.reason = reason
    }
}

/// Why a rotation by hand is refused; nothing has changed then.
public enum KeyRotationRefusal: Error, Equatable {
    /// The provider has no key.
    case noKeys
    /// None of the provider's keys is usable.
    case noUsableKey(KeyShortage)
    /// The key that was asked for rests, or is disabled.
    case keyNotUsable(KeySnapshot)
    /// The key that was asked for belongs to another provider.
    case wrongProvider
}
