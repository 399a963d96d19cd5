import NIOCore
import ProxyCore

extension GatewaySnapshot {
    /// What an error of a provider means for its key and for the request.
    func classify(
        _ answer: HeldAnswer, of provider: Configuration.Provider, wallTime: WallTime
    ) -> AnswerClassification {
        if let error = answer.eventError {
            return AnswerClassifier.classifyEvent(
                error, headers: answer.head.headers, kind: provider.kind, ownRules: provider.rules, now: wallTime)
        }
        return AnswerClassifier.classify(
            status: answer.head.status,
            headers: answer.head.headers,
            body: answer.body.readableBytesView,
            kind: provider.kind,
            ownRules: provider.rules,
            now: wallTime
        ) ?? AnswerClassification(errorClass: .providerProtocol, blame: .provider, decidedBy: "protocol")
    }
}

extension ProviderErrorDetails {
    /// The status that the answer would have had, where an event in a stream gives it as the error's code.
    var statusCode: Int? {
        self.code.flatMap { Int($0) }.flatMap { (400...599).contains($0) ? $0 : nil }
    }
}

extension AttemptResult.Blame {
    /// Whom the next step has to blame.
    init(_ blame: AnswerClassification.Blame) {
        self =
            switch blame {
            case .key: .key(.wholeKey)
            case .keyAndModel: .key(.model)
            case .provider: .provider
            case .request, .affinity: .request
            }
    }
}
