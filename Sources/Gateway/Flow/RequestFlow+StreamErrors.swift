import Logging
import ProxyCore

extension RequestFlow {
    /// An error in the middle of an answer that is being passed on: too late for another attempt, but what it says of the
    /// key holds.
    func attemptSawError(_ classification: AnswerClassification, status: Int?) {
        guard let running = self.running else { return }
        self.logger.notice(
            "error in a stream",
            metadata: [
                "event": "stream_error",
                "provider": "\(running.candidate.provider.name)",
                "key": "\(running.key)",
                "class": "\(classification.errorClass.rawValue)",
                "status": "\(status ?? 0)",
                "rule": "\(classification.decidedBy)",
            ]
        )
        self.record.errorClass = classification.errorClass
        if case .key(let scope) = AttemptResult.Blame(classification.blame) {
            self.note(
                .failed(KeyFailure(classification.errorClass, scope: scope, recovery: classification.recovery)),
                of: running)
        }
    }
}
