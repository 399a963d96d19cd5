/// What went wrong with a request or an attempt: the closed set that metrics, traces and the control interface share.
///
/// The prefix tells whose fault it is: the caller's, the provider's or the daemon's own.
public enum ErrorClass: String, CaseIterable, Sendable, Hashable {
    /// No credential, or a wrong one.
    case callerUnauthorized = "caller_unauthorized"
    /// Host, origin, certificate, route or model not allowed.
    case callerForbidden = "caller_forbidden"
    /// The request is malformed or cannot be routed.
    case callerInvalidRequest = "caller_invalid_request"
    /// The head or the body is over its limit.
    case callerTooLarge = "caller_too_large"
    /// A rate or concurrency limit of ours.
    case callerRateLimited = "caller_rate_limited"
    /// A budget of ours is used up.
    case callerBudgetExceeded = "caller_budget_exceeded"
    /// The caller went away before the answer was complete.
    case callerCancelled = "caller_cancelled"
    /// No provider serves the model.
    case callerModelUnknown = "caller_model_unknown"

    /// The provider does not accept the key.
    case providerAuthFailed = "provider_auth_failed"
    /// The provider accepts the key but not this use of it.
    case providerForbidden = "provider_forbidden"
    /// No money, no plan, or a spend limit reached.
    case providerBilling = "provider_billing"
    /// A window of the plan is used up until its reset.
    case providerQuotaExhausted = "provider_quota_exhausted"
    /// Too many requests or tokens at the moment.
    case providerRateLimited = "provider_rate_limited"
    /// The provider as a whole has no capacity at the moment.
    case providerOverloaded = "provider_overloaded"
    /// The provider failed.
    case providerServerError = "provider_server_error"
    /// The request's own fault in the provider's eyes: malformed, too large, against its policy.
    case providerRejected = "provider_rejected"
    /// Connect, first byte, idle or total timeout, or the provider reports one of its own.
    case providerTimeout = "provider_timeout"
    /// No connection.
    case providerUnreachable = "provider_unreachable"
    /// The handshake failed, or the certificate or its pin does not fit.
    case providerTLS = "provider_tls"
    /// The answer is not sound HTTP, or ended early.
    case providerProtocol = "provider_protocol"

    /// No key can be used now.
    case daemonNoUsableKey = "daemon_no_usable_key"
    /// Queue full, memory pressure, draining, breaker open.
    case daemonOverloaded = "daemon_overloaded"
    /// The state could not be read or written.
    case daemonStorage = "daemon_storage"
    /// A fault of ours.
    case daemonInternal = "daemon_internal"
}
