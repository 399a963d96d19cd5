import NIOCore
import ProxyCore

extension GatewaySnapshot {
    /// What an error of a provider means for its key and for the request.
    func classify(
        _ answer: HeldAnswer, of provider: Configuration.Provider, wallTime: WallTime
    ) -> Attempt.Classified {
        let classification = AnswerClassifier.classify(
            status: answer.head.status,
            headers: answer.head.headers,
            body: answer.body.readableBytesView,
            kind: provider.kind,
            ownRules: provider.rules,
            now: wallTime
        )
        guard let classification else {
            return Attempt.Classified(errorClass: .providerProtocol, blame: .provider, hint: nil)
        }
        let blame: AttemptResult.Blame =
            switch classification.blame {
            case .key: .key(.wholeKey)
            case .keyAndModel: .key(.model)
            case .provider: .provider
            case .request, .affinity: .request
            }
        return Attempt.Classified(
            errorClass: classification.errorClass, blame: blame, hint: classification.wait)
    }
}
