import NIOCore
import ProxyCore

/// What a provider's answer to a question about a key says.
enum CheckFinding: Equatable {
    /// It told the usage, and so took the key.
    case told(UsageReport)
    /// It took the key.
    case passed
    /// It refused the key.
    case refused(KeyFailure, retryAfter: Duration?)
    /// It does not know the question, or answers it in a way that is not understood: another question may do better.
    case notUnderstood(reason: String)
    /// The answer says nothing about the key.
    case nothing(reason: String, retryAfter: Duration?)

    /// Reads an answer.
    init(
        _ answer: KeyCheckCall.Answer, to question: CheckQuestion, of provider: Configuration.Provider, at now: WallTime
    ) {
        let status = answer.head.status
        switch (status, question) {
        case (200, .models):
            self = .passed
        case (404, .models), (405, .models):
            // Who has no such path may not even have looked at the key.
            self = .nothing(reason: "status_\(status)", retryAfter: nil)
        case (200, .usage(let endpoint)):
            switch UsageReading(answer.body.readableBytesView, of: endpoint, at: now) {
            case .known(let report): self = .told(report)
            case .unknown(let fault): self = .notUnderstood(reason: fault.rawValue)
            }
        case (404, .usage), (405, .usage):
            self = .notUnderstood(reason: "status_\(status)")
        default:
            self.init(error: answer, of: provider, at: now)
        }
    }

    private init(error answer: KeyCheckCall.Answer, of provider: Configuration.Provider, at now: WallTime) {
        let wait = RetryAfter.wait(in: answer.head.headers, now: now)
        let classification = AnswerClassifier.classify(
            status: answer.head.status, headers: answer.head.headers, body: answer.body.readableBytesView,
            kind: provider.kind, ownRules: provider.rules, now: now)
        let scope: KeyFailureScope? =
            switch classification?.blame {
            case .key: .wholeKey
            case .keyAndModel: .model
            case .provider, .request, .affinity, nil: nil
            }
        guard let classification, let scope else {
            self = .nothing(reason: "status_\(answer.head.status)", retryAfter: wait)
            return
        }
        let failure = KeyFailure(
            classification.errorClass, scope: scope, recovery: classification.recovery,
            window: classification.window, daily: classification.daily)
        self = .refused(failure, retryAfter: wait)
    }

    /// In a word, for the log.
    var reason: String {
        switch self {
        case .told, .passed: "ok"
        case .refused(let failure, _): failure.errorClass.rawValue
        case .notUnderstood(let reason), .nothing(let reason, _): reason
        }
    }

    /// When the provider wants to be asked again, if it said so.
    var retryAfter: Duration? {
        switch self {
        case .refused(_, let wait), .nothing(_, let wait): wait
        case .told, .passed, .notUnderstood: nil
        }
    }
}
