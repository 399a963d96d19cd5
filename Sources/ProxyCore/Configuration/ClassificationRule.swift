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
/// - `blame` (`key`, `key_and_model`, `provider`, `request`): what it says something about; without it, what the class usually
///   does.
/// - `wait` (duration, 1 s to 35 days): when to try again, whatever the answer says of that; without it, what the answer says.
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

        /// The class.
        public var errorClass: ErrorClass {
            switch self {
            case .authFailed: .providerAuthFailed
            case .forbidden: .providerForbidden
            case .billing: .providerBilling
            case .quotaExhausted: .providerQuotaExhausted
            case .rateLimited: .providerRateLimited
            case .overloaded: .providerOverloaded
            case .serverError: .providerServerError
            case .rejected: .providerRejected
            case .timeout: .providerTimeout
            }
        }
    }

    /// What an answer can say something about.
    public enum Blame: String, Sendable, CaseIterable {
        /// The key, or the account behind it.
        case key
        /// The key, for the model of the request only.
        case keyAndModel = "key_and_model"
        /// The provider as a whole.
        case provider
        /// The request or the program that sent it.
        case request

        /// The same for classifications.
        public var classificationBlame: AnswerClassification.Blame {
            switch self {
            case .key: .key
            case .keyAndModel: .keyAndModel
            case .provider: .provider
            case .request: .request
            }
        }
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
    /// What it says something about; `nil` is what the class usually does.
    public var blame: Blame?
    /// When to try again, 1 s to 35 days; `nil` is what the answer says.
    public var wait: Duration?

    /// Makes a rule.
    public init(
        status: Int? = nil,
        type: String? = nil,
        code: String? = nil,
        message: String? = nil,
        outcome: Outcome,
        blame: Blame? = nil,
        wait: Duration? = nil
    ) {
        self.status = status
        self.type = type
        self.code = code
        self.message = message
        self.outcome = outcome
        self.blame = blame
        self.wait = wait
    }
}
