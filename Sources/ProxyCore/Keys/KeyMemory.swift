/// What of a pool outlives the process: the rests that keys are in, and whose turn it is.
///
/// Deadlines are on the wall clock here, because the clock of the pool starts anew with the machine.
public struct KeyMemory: Sendable, Equatable {
    /// A rest of a key, or of one model with a key.
    public struct Condition: Sendable, Equatable {
        /// The key.
        public var label: KeyLabel
        /// The provider that refused it; a key that moved to another one starts anew.
        public var provider: ProviderName
        /// The one model that it concerns, or `nil` for the whole key.
        public var model: ModelName?
        /// The state.
        public var state: KeyState
        /// The class of the error behind it.
        public var reason: ErrorClass
        /// When the key takes part again; it may have passed, the step still counts then.
        public var until: WallTime
        /// The step of the ladder, from 0; -1 after a rest that was no step of the key's own (see ``WholeLimit``).
        public var step: Int
        /// The provider's time of day that ``until`` stands for, if it is one.
        public var reset: WallTime?
        /// Whether ``until`` is our own guess and not the provider's word.
        public var isGuess: Bool
        /// The window of the plan that is used up, if it is known.
        public var window: String?
        /// The provider's name of the quota for a day that the answer named.
        public var dailyQuota: String?
        /// Whether the usage endpoint told of it and not an answer to a request.
        public var isByPanel: Bool
        /// Whether all keys were limited together.
        public var isTogether: Bool
        /// When a background check of the key ended last.
        public var lastCheck: WallTime?

        /// Makes a condition.
        public init(
            label: KeyLabel, provider: ProviderName, model: ModelName?, state: KeyState, reason: ErrorClass,
            until: WallTime, step: Int, reset: WallTime? = nil, isGuess: Bool = false, window: String? = nil,
            dailyQuota: String? = nil, isByPanel: Bool = false, isTogether: Bool = false, lastCheck: WallTime? = nil
        ) {
            self.label = label
            self.provider = provider
            self.model = model
            self.state = state
            self.reason = reason
            self.until = until
            self.step = step
            self.reset = reset
            self.isGuess = isGuess
            self.window = window
            self.dailyQuota = dailyQuota
            self.isByPanel = isByPanel
            self.isTogether = isTogether
            self.lastCheck = lastCheck
        }
    }

    /// What is known of the windows of one key.
    public struct Windows: Sendable, Equatable {
        /// The key.
        public var label: KeyLabel
        /// The provider that told of them; a key that moved to another one starts anew.
        public var provider: ProviderName
        /// When the youngest of them was told.
        public var readAt: WallTime
        /// The windows: those of the usage endpoint, and those of header fields that told of a reset.
        public var windows: [UsageWindow]

        /// Makes a memory of windows.
        public init(label: KeyLabel, provider: ProviderName, readAt: WallTime, windows: [UsageWindow]) {
            self.label = label
            self.provider = provider
            self.readAt = readAt
            self.windows = windows
        }
    }

    /// A limit that all keys of a provider ran into together.
    public struct WholeLimit: Sendable, Equatable {
        /// The provider.
        public var provider: ProviderName
        /// The one model that it concerns, or `nil` for all.
        public var model: ModelName?
        /// When it ends; it may have passed, the step still counts then.
        public var until: WallTime
        /// The step of the provider's ladder, from 0.
        public var step: Int

        /// Makes a limit.
        public init(provider: ProviderName, model: ModelName?, until: WallTime, step: Int) {
            self.provider = provider
            self.model = model
            self.until = until
            self.step = step
        }
    }

    /// Whose turn it is among the keys of one provider.
    public struct Turn: Sendable, Equatable {
        /// The provider.
        public var provider: ProviderName
        /// The key that was chosen last.
        public var last: KeyLabel?
        /// The key that a person wants to be next; the same as ``last`` if a request took it and the mode `sticky` stays on it.
        public var next: KeyLabel?

        /// Makes a turn.
        public init(provider: ProviderName, last: KeyLabel?, next: KeyLabel?) {
            self.provider = provider
            self.last = last
            self.next = next
        }
    }

    /// The rests, at most one for each key and each model with it.
    public var conditions: [Condition]
    /// The turns, one for each provider that was used.
    public var turns: [Turn]
    /// The windows, one for each key that any are known of.
    public var windows: [Windows]
    /// The limits of whole providers, at most one for each provider and each model with it.
    public var wholeLimits: [WholeLimit]

    /// Makes a memory.
    public init(
        conditions: [Condition] = [], turns: [Turn] = [], windows: [Windows] = [], wholeLimits: [WholeLimit] = []
    ) {
        self.conditions = conditions
        self.turns = turns
        self.windows = windows
        self.wholeLimits = wholeLimits
    }
}
