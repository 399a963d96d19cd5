/// What a key may be used for at a moment, in the words of the contract's section 7.
public enum KeyState: String, Sendable, CaseIterable {
    /// It takes part in the rotation.
    case usable
    /// The provider limits its rate for a while.
    case cooling
    /// A window of its plan is used up, until that window's reset.
    case exhausted
    /// Its account has no money or no plan.
    case billing
    /// The provider refused it once.
    case suspect
    /// The provider refused it again, on another request.
    case invalid
    /// A person took it out.
    case disabled
}

/// A state with its reason and its end.
struct KeyCondition: Sendable, Equatable {
    /// The state until ``until``.
    var state: KeyState
    /// The class of the error that led here.
    var reason: ErrorClass
    /// When the key takes part again.
    var until: Instant
    /// How many windows in a row have ended in this state, from 0: the step of the ladder that ``until`` came from.
    var step: Int
    /// Whether the transition back to usable was told already; only the step counts then.
    var isEndTold = false
}

/// What changed in a key's state, for the log, the metrics and the control surface.
public struct KeyTransition: Sendable, Equatable {
    /// The key.
    public let key: KeyLabel
    /// The one model that it concerns, or `nil` for the whole key.
    public let model: ModelName?
    /// The state before.
    public let old: KeyState
    /// The state from now on.
    public let new: KeyState
    /// The class of the error behind it; `nil` when the key became usable.
    public let reason: ErrorClass?
    /// When the key takes part again; `nil` when it does already.
    public let usableAt: Instant?
}

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
        modelStates: [ModelStanding] = []
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
    }
}
