import Logging
import Metrics
import NIOCore
import ProxyCore

/// An attempt that is running, with what it runs on.
struct RunningAttempt {
    let attempt: Attempt
    let chosen: ChosenKey
    let begun: Instant
    /// The status of the provider's answer; `nil` if it gave none.
    var status: Int?
    /// Whether it failed: its answer can still be passed on, and then says nothing good of the key.
    var hasFailed = false

    /// The key that it is made with.
    var key: KeyLabel { self.chosen.grant.label }
    /// The provider and the model that it is made for.
    var candidate: RouteCandidate { self.chosen.candidate }
}

extension RequestFlow: AttemptOwner {
    /// Begins an attempt with a key of the first candidate that has a usable one.
    func attempt() {
        self.phase = .attempting
        guard let chosen = self.chooseKey() else { return self.answerWithoutKey() }
        self.begin(on: chosen)
    }

    private func begin(on chosen: ChosenKey) {
        let now = self.gateway.time.now()
        let candidate = chosen.candidate
        let key = chosen.grant.label
        self.record.provider = candidate.provider.name
        self.record.key = key
        if self.snapshot.configuration.server.dryRun {
            self.gateway.pool.release(chosen.grant)
            return self.answerDryRun(key: key, candidate: candidate)
        }
        do throws(ProxyFault) {
            let request = try self.upstreamRequest(on: chosen)
            self.policy?.begin()
            // What failed before is no word on this attempt, should it be ended from outside.
            self.record.errorClass = nil
            let attempt = Attempt(
                eventLoop: self.exchange.eventLoop,
                owner: self,
                body: self.bodyForAttempt(of: candidate),
                limits: self.snapshot.attemptLimits,
                classify: { [snapshot, gateway] answer in
                    snapshot.classify(answer, of: candidate.provider, wallTime: gateway.time.wallTime())
                }
            )
            self.running = RunningAttempt(attempt: attempt, chosen: chosen, begun: now)
            attempt.begin(request, through: self.gateway.transport)
        } catch {
            self.gateway.pool.release(chosen.grant)
            self.refuse(error)
        }
    }

    private func upstreamRequest(on chosen: ChosenKey) throws(ProxyFault) -> UpstreamRequest {
        let candidate = chosen.candidate
        guard let route, let place = candidate.place(of: route) else {
            throw ProxyFault(.notFound, message: "The provider does not offer this API.")
        }
        let length: UpstreamRequest.Body =
            if let body, let total = self.bodyLength(of: candidate, in: body) { .length(total) } else { .none }
        return UpstreamRequest(
            method: self.head.method,
            origin: place.origin,
            target: place.joined.target,
            headers: chosen.source.snapshot.requestFields(
                from: self.head.headers, key: chosen.grant.label, provider: candidate.provider, joined: place.joined),
            body: length,
            pins: candidate.provider.pins
        )
    }

    // MARK: What the attempt tells

    func attemptCommitted(_ head: ResponseHead, isEventStream: Bool) {
        self.passOn(head, isEventStream: isEventStream)
        self.running?.status = head.status
        guard let running = self.running else { return }
        // There is no other attempt: a body that has gone up is not needed while a long answer comes down.
        if running.attempt.isFullySent { self.body?.discard() }
        self.gateway.metrics.timeToFirstByte.with(running.candidate.provider.name.text).observe(
            self.gateway.time.now() - running.begun)
        if head.status < 400, !running.hasFailed {
            self.record.errorClass = nil
            // The provider has taken the key; how the answer ends says nothing more about it.
            self.note(.succeeded, of: running)
        }
    }

    func attemptReceived(_ body: ByteBuffer) {
        self.passOn(body)
    }

    func attemptCompleted() {
        if let running = self.running {
            self.settle(running, as: .neutral, class: self.record.errorClass)
        }
        self.exchange.finish(trailers: nil)
    }

    func attemptBroke(_ errorClass: ErrorClass, _ fault: ProxyFault, detail: String) {
        self.breakOff(errorClass, fault, detail: detail)
    }

    func attemptFailed(_ failure: AttemptFailure) {
        self.running?.status = failure.answer?.head.status
        self.running?.hasFailed = true
        guard let running = self.running, var policy = self.policy else { return }
        let errorClass = failure.result.errorClass ?? .daemonInternal
        self.logger.log(
            // What the caller did wrong is between it and the provider.
            level: failure.result.blame == .request ? .debug : .notice,
            "attempt failed",
            metadata: [
                "event": "attempt_failed",
                "provider": "\(running.candidate.provider.name)",
                "key": "\(running.key)",
                "class": "\(errorClass.rawValue)",
                "attempt": "\(policy.attempts)",
                "detail": "\(failure.detail)",
            ]
        )
        self.record.errorClass = errorClass
        let step = policy.next(
            after: failure.result,
            canRepeatBody: self.body?.isRepeatable ?? true,
            repeatsPossiblyBilled: running.candidate.provider.repeatPossiblyBilled,
            at: self.gateway.time.now()
        )
        self.policy = policy
        let outcome: KeyOutcome =
            if case .key(let scope) = failure.result.blame {
                .failed(
                    KeyFailure(errorClass, scope: scope, recovery: failure.classification?.recovery ?? .unknown))
            } else {
                .neutral
            }
        switch step {
        case .giveUp:
            self.note(outcome, of: running)
            self.answer(failure, of: running)
        case .sameKey:
            // Its place stays taken in between, so that nobody else comes in on top (K-026).
            let again = self.gateway.pool.chooseAgain(running.chosen.grant)
            self.drop(running, noting: outcome, class: errorClass)
            guard again != nil else { return self.attempt() }
            self.gateway.metrics.retries.with(ErrorClass.providerUnreachable.rawValue).increment()
            self.begin(on: running.chosen)
        case .anotherKey(let otherProvider):
            self.failedKeys.append(running.key)
            if otherProvider { self.candidateIndex += 1 }
            self.note(outcome, of: running)
            // The next key is taken before this attempt is given up, so that nobody else can take it in between.
            guard let chosen = self.chooseKey() else { return self.answer(failure, of: running) }
            self.drop(running, noting: .neutral, class: errorClass)
            self.gateway.metrics.retries.with(errorClass.rawValue).increment()
            self.begin(on: chosen)
        }
    }

    // MARK: Answers after attempts

    /// No attempt is left: the last one decides what the caller gets (contract section 5).
    private func answer(_ failure: AttemptFailure, of running: RunningAttempt) {
        let errorClass = failure.result.errorClass ?? .daemonInternal
        guard let answer = failure.answer else {
            self.drop(running, noting: .neutral, class: errorClass)
            return self.refuse(failure.fault)
        }
        let status = answer.eventError?.statusCode ?? answer.head.status
        let concernsKey = if case .key = failure.result.blame { true } else { false }
        switch errorClass {
        case .providerAuthFailed where concernsKey, .providerForbidden where concernsKey && status == 403:
            self.drop(running, noting: .neutral, class: errorClass)
            self.refuse(ProxyFault(.upstreamAuth))
        case .providerBilling where status == 402 || status == 403,
            .providerQuotaExhausted where status == 402 || status == 403:
            self.drop(running, noting: .neutral, class: errorClass)
            self.answerWithoutKey()
        default:
            running.attempt.commit(answer)
        }
    }

    /// No key can be used: 429 where one comes back, else 503, with the keys and their states.
    private func answerWithoutKey() {
        let now = self.gateway.time.now()
        var shortage = self.shortage ?? KeyShortage(keys: [], isBusy: false)
        if let policy, policy.attempts > 0 {
            // Attempts were made: tell how the keys stand now, those of every candidate.
            shortage = KeyShortage(keys: [], isBusy: false)
            for candidate in self.candidates {
                let demand = KeyDemand(
                    provider: candidate.provider.name, model: candidate.model, pinned: self.controls.pinnedKey)
                shortage = shortage.merged(with: self.gateway.pool.shortage(for: demand, at: now))
            }
        }
        self.refuse(NoUsableKey.fault(for: shortage, now: now, wallTime: self.gateway.time.wallTime()))
    }

    private func answerDryRun(key: KeyLabel, candidate: RouteCandidate) {
        var json = JSONWriter(reservingCapacity: 128)
        json.raw(#"{"dry_run":true,"provider":"#)
        json.string(candidate.provider.name.text)
        json.raw(#","key":"#)
        json.string(key.text)
        json.raw(#","model":"#)
        if let model = candidate.model { json.string(model.text) } else { json.raw("null") }
        json.raw("}")
        var head = ResponseHead(status: 200)
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "X-KMI-Dry-Run", value: "true")
        self.addProxyFields(to: &head.headers)
        self.answer(RefusalAnswer(head: head, body: ByteBuffer(bytes: json.bytes)))
    }
}
