/// A failure that a provider blames on a key.
public struct KeyFailure: Sendable, Equatable {
    /// The class.
    public var errorClass: ErrorClass
    /// What of the key it concerns.
    public var scope: KeyFailureScope
    /// What the provider said of when to try again.
    public var recovery: AnswerClassification.Recovery
    /// The window of the plan that is used up, if the answer names one: `5h`, `7d`, `month`.
    public var window: String?
    /// The quota for a day that the answer names, which counts only once a second failure confirms it.
    public var daily: AnswerClassification.DailyQuota?

    /// Makes a failure.
    public init(
        _ errorClass: ErrorClass,
        scope: KeyFailureScope,
        recovery: AnswerClassification.Recovery = .unknown,
        window: String? = nil,
        daily: AnswerClassification.DailyQuota? = nil
    ) {
        self.errorClass = errorClass
        self.scope = scope
        self.recovery = recovery
        self.window = window
        self.daily = daily
    }
}
