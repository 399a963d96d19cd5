/// The answer of the pool to a demand.
public enum KeyChoice: Sendable, Equatable {
    /// This key; it counts as in flight until ``KeyPool/release(_:)``.
    case chosen(KeyGrant, KeyChoiceReason)
    /// No key can serve the demand now.
    case none(KeyShortage)
}

/// Why it is this key.
public struct KeyChoiceReason: Sendable, Equatable {
    /// What decided.
    public var selection: KeySelection
    /// Whether the key's rest is over and this request shows whether it works again.
    public var isTrial: Bool
    /// Why none of the others of the provider: at most 16, in the order of the configuration.
    public var others: [KeyVerdict]

    /// Makes a reason.
    public init(selection: KeySelection, isTrial: Bool = false, others: [KeyVerdict] = []) {
        self.selection = selection
        self.isTrial = isTrial
        self.others = others
    }
}

/// Which key a request would get, and why none of the others.
public struct KeyExplanation: Sendable, Equatable {
    /// The key that ``KeyPool/choose(_:at:)`` would take; `nil` if it would take none.
    public var chosen: KeyLabel?
    /// What would decide; `nil` if no key would be taken.
    public var selection: KeySelection?
    /// A verdict for every key of every provider, in the order of the configuration.
    public var verdicts: [KeyVerdict]

    /// Makes an explanation.
    public init(chosen: KeyLabel?, selection: KeySelection?, verdicts: [KeyVerdict]) {
        self.chosen = chosen
        self.selection = selection
        self.verdicts = verdicts
    }
}

/// Why no key can serve a demand: every key of the provider that the model allows, with its state.
public struct KeyShortage: Sendable, Equatable {
    /// The keys that would serve it were they usable, in the order of the configuration.
    ///
    /// Those that the request has already failed on are among them.
    public var keys: [KeySnapshot]
    /// Whether a usable key was passed over only because it serves, or has served, as many requests as it may.
    public var isBusy: Bool
    /// When a key that only its own rates keep from serving has room again; `nil` if there is none such.
    ///
    /// When a place among its requests at once becomes free nobody can tell.
    public var limitedUntil: Instant?

    /// Makes a shortage.
    public init(keys: [KeySnapshot], isBusy: Bool, limitedUntil: Instant? = nil) {
        self.keys = keys
        self.isBusy = isBusy
        self.limitedUntil = limitedUntil
    }

    /// The earliest moment at which one of the keys takes part again.
    public var soonest: Instant? {
        self.keys.compactMap(\.usableAt).min()
    }

    /// The earliest moment at which a request may find a key: one takes part again, or has room again.
    ///
    /// When a request that takes up one of a key's places ends nobody can tell; a second is a short time to wait for it.
    public func soonestTry(after now: Instant) -> Instant? {
        let room = self.isBusy ? self.limitedUntil ?? now + .seconds(1) : nil
        return [self.soonest, room].compactMap(\.self).min().map { max($0, now) }
    }

    /// Whether waiting helps: a key is `cooling` or `exhausted` (429 rather than 503, contract section 5).
    public var comesBack: Bool {
        self.keys.contains { $0.state == .cooling || $0.state == .exhausted }
    }

    /// This shortage and that of another provider, as one.
    public func merged(with other: KeyShortage) -> KeyShortage {
        KeyShortage(
            keys: self.keys + other.keys.filter { key in !self.keys.contains { $0.label == key.label } },
            isBusy: self.isBusy || other.isBusy,
            limitedUntil: [self.limitedUntil, other.limitedUntil].compactMap(\.self).min())
    }
}
