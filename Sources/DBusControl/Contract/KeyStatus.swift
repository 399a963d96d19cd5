/// One key: the properties of `org.kmi.Proxy1.Key` (contract section 9).
///
/// Nothing of it is secret.
public struct KeyStatus: Sendable, Equatable {
    /// A window of a provider's plan.
    public struct Window: Sendable, Equatable {
        /// `5h`, `7d`, `month`, `balance` or the provider's own name.
        public var name: String
        /// How much is used; NaN if unknown.
        public var used: Double
        /// How much there is; NaN if unknown, 1 if the provider tells a ratio only.
        public var limit: Double
        /// When it starts anew, in microseconds since the epoch; 0 if unknown.
        public var resetsAt: UInt64

        /// Makes a window.
        public init(name: String, used: Double, limit: Double, resetsAt: UInt64) {
            self.name = name
            self.used = used
            self.limit = limit
            self.resetsAt = resetsAt
        }
    }

    /// A state that holds for one model only.
    public struct ModelState: Sendable, Equatable {
        /// The provider's name of the model.
        public var model: String
        /// The state, as in ``KeyStatus/state``.
        public var state: String
        /// The class of the error behind it.
        public var reason: String
        /// When the model can be used again with this key, in microseconds since the epoch.
        public var usableAt: UInt64

        /// Makes a state of one model.
        public init(model: String, state: String, reason: String, usableAt: UInt64) {
            self.model = model
            self.state = state
            self.reason = reason
            self.usableAt = usableAt
        }
    }

    /// The key's label.
    public var label = ""
    /// The provider that it is sent to.
    public var provider = ""
    /// `usable`, `cooling`, `exhausted`, `billing`, `suspect`, `invalid` or `disabled`; treat what is unknown as not usable.
    public var state = ""
    /// The class of the error behind the state; empty for `usable` and `disabled`.
    public var reason = ""
    /// When the key can be used again, in microseconds since the epoch; 0 if it can be now, or nobody can tell.
    public var usableAt: UInt64 = 0
    /// Whether less than a fifth of one of its windows is left.
    public var warn = false
    /// Whether a person lets it take part.
    public var enabled = true
    /// Higher ones are chosen first.
    public var priority: Int32 = 0
    /// The share in the mode `weighted`, at least 1.
    public var weight: UInt32 = 1
    /// What the daemon keeps the key to.
    public var limits = KeyLimits()
    /// The e-mail address of the account, as far as somebody has told it; else empty.
    public var account = ""
    /// Where the key comes from: `file` (the configuration), `state` (added at run time), `local` (a server without keys).
    public var origin = ""
    /// The secret's first and last four characters around `***`.
    public var masked = ""
    /// Twelve hexadecimal digits that tell secrets apart within one installation only.
    public var fingerprint = ""
    /// The windows of its plan, as far as they are known.
    public var windows: [Window] = []
    /// The names of those windows of which two views disagreed; the more pessimistic one is told.
    public var inconsistentWindows: [String] = []
    /// Requests that it serves at the moment.
    public var inFlight: UInt32 = 0
    /// Requests that it has served since it was added, restarts included.
    public var requests: UInt64 = 0
    /// Failed attempts by class of error, since the last reset.
    public var errors: [String: UInt64] = [:]
    /// When it last served a request, in microseconds since the epoch; 0 for never.
    public var lastUsedAt: UInt64 = 0
    /// The states that hold for one model only.
    public var modelStates: [ModelState] = []

    /// Makes the status of a key that nothing is known of.
    public init() {}
}
