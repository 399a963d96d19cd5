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
        let answer = FailedAnswer(status: status, headers: headers, details: details, kind: kind, now: now)
        return self.classify(answer, ownRules: ownRules)
    }

    /// Classifies an error inside a stream whose status said that all was well; without a rule that fits it is the
    /// provider's failure.
    ///
    /// `headers` are those of the answer that began well.
    public static func classifyEvent(
        _ details: ProviderErrorDetails,
        headers: HeaderFields,
        kind: ProviderKind,
        ownRules: [ClassificationRule] = [],
        now: WallTime
    ) -> AnswerClassification {
        // Some streams carry the status that the answer would have had as the error's code.
        let status = details.code.flatMap { Int($0) }.flatMap { (400...599).contains($0) ? $0 : nil }
        let answer = FailedAnswer(status: status, headers: headers, details: details, kind: kind, now: now)
        return self.classify(answer, ownRules: ownRules)
    }

    private static func classify(
        _ answer: FailedAnswer,
        ownRules: [ClassificationRule]
    ) -> AnswerClassification {
        if let rule = ownRules.first(where: { self.matches($0, answer) }) {
            let errorClass = rule.outcome.errorClass
            return self.classification(
                answer, errorClass, rule.blame?.classificationBlame, wait: rule.wait,
                decidedBy: AnswerClassification.byOwnRule)
        }
        if let rule = BuiltInRule.table.first(where: { $0.matches(answer) }) {
            return self.classification(
                answer, rule.errorClass, rule.blame, isAmbiguous: rule.isAmbiguous, decidedBy: rule.name)
        }
        var result = self.classification(
            answer, self.usualClass(status: answer.status, kind: answer.kind), nil,
            decidedBy: AnswerClassification.byStatus)
        let details = answer.details
        result.unmatched = UnmatchedError(
            status: answer.status, type: details.type ?? details.status, code: details.code)
        return result
    }

    private static func classification(
        _ answer: FailedAnswer,
        _ errorClass: ErrorClass,
        _ blame: AnswerClassification.Blame?,
        wait: Duration? = nil,
        isAmbiguous: Bool = false,
        decidedBy: String
    ) -> AnswerClassification {
        let isPlanWindow = errorClass == .providerQuotaExhausted
        var result = AnswerClassification(
            errorClass: errorClass, blame: blame ?? self.usualBlame(errorClass, kind: answer.kind),
            isAmbiguous: isAmbiguous, decidedBy: decidedBy)
        if let wait {
            result.recovery = RecoveryHint.planned(wait, now: answer.now)
        } else if self.heedsHints(errorClass) {
            result.recovery = RecoveryHint.recovery(of: answer, isPlanWindow: isPlanWindow)
            if errorClass == .providerRateLimited { result.daily = self.dailyQuota(answer) }
        }
        if isPlanWindow { result.window = self.window(answer) }
        return result
    }

    /// Whether what an answer says of when to try again is about errors of a class.
    ///
    /// Nobody knows when money comes or a key is accepted again: a hint beside such an error is that of a throttle, too short
    /// for money, and for a key it might be longer than any block may be (K-007).
    private static func heedsHints(_ errorClass: ErrorClass) -> Bool {
        switch errorClass {
        case .providerRateLimited, .providerQuotaExhausted, .providerOverloaded, .providerServerError,
            .providerTimeout:
            true
        default: false
        }
    }

    private static func matches(_ rule: ClassificationRule, _ answer: FailedAnswer) -> Bool {
        func fits(_ wanted: String?, _ found: String?) -> Bool {
            guard let wanted else { return true }
            return found?.equalsIgnoringASCIICase(wanted) ?? false
        }
        return (rule.status == nil || rule.status == answer.status) && fits(rule.type, answer.details.type)
            && fits(rule.code, answer.details.code)
            && rule.message.map { answer.message.contains(phrase: $0.utf8.map(\.asciiLowercased)) } ?? true
    }

    /// The window of the plan that the answer names.
    private static func window(_ answer: FailedAnswer) -> String? {
        switch answer.kind {
        case .kimi: answer.message.earliest(of: BuiltInRule.kimiWindows)
        case .anthropic, .compatible: AnthropicPlanWindows(answer.headers)?.usedUp?.name
        case .moonshot, .openAI, .deepSeek, .openRouter, .gemini, .local: nil
        }
    }

    /// Google's quota for a day, of which its answers alone never tell for certain whether it is the one used up.
    private static func dailyQuota(_ answer: FailedAnswer) -> AnswerClassification.DailyQuota? {
        guard answer.kind == .gemini,
            let id = answer.details.quotas.first(where: {
                ProviderErrorDetails.lowercased($0).utf8Contains("perday")
            })
        else { return nil }
        // The name is kept for as long as the key rests: bounded, and nothing but visible ASCII.
        let name = String(
            decoding: id.utf8.prefix(128).map { (0x21...0x7E).contains($0) ? $0 : 0x5F }, as: UTF8.self)
        return AnswerClassification.DailyQuota(id: name, reset: PacificTime.nextMidnight(after: answer.now))
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
}
