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
        /// The step of the ladder, from 0.
        public var step: Int

        /// Makes a condition.
        public init(
            label: KeyLabel, provider: ProviderName, model: ModelName?, state: KeyState, reason: ErrorClass,
            until: WallTime, step: Int
        ) {
            self.label = label
            self.provider = provider
            self.model = model
            self.state = state
            self.reason = reason
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

    /// Makes a memory.
    public init(conditions: [Condition] = [], turns: [Turn] = []) {
        self.conditions = conditions
        self.turns = turns
    }
}
