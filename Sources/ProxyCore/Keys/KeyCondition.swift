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
