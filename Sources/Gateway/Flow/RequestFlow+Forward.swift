import Logging
import Metrics
import NIOCore
import ProxyCore

extension RequestFlow: AttemptOwner {
    /// Looks for the first attempt.
    func attempt() {
        self.phase = .attempting
        self.follow(self.dispatch { dispatcher, plan, now in dispatcher.begin(&plan, at: now) })
    }

    /// Does what the dispatcher says.
    private func follow(_ step: DispatchStep?) {
        switch step {
        case .attempt(let dispatched): self.begin(dispatched)
        case .wait(let until): self.wait(until: until)
        case .giveUp(let refusal): self.conclude(refusal)
        case nil: self.refuse(ProxyFault(.internalFault))
        }
    }

    func begin(_ dispatched: DispatchedAttempt) {
        self.phase = .attempting
        let candidate = self.candidates[dispatched.index]
        let key = dispatched.grant.label
        guard let source = self.source(of: dispatched.grant, for: candidate.provider) else {
            return self.follow(self.dispatch { dispatcher, plan, now in dispatcher.replace(&plan, at: now) })
        }
        if !source.isGranted { self.plan?.markForeign() }
        self.record.provider = candidate.provider.name
        self.record.key = key
        self.lastCandidate = candidate
        if self.snapshot.configuration.server.dryRun {
            self.spendNonce()
            self.dispatch { dispatcher, plan, now in dispatcher.withdraw(&plan, at: now) }
            return self.answerDryRun(key: key, candidate: candidate)
        }
        self.activeUsageAsk = self.usageAsk(of: candidate)
        do throws(ProxyFault) {
            let request = try self.upstreamRequest(with: key, from: source, to: candidate)
            // What failed before is no word on this attempt, should it be ended from outside.
            self.record.errorClass = nil
            let isAsking = self.activeUsageAsk != nil
            let attempt = Attempt(
                eventLoop: self.exchange.eventLoop,
                owner: self,
                body: self.bodyForAttempt(of: candidate),
                limits: self.snapshot.attemptLimits,
                reading: AnswerReading(
                    dialect: self.dialect, removesUsage: isAsking, decoders: self.gateway.decoders),
                classify: { [snapshot, gateway] answer in
                    snapshot.classify(answer, of: candidate.provider, wallTime: gateway.time.wallTime())
                }
            )
            self.running = RunningAttempt(
                attempt: attempt, dispatched: dispatched, candidate: candidate, isAskingForUsage: isAsking)
            if let reason = self.retryReason { self.gateway.metrics.retries.with(reason.rawValue).increment() }
            self.spendNonce()
            attempt.begin(request, through: self.gateway.transport)
        } catch {
            self.dispatch { dispatcher, plan, now in dispatcher.withdraw(&plan, at: now) }
            if self.lastFailure != nil { self.conclude(.spent) } else { self.refuse(error) }
        }
    }

    private func upstreamRequest(
        with key: KeyLabel, from source: KeySource, to candidate: RouteCandidate
    ) throws(ProxyFault) -> UpstreamRequest {
        guard let route, let place = candidate.place(of: route) else {
            throw ProxyFault(.notFound, message: "The provider does not offer this API.")
        }
        let length: UpstreamRequest.Body =
            if let body, let total = self.bodyLength(of: candidate, in: body) { .length(total) } else { .none }
        return UpstreamRequest(
            method: self.head.method,
            origin: place.origin,
            target: place.joined.target,
            headers: source.snapshot.requestFields(
                from: self.head.headers, key: key, provider: candidate.provider, joined: place.joined),
            body: length,
            pins: candidate.provider.pins
        )
    }

    // MARK: Waiting for a repeat

    private func wait(until: Instant) {
        self.phase = .waiting
        let delay = max(.zero, until - self.gateway.time.now())
        self.repeatTimer = self.exchange.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
            guard case .waiting = self.phase else { return }
            self.follow(self.dispatch { dispatcher, plan, now in dispatcher.resume(&plan, at: now) })
        }
    }

    // MARK: What the attempt tells

    func attemptCommitted(_ head: ResponseHead, isEventStream: Bool) {
        self.passOn(head, isEventStream: isEventStream)
        self.running?.status = head.status
        guard let running = self.running else { return }
        // There is no other attempt: a body that has gone up is not needed while a long answer comes down.
        if running.attempt.isFullySent { self.body?.discard() }
        self.noteFirstByte(of: running)
        self.noteWindows(in: head.headers, of: running)
        // An error that is passed on because nothing else is left was told of before.
        guard head.status < 400, running.decidedBy == nil else { return }
        self.confirmUsageAsk(of: running, head)
        self.record.errorClass = nil
        // The provider has taken the key; how the answer ends says nothing more about it.
        self.dispatch { dispatcher, plan, now in dispatcher.answered(&plan, at: now) }
    }

    func attemptSawError(_ classification: AnswerClassification, status: Int?) {
        guard let running = self.running else { return }
        self.gateway.noteUnmatched(classification, of: running.candidate.provider.name, self.logger)
        self.logger.notice(
            "error in a stream",
            metadata: [
                "event": "stream_error",
                "provider": "\(running.candidate.provider.name)",
                "key": "\(running.key)",
                "class": "\(classification.errorClass.rawValue)",
                "status": "\(status ?? 0)",
                "decided_by": "\(classification.decidedBy)",
            ]
        )
        self.record.errorClass = classification.errorClass
        self.noteOverload(classification.errorClass)
        self.running?.decidedBy = classification.decidedBy
        self.dispatch { dispatcher, plan, now in dispatcher.sawError(classification, in: &plan, at: now) }
    }

    func attemptReceived(_ body: ByteBuffer) {
        self.passOn(body)
    }

    func attemptCompleted() {
        if let running = self.running {
            let isGood = self.record.status < 400 && running.decidedBy == nil
            self.settle(running, class: isGood ? nil : self.record.errorClass)
        }
        self.exchange.finish(trailers: nil)
    }

    func attemptBroke(_ errorClass: ErrorClass, _ fault: ProxyFault, detail: String) {
        self.breakOff(errorClass, fault, detail: detail)
    }

    func attemptFailed(_ failure: AttemptFailure) {
        self.running?.status = failure.status
        self.running?.decidedBy = failure.classification?.decidedBy
        self.running?.isPossiblyBilled = failure.result.possiblyBilled
        self.running?.hasFailed = true
        guard let running = self.running else { return }
        let errorClass = failure.result.errorClass ?? .daemonInternal
        if running.isAskingForUsage, self.repeatWithoutAsking(after: failure, of: running) { return }
        self.logFailure(failure, class: errorClass, of: running)
        self.record.errorClass = errorClass
        self.noteOverload(errorClass)
        if let answer = failure.answer { self.noteWindows(in: answer.head.headers, of: running) }
        let end = AttemptEnd(
            errorClass: errorClass,
            // An answer that is too long for our limit is so with every key.
            blame: failure.classification?.blame
                ?? (failure.fault.code == .responseTooLarge ? .request : .provider),
            classification: failure.classification,
            status: failure.status,
            diedOnReusedConnection: failure.result.diedOnReusedConnection,
            concernsOrigin: failure.result.concernsOrigin,
            canRepeat: (self.body?.isRepeatable ?? true) && errorClass != .daemonInternal
                && (!failure.result.possiblyBilled || running.candidate.provider.repeatPossiblyBilled)
        )
        let step = self.dispatch { dispatcher, plan, now in dispatcher.failed(end, of: &plan, at: now) }
        switch step {
        case .attempt, .wait:
            self.drop(running, class: errorClass)
            self.lastFailure = failure
            self.retryReason = errorClass
            self.follow(step)
        case .giveUp, nil:
            self.answer(failure, of: running)
        }
    }

    private func logFailure(_ failure: AttemptFailure, class errorClass: ErrorClass, of running: RunningAttempt) {
        if let classification = failure.classification {
            self.gateway.noteUnmatched(classification, of: running.candidate.provider.name, self.logger)
        }
        self.logger.log(
            // What the caller did wrong is between it and the provider.
            level: failure.result.blame == .request ? .debug : .notice,
            "attempt failed",
            metadata: [
                "event": "attempt_failed",
                "provider": "\(running.candidate.provider.name)",
                "key": "\(running.key)",
                "class": "\(errorClass.rawValue)",
                "decided_by": "\(failure.classification?.decidedBy ?? "transport")",
                "attempt": "\(self.plan?.attempts ?? 0)",
                "detail": "\(failure.detail)",
            ]
        )
    }

    /// Takes over what an answer tells of the key's limits.
    private func noteWindows(in headers: HeaderFields, of running: RunningAttempt) {
        let windows = UsageHeaders.windows(
            in: headers, kind: running.candidate.provider.kind, at: self.gateway.time.wallTime())
        guard !windows.isEmpty else { return }
        self.dispatch { dispatcher, plan, now in dispatcher.note(windows, of: plan, at: now) }
    }
}
