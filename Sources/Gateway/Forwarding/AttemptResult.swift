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
