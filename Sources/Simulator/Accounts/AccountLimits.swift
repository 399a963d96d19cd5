import Foundation

/// What an account's limits add to answers: refusals, and header fields about limits.
struct AccountLimits {
    /// How the account stands.
    let standing: AccountBook.Standing
    /// The request.
    let facts: RequestFacts
    /// The time.
    let now: Date

    private var flavour: Flavour { Flavour(model: self.facts.model, target: self.facts.target) }
    private var isKimi: Bool { self.facts.target.hasPrefix("/coding/") }

    /// The error that the provider refuses a request with.
    func error(_ refusal: AccountBook.Refusal) -> TypedError {
        switch refusal {
        case .fiveHours:
            var error = ErrorCatalogue.named("kimi.access_terminated.weekly")
            error.message = "You've reached your 5-hour usage limit. Your quota will be refreshed in the next cycle."
            return error
        case .week: return ErrorCatalogue.named("kimi.access_terminated.weekly")
        case .month: return ErrorCatalogue.named("kimi.access_terminated.monthly")
        case .inFlight where self.isKimi: return ErrorCatalogue.named("kimi.permission_error")
        case .requests, .inFlight: return ErrorCatalogue.named(self.rateLimit)
        case .balance: return ErrorCatalogue.named(self.noMoney)
        }
    }

    private var rateLimit: String {
        if self.isKimi { return "kimi.rate_limit_reached_error" }
        return switch self.flavour {
        case .moonshot: "moonshot.rate_limit_reached_error"
        case .deepSeek: "deepseek.rate_limit"
        case .openRouter: "openrouter.rate_limit"
        case .openAI where self.facts.dialect == .gemini: "gemini.resource_exhausted.per_minute"
        case .openAI: self.facts.dialect == .anthropic ? "anthropic.rate_limit_error" : "openai.rate_limit_exceeded"
        }
    }

    private var noMoney: String {
        if self.isKimi { return "kimi.exceeded_current_quota_error" }
        return switch self.flavour {
        case .moonshot: "moonshot.exceeded_current_quota_error"
        case .deepSeek: "deepseek.insufficient_balance"
        case .openRouter: "openrouter.insufficient_credits"
        case .openAI: self.facts.dialect == .anthropic ? "anthropic.credit_balance" : "openai.insufficient_quota"
        }
    }

    /// The header fields that tell of the limit of requests, as the provider writes them; none where it writes none.
    var headers: [AnswerScript.HeaderLine] {
        guard let window = self.standing.requests, !self.isKimi else { return [] }
        let limit = String(window.limit)
        let remaining = String(max(0, window.limit - window.used))
        let seconds = max(0, window.resetsAt.timeIntervalSince(self.now))
        switch (self.flavour, self.facts.dialect) {
        case (.openAI, .anthropic):
            return [
                .init("anthropic-ratelimit-requests-limit", limit),
                .init("anthropic-ratelimit-requests-remaining", remaining),
                .init("anthropic-ratelimit-requests-reset", AccountUsages.time(window.resetsAt)),
            ]
        case (_, .gemini): return []
        case (.moonshot, _):
            return [
                .init("X-RateLimit-Limit", limit), .init("X-RateLimit-Remaining", remaining),
                .init("X-RateLimit-Reset", String(Int(seconds.rounded(.up)))),
            ]
        case (.openRouter, _):
            return [
                .init("X-RateLimit-Limit", limit), .init("X-RateLimit-Remaining", remaining),
                .init("X-RateLimit-Reset", String(Int(window.resetsAt.timeIntervalSince1970 * 1_000))),
            ]
        case (.deepSeek, _):
            return []
        case (.openAI, .openAI):
            return [
                .init("x-ratelimit-limit-requests", limit), .init("x-ratelimit-remaining-requests", remaining),
                .init("x-ratelimit-reset-requests", Self.duration(milliseconds: Int(seconds * 1_000))),
            ]
        }
    }

    /// A duration as OpenAI writes it: `6m0s`, `1.5s`, `20ms`.
    static func duration(milliseconds: Int) -> String {
        if milliseconds < 1_000 { return "\(milliseconds)ms" }
        let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000)
        let seconds = rest % 1_000 == 0 ? "\(rest / 1_000)s" : "\(Double(rest) / 1_000)s"
        return minutes > 0 ? "\(minutes)m\(seconds)" : seconds
    }
}
