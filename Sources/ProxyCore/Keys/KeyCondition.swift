/// A state of a key, or of one model with it, with its reason and its end.
struct KeyCondition: Sendable, Equatable {
    /// The state until ``end``.
    var state: KeyState
    /// The class of the error that led here.
    var reason: ErrorClass
    /// The deadline: when the key takes part again, or a background check is to decide on that.
    var until: Instant
    /// When the key takes part again, whatever happens: ``until``, or later to leave a background check some time.
    var end: Instant
    /// How many windows in a row have ended in this state, from 0: the step of the ladder that ``until`` came from.
    ///
    /// It is -1 after a rest that all keys of the provider took together, which is no step of the key's own.
    var step: Int
    /// When the failure came that this window of trouble began with.
    var since: Instant
    /// When the last failure of it came; when the check began that told of it.
    var confirmedAt: Instant
    /// The provider's time of day that ``until`` stands for, if it is one.
    var reset: WallTime?
    /// Whether ``until`` is our own guess and not the provider's word.
    var isGuess = false
    /// The window of the plan that is used up, if it is known.
    var window: String?
    /// The provider's name of the quota for a day that the answer named.
    var dailyQuota: String?
    /// Whether the usage endpoint told of it and not an answer to a request.
    var isByPanel = false
    /// Whether all keys of the provider rest together.
    var isTogether = false
    /// The one request that caused it; `nil` once another one, or a check, ran into the same.
    var cause: UInt64?
    /// What held before it, at most one, for the case that ``cause`` turns out to be to blame itself.
    var before: [KeyCondition] = []
    /// When the provider refused the key first, and the request that it refused: for `suspect` and `invalid`.
    var firstRefusal: Refusal?
    /// Which rest of the key it is, so that requests which show its end are told from those of another one.
    var trial: UInt64 = 0
    /// Requests under way that show whether the key works again.
    var trialsRunning = 0
    /// Whether the transition back to usable was told already; only the step counts then.
    var isEndTold = false

    /// A first refusal of a key.
    struct Refusal: Sendable, Equatable {
        /// When.
        var at: Instant
        /// The number of the request; `nil` for a check.
        var request: UInt64?
    }

    /// How long a background check has before the key takes part again without one.
    static let timeForCheck = Duration.seconds(30)

    /// Whether it still keeps the key from serving.
    @inline(__always)
    func isInForce(at now: Instant) -> Bool { self.end > now }

    /// Whether its deadline has passed and a background check decides.
    func isCheckDue(at now: Instant) -> Bool { self.until <= now && self.end > now }

    /// Whether the next request shows if it is over.
    ///
    /// A rate limit is over at its deadline.
    @inline(__always)
    func isOnTrial(at now: Instant) -> Bool { self.state != .cooling && self.end <= now }

    /// Moves the deadline, and the end with it.
    mutating func rest(until: Instant, isProbed: Bool) {
        self.until = until
        self.end = isProbed ? until + Self.timeForCheck : until
    }

    /// Whether a success of an attempt that began then ends it.
    ///
    /// One that began after the rest always does. Within a rest an answer to a real request proves that neither key nor account
    /// is at fault, if it was asked for after the failure; of a rate limit it says nothing.
    func isDisproved(bySuccessBegun begun: Instant) -> Bool {
        self.end <= begun || (self.state != .cooling && begun > self.confirmedAt)
    }
}
