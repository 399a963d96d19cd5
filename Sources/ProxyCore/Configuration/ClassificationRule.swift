/// A rule of one's own that says what a provider's answer means; the first that matches decides, before the built-in
/// ones.
///
/// A rule matches if each of its conditions does, and has at least one.
///
/// Keys of `[[provider.rule]]`:
/// - `status` (100 to 599): the HTTP status.
/// - `type` (text): the error's `type`, the same but for case.
/// - `code` (text): the error's `code`, the same but for case.
/// - `message` (text): occurs in the error's message, case aside.
/// - `class` (an error class of providers, required): what the answer then is.
public struct ClassificationRule: Sendable, Equatable {
    /// What an answer can be: the error classes of providers that an answer can have.
    public enum Outcome: String, Sendable, CaseIterable {
        /// The key is not accepted.
        case authFailed = "provider_auth_failed"
        /// The key may not do this.
        case forbidden = "provider_forbidden"
        /// Money is missing.
        case billing = "provider_billing"
        /// A window of the plan is used up.
        case quotaExhausted = "provider_quota_exhausted"
        /// Too many requests for now.
        case rateLimited = "provider_rate_limited"
        /// The provider has too much to do.
        case overloaded = "provider_overloaded"
        /// A fault of the provider.
        case serverError = "provider_server_error"
        /// The request's own fault.
        case rejected = "provider_rejected"
        /// The provider gave up waiting.
        case timeout = "provider_timeout"
    }

    /// The HTTP status, 100 to 599; `nil` for any.
    public var status: Int?
    /// The error's `type`, the same but for the case of ASCII letters; `nil` for any.
    public var type: String?
    /// The error's `code`, the same but for the case of ASCII letters; `nil` for any.
    public var code: String?
    /// A text that occurs in the error's message, the case of ASCII letters aside; `nil` for any.
    public var message: String?
    /// What the answer then is.
    public var outcome: Outcome

    /// Makes a rule.
    public init(
        status: Int? = nil,
        type: String? = nil,
        code: String? = nil,
        message: String? = nil,
        outcome: Outcome
    ) {
        self.status = status
        self.type = type
        self.code = code
        self.message = message
        self.outcome = outcome
    }
}
