import Logging
import Metrics
import NIOCore
import ProxyCore

/// What is known of a request when it ends: the one value that metrics and log are made from.
struct RequestReport {
    /// How the answer ended.
    enum Outcome: String {
        case complete
        case cut
        case left
        case refused
    }

    var outcome = Outcome.complete
    /// The status that was sent; 0 if none was, because the caller left first.
    var status = 0
    var errorClass: ErrorClass?
    var provider: ProviderName?
    var key: KeyLabel?
    var isStream = false
    /// How long attempts were running, all of them together.
    var upstream = Duration.zero
    var isAccounted = false
}

extension RequestFlow {
    /// The last phase, passed exactly once by every request, however it ended: counts it, logs it, gives its place back.
    func account() {
        guard !self.report.isAccounted else { return }
        self.report.isAccounted = true
        // One that has been admitted this very moment hears of it, and leaves then.
        if case .queued(let number) = self.phase { _ = self.gateway.gate.abandon(number) }
        self.phase = .over
        self.queueTimer?.cancel()
        self.body?.discard()
        if self.isAdmitted {
            self.isAdmitted = false
            self.gateway.gate.leave()
        }
        let now = self.gateway.time.now()
        self.countRequest(duration: now - self.received)
        self.logRequest(duration: now - self.received)
    }

    private func countRequest(duration: Duration) {
        let metrics = self.gateway.metrics
        let provider = self.report.provider?.text ?? ""
        let dialect = self.dialect.rawValue
        metrics.inFlightRequests.decrement()
        if self.isEventStream { metrics.activeStreams.decrement() }
        if self.report.status > 0 {
            metrics.requests(dialect: dialect, provider: provider, code: self.report.status).increment()
        }
        if let errorClass = self.report.errorClass {
            metrics.errors.with(errorClass.rawValue, provider).increment()
        }
        metrics.requestDuration(dialect: dialect, provider: provider, isStream: self.report.isStream).observe(duration)
        metrics.overhead.observe(max(.zero, duration - self.report.upstream))
    }

    /// One line a request, without its query, its body or any credential.
    private func logRequest(duration: Duration) {
        var fields: Logger.Metadata = [
            "event": "request",
            "dialect": "\(self.dialect.rawValue)",
            "status": "\(self.report.status)",
            "outcome": "\(self.report.outcome.rawValue)",
            "attempts": "\(self.policy?.attempts ?? 0)",
            "duration_us": "\(duration.nanoseconds / 1_000)",
        ]
        fields["client"] = self.caller?.name.map { "\($0)" }
        fields["provider"] = self.report.provider.map { "\($0)" }
        fields["key"] = self.report.key.map { "\($0)" }
        fields["class"] = self.report.errorClass.map { "\($0.rawValue)" }
        fields["bytes"] = "\(self.answerBytes)"
        self.logger.info("request finished", metadata: fields)
    }
}
