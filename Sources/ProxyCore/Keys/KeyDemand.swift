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
    /// Keys that this request has failed on already: none of them is taken.
    public var excluded: [KeyLabel]
    /// The number of the caller's request, which tells requests apart.
    public var request: UInt64

    /// Describes what a request needs.
    public init(
        provider: ProviderName,
        model: ModelName? = nil,
        pinned: KeyLabel? = nil,
        conversation: Conversation? = nil,
        excluded: [KeyLabel] = [],
        request: UInt64 = 0
    ) {
        self.provider = provider
        self.model = model
        self.pinned = pinned
        self.conversation = conversation
        self.excluded = excluded
        self.request = request
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
    /// Which rest the request with it shows the end of; 0 if it is no trial.
    ///
    /// It takes no part in comparisons: a grant is equal to every other one of the same secret.
    var trial: UInt64 = 0

    /// Makes a grant.
    public init(label: KeyLabel, generation: UInt64) {
        self.label = label
        self.generation = generation
    }

    /// Whether both concern the same secret.
    public static func == (left: KeyGrant, right: KeyGrant) -> Bool {
        left.label == right.label && left.generation == right.generation
    }

    /// Hashes the label and the generation.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.label)
        hasher.combine(self.generation)
    }
}
