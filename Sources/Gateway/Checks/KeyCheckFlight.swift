import NIOCore
import ProxyCore

/// The questions that are asked about one key, one after the other, within one time limit.
///
/// Bound to one event loop.
final class KeyCheckFlight {
    /// The key.
    let grant: KeyGrant
    /// Its provider.
    let provider: Configuration.Provider
    /// Whether the usage is wanted.
    var isRefresh: Bool
    /// Whether the pool wants to know whether the key is taken.
    let isProbe: Bool
    /// The question that is being asked.
    var question: CheckQuestion
    /// The call that asks it.
    var call: KeyCheckCall?
    /// Ends the flight when it takes too long.
    var timer: Scheduled<Void>?
    /// What has been told of the usage so far.
    var report: UsageReport?
    /// What the usage endpoint said, if that was no report.
    var usageFinding: CheckFinding?

    init(
        grant: KeyGrant, provider: Configuration.Provider, isRefresh: Bool, isProbe: Bool,
        question: CheckQuestion? = nil
    ) {
        self.grant = grant
        self.provider = provider
        self.isRefresh = isRefresh
        self.isProbe = isProbe
        self.question = question ?? UsageEndpoint(of: provider.kind).map(CheckQuestion.usage) ?? .models
    }

    /// Takes what the present question has found, and answers which one comes next; `nil` if all is known.
    func take(_ finding: CheckFinding) -> CheckQuestion? {
        switch (self.question, finding) {
        case (.usage(.openRouterKey), .told(let report)):
            self.report = report
            // The balance of the account comes on top, where the key may ask for it.
            return .usage(.openRouterCredits)
        case (.usage(.openRouterCredits), let finding):
            if case .told(let account) = finding { self.report?.windows += account.windows }
            return nil
        case (.usage, .told(let report)):
            self.report = report
            return nil
        case (.usage, .notUnderstood) where self.isProbe:
            // What is not understood never unblocks a key, but the list of models may.
            self.usageFinding = finding
            return .models
        case (.usage, _):
            self.usageFinding = finding
            return nil
        case (.models, _):
            return nil
        }
    }

    /// What the pool is told; `last` is what the last question found.
    ///
    /// A usage endpoint that refuses a key has not been asked to check it, and blocks nothing.
    func result(_ last: CheckFinding) -> KeyCheckResult {
        if let report { return .accepted(windows: report.windows) }
        guard self.isProbe else { return .inconclusive }
        switch last {
        case .told, .passed: return .passed
        case .refused(let failure, _): return .refused(failure)
        case .notUnderstood, .nothing: return .inconclusive
        }
    }

    /// Gives up whatever is under way.
    func cancel() {
        self.timer?.cancel()
        self.timer = nil
        self.call?.cancel()
        self.call = nil
    }
}
