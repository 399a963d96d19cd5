/// What a provider's error means: its class, and what it says about.
public struct AnswerClassification: Sendable, Equatable {
    /// What an error says something about, and so what changes because of it.
    public enum Blame: String, Sendable, CaseIterable {
        /// The key, or the account behind it.
        case key
        /// The key, for the model of the request only.
        case keyAndModel = "key_and_model"
        /// The provider as a whole: no key changes.
        case provider
        /// The request or the program that sent it: nothing changes, and no other key would do better.
        case request
        /// State in the request that is bound to the key that made it: nothing changes.
        case affinity
    }

    /// The class of the error.
    public var errorClass: ErrorClass
    /// What it says something about.
    public var blame: Blame
    /// What an answer says of when to try again.
    public enum Recovery: Sendable, Equatable {
        /// Nothing.
        case unknown
        /// After so long, 0 to 24 hours.
        case after(Duration)
        /// At a time of day, when a window of the plan starts anew: at most five minutes ago and at most 35 days ahead.
        case at(WallTime)
    }

    /// A quota for a day that an answer names although it may mean a shorter one: it counts once a second failure names it
    /// again (provider facts, section 6).
    public struct DailyQuota: Sendable, Equatable {
        /// The provider's name of the quota.
        public var id: String
        /// When the next day begins where the provider counts.
        public var reset: WallTime

        /// Makes a quota.
        public init(id: String, reset: WallTime) {
            self.id = id
            self.reset = reset
        }
    }

    /// When to try again, as far as the answer says so.
    public var recovery: Recovery
    /// The window of the plan that is used up, where the answer names one: `5h`, `7d`, `month`.
    public var window: String?
    /// A quota for a day that has to be confirmed.
    public var daily: DailyQuota?
    /// Whether the same words also mean a limit of one key: then it depends on how other keys fare (Kimi's overload,
    /// provider facts, section 2.4).
    public var isAmbiguous: Bool
    /// What decided, for the log: the name of a rule, or `status`.
    public var decidedBy: String
    /// What the error called itself, where no rule matched; for ``UnmatchedErrors``.
    public var unmatched: UnmatchedError?

    /// Whether no rule matched, so that the status alone decided.
    public var isByStatusAlone: Bool { self.decidedBy == Self.byStatus }

    static let byStatus = "status"
    static let byOwnRule = "provider.rule"

    /// Makes a classification.
    public init(
        errorClass: ErrorClass, blame: Blame, recovery: Recovery = .unknown, window: String? = nil,
        daily: DailyQuota? = nil, isAmbiguous: Bool = false, decidedBy: String, unmatched: UnmatchedError? = nil
    ) {
        self.errorClass = errorClass
        self.blame = blame
        self.recovery = recovery
        self.window = window
        self.daily = daily
        self.isAmbiguous = isAmbiguous
        self.decidedBy = decidedBy
        self.unmatched = unmatched
    }
}
