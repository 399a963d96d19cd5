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
