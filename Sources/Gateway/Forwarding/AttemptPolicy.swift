import ProxyCore

/// How one attempt ended, in the terms that the next step is decided by.
struct AttemptResult: Sendable, Equatable {
    /// Whom the failure is to be blamed on.
    enum Blame: Sendable, Equatable {
        /// The key, or its use for the model: another one may do.
        case key(KeyFailureScope)
        /// The provider or the way to it: another key or provider may do.
        case provider
        /// The request itself: nobody else will take it either.
        case request
    }

    /// The class of the failure; `nil` for a success.
    var errorClass: ErrorClass?
    /// Whom to blame.
    var blame: Blame
    /// Whether the provider may have done, and charged for, the work all the same.
    var possiblyBilled: Bool
    /// Whether the connection was an idle one that the other side may just have closed, before a byte of an answer.
    var diedOnReusedConnection: Bool
    /// Whether another key of the same provider meets the same trouble for certain (TLS, pins).
    var concernsOrigin: Bool
}

/// Whether a request is tried again, and where: the limits of the configuration applied to what has happened so far.
///
/// A pure value.
struct AttemptPolicy: Sendable {
    /// What to do after a failed attempt.
    enum Step: Sendable, Equatable {
        /// Choose another key, of another provider only if `otherProvider`.
        case anotherKey(otherProvider: Bool)
        /// The same key again, at once: its connection had died of age.
        case sameKey
        /// Answer with what there is.
        case giveUp
    }

    /// At most so many attempts in all.
    let maxAttempts: Int
    /// No attempt starts later than this.
    let deadline: Instant
    /// Whether the caller insists on one key.
    let isPinned: Bool

    /// How many attempts have begun.
    private(set) var attempts = 0
    private var repeatedOnStaleConnection = false

    init(maxAttempts: Int, deadline: Instant, isPinned: Bool) {
        self.maxAttempts = maxAttempts
        self.deadline = deadline
        self.isPinned = isPinned
    }

    /// Notes that an attempt begins.
    mutating func begin() {
        self.attempts += 1
    }

    /// Decides what follows a failed attempt.
    ///
    /// - Parameters:
    ///   - result: How it ended.
    ///   - canRepeatBody: Whether the request's body can be sent once more.
    ///   - repeatsPossiblyBilled: Whether the provider may be asked again although it may have done the work.
    mutating func next(
        after result: AttemptResult,
        canRepeatBody: Bool,
        repeatsPossiblyBilled: Bool,
        at now: Instant
    ) -> Step {
        guard result.errorClass != nil, result.blame != .request, canRepeatBody else { return .giveUp }
        guard self.attempts < self.maxAttempts, now < self.deadline else { return .giveUp }
        if result.possiblyBilled, !repeatsPossiblyBilled { return .giveUp }
        if result.diedOnReusedConnection, !self.repeatedOnStaleConnection {
            self.repeatedOnStaleConnection = true
            return .sameKey
        }
        if self.isPinned { return .giveUp }
        return .anotherKey(otherProvider: result.concernsOrigin)
    }
}
