import Logging
import Metrics
import NIOCore
import ProxyCore

/// The third phase: admission, before a byte of the body is read and long before anything of an answer.
extension RequestFlow {
    private var admissionRequest: AdmissionRequest {
        AdmissionRequest(
            caller: LimitKey(self.caller?.identity ?? .unknown),
            address: self.caller?.address.map { LimitKey($0) },
            priority: self.controls.priority)
    }

    /// Passes the limits, or waits for a place.
    func enter() {
        let bound = NIOLoopBound(self, eventLoop: self.exchange.eventLoop)
        let entry = self.gateway.gate.enter(self.admissionRequest, at: self.gateway.time.now()) { decision in
            bound.eventLoop.execute { bound.value.hear(decision) }
        }
        switch entry {
        case .admitted(let ticket):
            self.ticket = ticket
            self.gateway.priorities[self.controls.priority, .admitted]?.increment()
            self.beginReceiving()
        case .refused(let refusal):
            self.refuse(refusal)
        case .waiting(let number):
            self.phase = .queued(number)
            guard let limit = self.snapshot.configuration.limits.queueTimeout else { return }
            self.queueTimer = self.exchange.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) {
                self.waitedTooLong()
            }
        }
    }

    /// Passes the rates only: a list of models takes no place.
    func passRates() throws(ProxyFault) {
        guard let refusal = self.gateway.gate.pass(self.admissionRequest, at: self.gateway.time.now()) else { return }
        self.note(refusal)
        throw refusal.fault
    }

    private func hear(_ decision: AdmissionDecision) {
        guard case .queued = self.phase else {
            // The caller has left, or the wait has ended, while this was under way: the place goes back.
            if case .admitted(let ticket) = decision {
                self.gateway.gate.withdraw(ticket, at: self.gateway.time.now())
            }
            return
        }
        self.queueTimer?.cancel()
        switch decision {
        case .admitted(let ticket):
            // Memory may have become short while it waited.
            if let fault = self.gateway.pressure.refusal(at: self.gateway.time.now()) {
                self.gateway.gate.withdraw(ticket, at: self.gateway.time.now())
                self.phase = .beginning
                self.gateway.priorities[self.controls.priority, .refused]?.increment()
                return self.refuse(fault)
            }
            self.ticket = ticket
            self.gateway.priorities[self.controls.priority, .queued]?.increment()
            self.gateway.metrics.queueWait.with(self.controls.priority.rawValue).observe(
                self.gateway.time.now() - self.received)
            self.beginReceiving()
        case .refused(let refusal):
            self.phase = .beginning
            self.refuse(refusal)
        }
    }

    private func waitedTooLong() {
        guard case .queued(let number) = self.phase,
            let refusal = self.gateway.gate.expire(number, at: self.gateway.time.now())
        else { return }
        self.gateway.metrics.count(.admit, .timeout)
        self.phase = .beginning
        self.refuse(refusal)
    }

    private func refuse(_ refusal: LimitRefusal) {
        self.gateway.priorities[self.controls.priority, .refused]?.increment()
        self.note(refusal)
        self.refuse(refusal.fault)
    }

    private func note(_ refusal: LimitRefusal) {
        self.gateway.metrics.limited.with(refusal.limit.rawValue).increment()
        guard refusal.isNews else { return }
        self.logger.notice(
            "a caller has reached a limit",
            metadata: [
                "event": "caller_limited", "caller": "\(self.admissionRequest.caller)",
                "limit": "\(refusal.limit.rawValue)", "retry_after_s": "\(refusal.retryAfter)",
            ])
    }

    /// Gives back what the request holds, and counts the tokens that it took.
    func leaveGate() {
        let now = self.gateway.time.now()
        // One that has been admitted this very moment hears of it, and leaves then.
        if case .queued(let number) = self.phase { _ = self.gateway.gate.abandon(number, at: now) }
        guard let ticket = self.ticket else { return }
        self.ticket = nil
        self.gateway.gate.leave(ticket, tokens: self.chargedTokens, at: now)
    }

    /// The tokens that count for the caller's rate.
    private var chargedTokens: Int64 {
        let isWhole =
            switch self.record.outcome {
            case .complete, .refused: true
            case .cut, .left, .timedOut: !self.hasSpentUntold
            }
        return TokenCharge.tokens(
            told: self.record.tokens ?? TokenCounts(), isWhole: isWhole, body: self.body?.received ?? 0)
    }

    // MARK: How providers fare

    /// An answer has begun: how long that took tells whether its provider falls behind.
    func noteFirstByte(of running: RunningAttempt) {
        let now = self.gateway.time.now()
        let begun = running.dispatched.begun
        let provider = running.candidate.provider.name
        self.gateway.metrics.timeToFirstByte.with(provider.text).observe(now - begun)
        guard (running.status ?? 500) < 400,
            let time = LatencySource.time(
                begun: begun, bodyEnded: self.body == nil ? begun : self.bodyEnded, answered: now)
        else { return }
        self.gateway.gate.noteFirstByte(
            after: time,
            of: LatencySource(provider: provider, model: running.candidate.model, isStream: self.isEventStream),
            at: now)
    }

    /// An attempt failed, or an error came inside its answer.
    func noteOverload(_ errorClass: ErrorClass) {
        switch errorClass {
        case .providerRateLimited, .providerOverloaded:
            self.gateway.gate.noteOverload(at: self.gateway.time.now())
        default: break
        }
    }
}
