import Logging
import Metrics
import NIOCore
import ProxyCore

extension RequestFlow {
    /// The last phase, passed exactly once by every request, however it ended: counts it, logs it, gives its place back.
    func account() {
        guard !self.isAccounted else { return }
        self.isAccounted = true
        // First, since how it ended decides what it costs.
        self.completeRecord()
        self.leaveGate()
        self.phase = .over
        self.queueTimer?.cancel()
        self.repeatTimer?.cancel()
        self.keepAlive.end()
        self.body?.discard()
        self.returnNonce()
        self.countRequest(self.record)
        self.logRequest(self.record)
        self.gateway.counts.add(self.record)
        let observer = self.gateway.observer
        self.gateway.captures.tell(self.record, self.capture, self.snapshot.redactor) { observer.requestFinished($0) }
        if self.gateway.dispatcher.hasNews { self.gateway.tellNews() }
    }

    private func completeRecord() {
        self.record.dialect = self.dialect
        self.record.client = self.caller?.name
        // What the caller says of one request goes before what was said of its client.
        self.record.project = self.controls.project ?? self.caller?.client?.project
        self.record.duration = self.gateway.time.now() - self.received
        self.record.caller = self.observedCaller
        // Whichever way it was answered, it was the clock that ended it.
        let isEndedByClock = self.record.errorClass == .providerTimeout
        if isEndedByClock, self.record.outcome == .cut || self.record.outcome == .complete {
            self.record.outcome = .timedOut
        }
    }

    private func countRequest(_ record: RequestRecord) {
        let metrics = self.gateway.metrics
        let provider = record.provider?.text ?? ""
        let dialect = record.dialect.rawValue
        metrics.inFlightRequests.decrement()
        if self.isEventStream { metrics.activeStreams.decrement() }
        if record.status > 0 {
            metrics.requests(dialect: dialect, provider: provider, code: record.status).increment()
        }
        if let errorClass = record.errorClass {
            metrics.errors.with(errorClass.rawValue, provider).increment()
        }
        metrics.requestDuration(dialect: dialect, provider: provider, isStream: record.isStream).observe(
            record.duration)
        metrics.overhead.observe(max(.zero, record.duration - self.upstreamTime))
        for (id, attempt) in record.lastAttempts {
            metrics.keyRequests.with(id.label.text, id.provider.text, attempt.outcome).increment()
        }
        self.countTokens(record)
    }

    /// One line a request, without its query, its body or any credential.
    private func logRequest(_ record: RequestRecord) {
        var fields: Logger.Metadata = [
            "event": "request",
            "dialect": .string(record.dialect.rawValue),
            "status": .string(String(record.status)),
            "outcome": .string(record.outcome.rawValue),
            "attempts": .string(String(self.plan?.attempts ?? 0)),
            "duration_us": .string(String(record.duration.nanoseconds / 1_000)),
        ]
        fields["client"] = record.client.map { .string($0.text) }
        fields["provider"] = record.provider.map { .string($0.text) }
        fields["key"] = record.key.map { .string($0.text) }
        fields["class"] = record.errorClass.map { .string($0.rawValue) }
        fields["bytes"] = .string(String(self.answerBytes))
        self.logger.info("request finished", metadata: fields)
    }
}
