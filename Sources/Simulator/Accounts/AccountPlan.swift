/// What the account behind a credential may use; a member that is not set limits nothing.
struct AccountPlan: Sendable, Equatable {
    /// The shapes in which Kimi Code tells of usage.
    enum Shape: String, Sendable, CaseIterable {
        /// Counters as texts, times to the nanosecond.
        case classic
        /// The same with whole and broken numbers.
        case numbers
        /// Without the member `used`.
        case remaining
        /// Limits without `detail`, the window's name as a label.
        case inline
        /// Resets as seconds from now.
        case relative
        /// Ratio pools beside the count of five hours.
        case pools
        /// Ratio pools with names in camel case.
        case camel
        /// Ratio pools that say that nothing is used, beside counts that say otherwise.
        case contradicting
        /// Counts that say that nothing is used, whatever is.
        case stale
        /// The classic shape inside `data`.
        case wrapped
        /// A shape that nobody knows.
        case unknown
    }

    /// A limit over a time that begins anew when it is over.
    struct Window: Sendable, Equatable {
        /// How much may be used.
        var limit = 100
        /// How much is used before the first request.
        var used = 0
        /// How long it is, in milliseconds.
        var length = 0
        /// How long it lasts the first time, in milliseconds; the length if it is not set.
        var resetsIn: Int?
    }

    /// The credential, or a pattern; each credential that fits has an account of its own.
    var key = "*"
    /// How usage is told.
    var shape = Shape.classic
    /// The window of five hours.
    var fiveHours: Window?
    /// The window of seven days.
    var week: Window?
    /// The window of a month.
    var month: Window?
    /// The limit of requests that is told in header fields.
    var requests: Window?
    /// Money.
    var balance: Double?
    /// Money that a request costs.
    var cost = 0.0
    /// The limit of the key itself at OpenRouter.
    var keyLimit: Double?
    /// Requests at once.
    var inFlight: Int?
    /// The level of the membership.
    var level = "LEVEL_INTERMEDIATE"
    /// What `parallel.limit` tells.
    var parallel = 30
    /// The account's e-mail.
    var email: String?
}
