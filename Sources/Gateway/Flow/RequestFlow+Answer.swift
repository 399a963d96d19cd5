import Logging
import Metrics
import NIOCore
import ProxyCore

extension RequestFlow {
    /// Answers with an error of our own, in the caller's dialect.
    func refuse(_ fault: ProxyFault) {
        guard !self.hasAnswered else { return }
        if self.record.errorClass == nil { self.record.errorClass = fault.code.errorClass }
        if let failure = RequestStage.Failure(fault.code) {
            self.gateway.metrics.count(RequestStage(self.phase), failure)
        }
        if (self.plan?.attempts ?? 0) == 0 {
            self.record.outcome = .refused
            self.gateway.metrics.rejected.with(fault.code.rawValue).increment()
        }
        // Before the caller can have heard of it, and come again with the same.
        self.returnNonce()
        var answer = fault.refusalAnswer(in: self.dialect, requestID: self.requestID)
        self.addProxyFields(to: &answer.head.headers)
        self.answer(answer)
    }

    /// Answers with a complete answer of our own.
    func answer(_ answer: RefusalAnswer) {
        guard !self.hasAnswered else { return }
        self.phase = .answering
        self.record.status = answer.head.status
        var head = answer.head
        head.headers.replace(name: "X-Request-Id", value: self.requestID)
        head.headers.replace(name: "Content-Length", value: String(answer.body.readableBytes))
        if answer.head.status == 204 { head.headers.remove("Content-Length") }
        self.snapshot.origins.decorate(&head.headers, verdict: self.origin)
        self.noteFirstByte()
        self.exchange.writeHead(head)
        self.capture?.sawAnswer(answer.body)
        if answer.body.readableBytes > 0 { self.exchange.write(answer.body) }
        self.answerBytes = Int64(answer.body.readableBytes)
        self.exchange.finish(trailers: nil)
    }

    /// The fields that tell the caller what became of its request (contract section 4).
    func addProxyFields(to fields: inout HeaderFields) {
        guard let plan = self.plan else { return }
        if let provider = self.record.provider { fields.replace(name: "X-KMI-Provider", value: provider.text) }
        if let key = self.record.key { fields.replace(name: "X-KMI-Key", value: key.text) }
        fields.replace(name: "X-KMI-Attempts", value: String(plan.attempts))
        if let candidate = self.lastCandidate, candidate.isAlias, let model = candidate.model {
            fields.replace(name: "X-KMI-Model", value: model.text)
        }
    }

    // MARK: The committed answer of a provider

    /// Sends the head of the provider's answer; from here on there is no other attempt.
    func passOn(_ upstream: ResponseHead, isEventStream: Bool) {
        self.phase = .answering
        self.isEventStream = isEventStream
        self.record.status = upstream.status
        self.record.isStream = isEventStream
        // What was read of the request is not asked for any more.
        self.inspector = .opaque
        self.capture?.keepsAnswer = upstream.isUncoded
        if isEventStream { self.gateway.metrics.activeStreams.increment() }
        var head = ResponseHead(status: upstream.status, reason: upstream.reason)
        head.headers = self.snapshot.headers.callerHeaders(from: upstream.headers)
        // A length would leave no room for the error event that ends a stream which breaks off.
        if isEventStream { head.headers.remove("Content-Length") }
        head.headers.add(name: "X-Request-Id", value: self.requestID)
        self.addProxyFields(to: &head.headers)
        self.snapshot.origins.decorate(&head.headers, verdict: self.origin)
        self.noteFirstByte()
        self.exchange.writeHead(head)
        if isEventStream { self.keepCallerAlive() }
    }

    private func noteFirstByte() {
        self.record.firstByte = self.gateway.time.now() - self.received
    }

    /// Passes bytes of the provider's answer on, and holds the provider back while the caller does not take them.
    func passOn(_ bytes: ByteBuffer) {
        if self.isEventStream {
            self.keepAlive.passed(at: self.exchange.eventLoop.now)
        } else if let most = self.snapshot.configuration.server.limits.responseBody,
            self.answerBytes + Int64(bytes.readableBytes) > Int64(most)
        {
            return self.breakOff(.providerProtocol, ProxyFault(.responseTooLarge), detail: "over response_body")
        }
        self.answerBytes += Int64(bytes.readableBytes)
        self.capture?.sawAnswer(bytes)
        self.exchange.write(bytes)
        if !self.exchange.isWritable { self.running?.attempt.setPaused(true) }
    }

    /// Ends an answer that cannot be completed, so that nobody takes it for complete: an event stream that
    /// stands between two events with the dialect's error event, anything else by cutting the connection.
    func breakOff(_ errorClass: ErrorClass, _ fault: ProxyFault, detail: String) {
        var fields: Logger.Metadata = [
            "event": "stream_cut", "class": "\(errorClass.rawValue)", "detail": "\(detail)",
        ]
        if let running = self.running {
            fields["provider"] = "\(running.candidate.provider.name)"
            fields["key"] = "\(running.key)"
        }
        self.logger.warning("answer broke off", metadata: fields)
        if let failure = RequestStage.Failure(fault.code) { self.gateway.metrics.count(.answer, failure) }
        self.record.errorClass = errorClass
        self.record.outcome = .cut
        if self.isEventStream {
            let provider = self.record.provider?.text ?? ""
            self.gateway.metrics.streamsCut.with(provider, errorClass.rawValue).increment()
        }
        let isBetweenEvents = self.running?.attempt.isBetweenEvents ?? false
        if let running = self.running {
            running.attempt.cancel()
            self.settle(running, class: errorClass)
        }
        if self.isEventStream, isBetweenEvents {
            let event = fault.event(in: self.dialect, requestID: self.requestID)
            self.exchange.write(event)
            self.exchange.finish(trailers: nil)
        } else {
            self.exchange.abort()
        }
    }
}
