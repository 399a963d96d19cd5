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
        /// At a time of day, when a window of the plan starts anew.
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

    /// Whether no rule matched, so that the status alone decided.
    public var isByStatusAlone: Bool { self.decidedBy == Self.byStatus }

    static let byStatus = "status"

    /// Makes a classification.
    public init(
        errorClass: ErrorClass, blame: Blame, recovery: Recovery = .unknown, window: String? = nil,
        daily: DailyQuota? = nil, isAmbiguous: Bool = false, decidedBy: String
    ) {
        self.errorClass = errorClass
        self.blame = blame
        self.recovery = recovery
        self.window = window
        self.daily = daily
        self.isAmbiguous = isAmbiguous
        self.decidedBy = decidedBy
    }
}

/// Tells what the answers of providers mean, from a table: what the body names comes before what its text says, and that
/// before the status.
public enum AnswerClassifier {
    /// Classifies an answer; `nil` for one that is no error (a status below 400).
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - headers: The header fields of the answer.
    ///   - body: The body, or as much of it as was read; only whole ones of up to 64 KiB are understood.
    ///   - kind: The kind of the provider.
    ///   - ownRules: Rules of the configuration, which come first.
    ///   - now: The present time of day, for dates in the answer.
    public static func classify(
        status: Int,
        headers: HeaderFields,
        body: some Collection<UInt8>,
        kind: ProviderKind,
        ownRules: [ClassificationRule] = [],
        now: WallTime
    ) -> AnswerClassification? {
        guard status >= 400 else { return nil }
        let details = ProviderErrorDetails(body: body) ?? ProviderErrorDetails()
        return self.classify(
            status: status, headers: headers, details: details, kind: kind, ownRules: ownRules, now: now)
    }

    /// Classifies an error inside a stream whose status said that all was well; without a rule that fits it is the
    /// provider's failure.
    public static func classifyEvent(
        _ details: ProviderErrorDetails,
        headers: HeaderFields,
        kind: ProviderKind,
        ownRules: [ClassificationRule] = [],
        now: WallTime
    ) -> AnswerClassification {
        // Some streams carry the status that the answer would have had as the error's code.
        let status = details.code.flatMap { Int($0) }.flatMap { (400...599).contains($0) ? $0 : nil }
        return self.classify(
            status: status, headers: headers, details: details, kind: kind, ownRules: ownRules, now: now)
    }

    private static func classify(
        status: Int?,
        headers: HeaderFields,
        details: ProviderErrorDetails,
        kind: ProviderKind,
        ownRules: [ClassificationRule],
        now: WallTime
    ) -> AnswerClassification {
        let message = ProviderErrorDetails.lowercased(String((details.message ?? "").prefix(4_096)))
        let wait = self.wait(details, headers: headers, now: now)
        func result(_ errorClass: ErrorClass, _ blame: AnswerClassification.Blame?, _ decidedBy: String)
            -> AnswerClassification
        {
            AnswerClassification(
                errorClass: errorClass, blame: blame ?? self.usualBlame(errorClass, kind: kind),
                recovery: wait.map(AnswerClassification.Recovery.after) ?? .unknown, decidedBy: decidedBy)
        }
        for rule in ownRules where self.matches(rule, status: status, details: details, message: message) {
            return result(ErrorClass(rawValue: rule.outcome.rawValue) ?? .providerServerError, nil, "provider.rule")
        }
        let names = details.names
        for rule in BuiltInRule.table
        where rule.matches(kind: kind, status: status, names: names, message: message, headers: headers) {
            return result(rule.errorClass, rule.blame, rule.name)
        }
        return result(self.usualClass(status: status, kind: kind), nil, AnswerClassification.byStatus)
    }

    private static func matches(
        _ rule: ClassificationRule,
        status: Int?,
        details: ProviderErrorDetails,
        message: String
    ) -> Bool {
        func fits(_ wanted: String?, _ found: String?) -> Bool {
            guard let wanted else { return true }
            return found?.equalsIgnoringASCIICase(wanted) ?? false
        }
        return (rule.status == nil || rule.status == status) && fits(rule.type, details.type)
            && fits(rule.code, details.code)
            && rule.message.map { message.contains(ProviderErrorDetails.lowercased($0)) } ?? true
    }

    /// The class that a status stands for where nothing else says more.
    ///
    /// An unknown 403 is never about the key as such.
    static func usualClass(status: Int?, kind: ProviderKind) -> ErrorClass {
        switch status {
        case 401: .providerAuthFailed
        case 402: .providerBilling
        case 403: .providerForbidden
        case 408 where kind == .openRouter: .providerServerError
        case 408, 504, 524: .providerTimeout
        case 429: .providerRateLimited
        case 502 where kind == .openRouter: .providerOverloaded
        case 503, 529: .providerOverloaded
        case .some(400..<500): .providerRejected
        default: .providerServerError
        }
    }

    /// What an error of a class usually says something about: limits hold per model with the providers that limit so.
    static func usualBlame(_ errorClass: ErrorClass, kind: ProviderKind) -> AnswerClassification.Blame {
        switch errorClass {
        case .providerAuthFailed, .providerBilling, .providerQuotaExhausted: .key
        case .providerForbidden: .keyAndModel
        case .providerRateLimited:
            switch kind {
            case .openAI, .anthropic, .gemini, .moonshot: .keyAndModel
            case .kimi, .deepSeek, .openRouter, .local, .compatible: .key
            }
        case .providerRejected: .request
        default: .provider
        }
    }

    /// The wait that an answer names: in its body, in its header, in its text.
    private static func wait(
        _ details: ProviderErrorDetails,
        headers: HeaderFields,
        now: WallTime
    ) -> Duration? {
        let wait: Duration? =
            switch details.wait {
            case .duration(let duration): duration
            case .until(let time): .microseconds(time.microseconds - now.microseconds)
            case nil: RetryAfter.wait(in: headers, now: now) ?? details.waitInMessage
            }
        return wait.map { min(max($0, .zero), RetryAfter.maximum) }
    }
}
