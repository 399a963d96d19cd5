/// One model with a key, while it rests.
public struct ModelStanding: Sendable, Equatable {
    /// The model, in the provider's words.
    public let model: ModelName
    /// The state of the key for this model alone, whatever the state of the whole key is.
    public let state: KeyState
    /// The class of the error behind it.
    public let reason: ErrorClass?
    /// When the model takes part again.
    public let usableAt: Instant?

    /// Makes a standing.
    public init(model: ModelName, state: KeyState, reason: ErrorClass? = nil, usableAt: Instant? = nil) {
        self.model = model
        self.state = state
        self.reason = reason
        self.usableAt = usableAt
    }
}

/// One key as it stands at a moment.
public struct KeySnapshot: Sendable, Equatable {
    /// The key.
    public let label: KeyLabel
    /// The provider that it belongs to.
    public let provider: ProviderName
    /// The state of the whole key.
    public let state: KeyState
    /// The class of the error behind a state other than `usable` and `disabled`.
    public let reason: ErrorClass?
    /// When the key takes part again; `nil` when it does already or nobody can tell.
    public let usableAt: Instant?
    /// Requests that it serves right now.
    public let inFlight: Int
    /// Whether a person lets it take part.
    public let isEnabled: Bool
    /// Higher ones are chosen first.
    public let priority: Int
    /// The share in the mode `weighted`, at least 1.
    public let weight: Int
    /// The models that rest, ordered by name; a rest that has ended is not among them.
    public let modelStates: [ModelStanding]
    /// The windows of its plan and its limits as they were told last, each for itself.
    ///
    /// Of a window that has begun anew since, what is used is unknown.
    public let windows: [UsageWindow]
    /// The smallest share that is left of a window, 0 to 1; `nil` if none is known.
    public let remainingShare: Double?
    /// Whether less than a fifth is left of a window.
    public let isWarned: Bool
    /// Whether its rest is over and the next request shows whether it works again.
    public let isOnTrial: Bool
    /// Whether its rest would be over, and a background check decides on that.
    public let isCheckDue: Bool

    /// Makes a snapshot; without a word about it a key is enabled unless its state says otherwise.
    public init(
        label: KeyLabel,
        provider: ProviderName,
        state: KeyState = .usable,
        reason: ErrorClass? = nil,
        usableAt: Instant? = nil,
        inFlight: Int = 0,
        isEnabled: Bool? = nil,
        priority: Int = 0,
        weight: Int = 1,
        modelStates: [ModelStanding] = [],
        windows: [UsageWindow] = [],
        remainingShare: Double? = nil,
        isWarned: Bool = false,
        isOnTrial: Bool = false,
        isCheckDue: Bool = false
    ) {
        self.label = label
        self.provider = provider
        self.state = state
        self.reason = reason
        self.usableAt = usableAt
        self.inFlight = inFlight
        self.isEnabled = isEnabled ?? (state != .disabled)
        self.priority = priority
        self.weight = weight
        self.modelStates = modelStates
        self.windows = windows
        self.remainingShare = remainingShare
        self.isWarned = isWarned
        self.isOnTrial = isOnTrial
        self.isCheckDue = isCheckDue
    }
}
