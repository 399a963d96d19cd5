/// Why a request was, or would be, served by this key.
public enum KeySelection: String, Sendable, CaseIterable {
    /// It was its turn.
    case turn
    /// A person wanted it.
    case wanted
    /// Its conversation was served by it before.
    case affinity
    /// The caller insisted on it.
    case pinned
    /// There was no other one.
    case only
    /// Its rest is over and this request shows whether it works again.
    case trial
    /// Its conversation belongs to another key, which cannot be used.
    case moved
    /// The same key again, because its connection had died of age, or its conversation is bound to it.
    case again
}

/// Why one key did not serve a request, or that it did.
public struct KeyVerdict: Sendable, Equatable {
    /// What kept a key from serving.
    public enum Obstacle: String, Sendable, CaseIterable {
        /// It is not usable: see the state.
        case state
        /// Its model list does not hold the model, or the model cannot be told.
        case model
        /// It serves as many requests at once as it may.
        case inFlight = "in_flight"
        /// It has had as many requests in this second or minute as it may.
        case rate
        /// The request has failed on it already.
        case tried
        /// The caller insists on another key.
        case pin
        /// Others have a higher priority.
        case priority
        /// Little of its quota is left, and others have more.
        case warn
        /// Another request is finding out whether it works again.
        case trial
        /// The conversation belongs to another key.
        case affinity
        /// It was the turn of another one.
        case turn
        /// Its provider cannot be asked now, or is not the first choice.
        case provider
    }

    /// The key.
    public var label: KeyLabel
    /// Its provider.
    public var provider: ProviderName
    /// Its state for the model.
    public var state: KeyState
    /// What kept it from serving; `nil` for the key that was chosen.
    public var obstacle: Obstacle?
    /// The class of the error behind its state.
    public var reason: ErrorClass?
    /// When it takes part again, or has room again; `nil` if it does now or nobody can tell.
    public var usableAt: Instant?

    /// Makes a verdict.
    public init(
        label: KeyLabel, provider: ProviderName, state: KeyState, obstacle: Obstacle? = nil,
        reason: ErrorClass? = nil, usableAt: Instant? = nil
    ) {
        self.label = label
        self.provider = provider
        self.state = state
        self.obstacle = obstacle
        self.reason = reason
        self.usableAt = usableAt
    }
}
