/// What a request needs of a key.
public struct KeyDemand: Sendable {
    /// The provider that the request goes to.
    public var provider: ProviderName
    /// The provider's name of the model, if the request has one.
    public var model: ModelName?
    /// The key that the caller insists on; no other one is taken then.
    public var pinned: KeyLabel?
    /// The conversation that should stay on its key while that is usable.
    public var conversation: Conversation?
    /// Keys that this request has failed on already.
    public var excluded: [KeyLabel]

    /// Describes what a request needs.
    public init(
        provider: ProviderName,
        model: ModelName? = nil,
        pinned: KeyLabel? = nil,
        conversation: Conversation? = nil,
        excluded: [KeyLabel] = []
    ) {
        self.provider = provider
        self.model = model
        self.pinned = pinned
        self.conversation = conversation
        self.excluded = excluded
    }
}

/// A key as it was when it was chosen: whatever comes back with it concerns that secret at that provider only.
public struct KeyGrant: Sendable, Hashable {
    /// The key.
    public var label: KeyLabel
    /// Which of all that bore the label it is.
    ///
    /// It changes when the secret is renewed, when the key moves to another provider, and when it is added again after it
    /// was gone.
    public var generation: UInt64

    /// Makes a grant.
    public init(label: KeyLabel, generation: UInt64) {
        self.label = label
        self.generation = generation
    }
}

/// The answer of the pool to a demand.
public enum KeyChoice: Sendable, Equatable {
    /// This key; it counts as in flight until ``KeyPool/release(_:)``.
    case chosen(KeyGrant)
    /// No key can serve the demand now.
    case none(KeyShortage)
}

/// Why no key can serve a demand: every key of the provider that the model allows, with its state.
public struct KeyShortage: Sendable, Equatable {
    /// The keys that would serve it were they usable, in the order of the configuration.
    ///
    /// Those that the request has already failed on are among them.
    public var keys: [KeySnapshot]
    /// Whether a usable key was passed over only because it serves as many requests as it may.
    public var isBusy: Bool

    /// Makes a shortage.
    public init(keys: [KeySnapshot], isBusy: Bool) {
        self.keys = keys
        self.isBusy = isBusy
    }

    /// The earliest moment at which one of the keys takes part again.
    public var soonest: Instant? {
        self.keys.compactMap(\.usableAt).min()
    }

    /// Whether waiting helps: a key is `cooling` or `exhausted` (429 rather than 503, contract section 5).
    public var comesBack: Bool {
        self.keys.contains { $0.state == .cooling || $0.state == .exhausted }
    }

    /// This shortage and that of another provider, as one.
    public func merged(with other: KeyShortage) -> KeyShortage {
        KeyShortage(keys: self.keys + other.keys, isBusy: self.isBusy || other.isBusy)
    }
}

/// How an attempt with a key ended, as far as the key is concerned.
public enum KeyOutcome: Sendable, Equatable {
    /// The provider accepted the key and answered.
    case succeeded
    /// The provider blames the key, in this class, and perhaps said when to try again.
    case failed(KeyFailure)
    /// The attempt says nothing about the key: the request, the provider, the network or the caller is to blame.
    case neutral
}

/// What of a key a failure concerns.
public enum KeyFailureScope: Sendable, Equatable {
    /// All of it.
    case wholeKey
    /// Its use for the model of the attempt; the whole key where the attempt has none.
    case model
}
