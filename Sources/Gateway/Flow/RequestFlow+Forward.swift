import Logging
import Metrics
import NIOCore
import ProxyCore

/// An attempt that is running, with what it runs on.
struct RunningAttempt {
    let attempt: Attempt
    let candidate: RouteCandidate
    let grant: KeyGrant
    let begun: Instant
    /// The status of the provider's answer; `nil` if it gave none.
    var status: Int?

    /// The key that it is made with.
    var key: KeyLabel { self.grant.label }
}

extension RequestFlow: AttemptOwner {
    // MARK: Choosing a key

    /// Begins an attempt with a key of the first candidate that has a usable one.
    func attempt() {
        self.phase = .attempting
        guard let (grant, candidate) = self.chooseKey() else { return self.answerWithoutKey() }
        self.begin(on: grant, of: candidate)
    }

    /// Chooses a key of the first candidate that has a usable one, and counts the request on it.
    private func chooseKey() -> (KeyGrant, RouteCandidate)? {
        while self.candidateIndex < self.candidates.count {
            let candidate = self.candidates[self.candidateIndex]
            let demand = KeyDemand(
                provider: candidate.provider.name,
                model: candidate.model,
                pinned: self.controls.pinnedKey,
                session: self.controls.session,
                excluded: self.failedKeys
            )
            switch self.gateway.pool.choose(demand, at: self.gateway.time.now()) {
            case .chosen(let grant):
                return (grant, candidate)
            case .none(let shortage):
                self.shortage = self.shortage?.merged(with: shortage) ?? shortage
                self.candidateIndex += 1
            }
        }
        return nil
    }

    private func begin(on grant: KeyGrant, of candidate: RouteCandidate) {
        let now = self.gateway.time.now()
        let key = grant.label
        self.record.provider = candidate.provider.name
        self.record.key = key
        if self.snapshot.configuration.server.dryRun {
            self.gateway.pool.release(grant)
            return self.answerDryRun(key: key, candidate: candidate)
        }
        do throws(ProxyFault) {
            let request = try self.upstreamRequest(for: candidate, key: key)
            self.policy?.begin()
            let attempt = Attempt(
                eventLoop: self.exchange.eventLoop,
                owner: self,
                body: self.bodyForAttempt(of: candidate),
                limits: self.snapshot.attemptLimits,
                classify: { [snapshot, gateway] answer in
                    snapshot.classify(answer, of: candidate.provider, wallTime: gateway.time.wallTime())
                }
            )
            self.running = RunningAttempt(attempt: attempt, candidate: candidate, grant: grant, begun: now)
            attempt.begin(request, through: self.gateway.transport)
        } catch {
            self.gateway.pool.release(grant)
            self.refuse(error)
        }
    }

    private func upstreamRequest(for candidate: RouteCandidate, key: KeyLabel) throws(ProxyFault) -> UpstreamRequest {
        guard let route, let place = candidate.place(of: route) else {
            throw ProxyFault(.notFound, message: "The provider does not offer this API.")
        }
        let length: UpstreamRequest.Body =
            if let body, let total = self.bodyLength(of: candidate, in: body) { .length(total) } else { .none }
        return UpstreamRequest(
            method: self.head.method,
            origin: place.origin,
            target: place.joined.target,
            headers: self.snapshot(knowing: key, of: candidate.provider.name).requestFields(
                from: self.head.headers, key: key, provider: candidate.provider, joined: place.joined),
            body: length,
            pins: candidate.provider.pins
        )
    }

    /// The configuration that has the secret of a key: the request's own, or the one in force where a reload has brought
    /// the key in, or moved it to this provider, since the request began (T-015).
    private func snapshot(knowing key: KeyLabel, of provider: ProviderName) -> GatewaySnapshot {
        self.snapshot.keys[key]?.provider == provider ? self.snapshot : self.gateway.snapshot
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
        if head.status < 400 {
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
            self.settle(running, as: .neutral, class: self.record.status < 400 ? nil : self.record.errorClass)
        }
        self.exchange.finish(trailers: nil)
    }

    func attemptBroke(_ errorClass: ErrorClass, _ fault: ProxyFault, detail: String) {
        self.breakOff(errorClass, fault, detail: detail)
    }

    func attemptFailed(_ failure: AttemptFailure) {
        self.running?.status = failure.answer?.head.status
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
                .failed(errorClass, concerning: scope, hint: failure.hint)
            } else {
                .neutral
            }
        switch step {
        case .giveUp:
            self.note(outcome, of: running)
            self.answer(failure, of: running)
        case .sameKey:
            self.drop(running, noting: outcome, class: errorClass)
            self.begin(onSameKeyAs: running)
        case .anotherKey(let otherProvider):
            self.failedKeys.append(running.key)
            if otherProvider { self.candidateIndex += 1 }
            self.note(outcome, of: running)
            // The next key is taken before this attempt is given up, so that nobody else can take it in between.
            guard let (grant, candidate) = self.chooseKey() else { return self.answer(failure, of: running) }
            self.drop(running, noting: .neutral, class: errorClass)
            self.gateway.metrics.retries.with(errorClass.rawValue).increment()
            self.begin(on: grant, of: candidate)
        }
    }

    private func begin(onSameKeyAs former: RunningAttempt) {
        guard let grant = self.gateway.pool.chooseAgain(former.grant) else { return self.attempt() }
        self.gateway.metrics.retries.with(ErrorClass.providerUnreachable.rawValue).increment()
        self.begin(on: grant, of: former.candidate)
    }

    /// Ends an attempt in favour of the next one.
    private func drop(_ running: RunningAttempt, noting outcome: KeyOutcome, class errorClass: ErrorClass) {
        self.running = nil
        running.attempt.cancel()
        self.finish(running, as: outcome, class: errorClass)
    }

    // MARK: What becomes of keys

    /// Notes on the key how the attempt went, without taking the request off it.
    func note(_ outcome: KeyOutcome, of running: RunningAttempt) {
        let transitions = self.gateway.pool.record(
            outcome, on: running.grant, model: running.candidate.model, begun: running.begun,
            at: self.gateway.time.now())
        if !transitions.isEmpty { self.gateway.tell(transitions) }
    }

    /// Notes how the running attempt ended and takes the request off the key.
    func settle(_ running: RunningAttempt, as outcome: KeyOutcome, class errorClass: ErrorClass?) {
        self.running = nil
        self.finish(running, as: outcome, class: errorClass)
    }

    private func finish(_ running: RunningAttempt, as outcome: KeyOutcome, class errorClass: ErrorClass?) {
        self.note(outcome, of: running)
        self.gateway.pool.release(running.grant)
        let duration = self.gateway.time.now() - running.begun
        self.upstreamTime += duration
        self.record.attempts.append(
            RequestRecord.Attempt(
                key: running.key, provider: running.candidate.provider.name, errorClass: errorClass,
                status: running.status, duration: duration))
        let provider = running.candidate.provider.name.text
        let word = errorClass?.rawValue ?? "ok"
        self.gateway.metrics.upstreamAttempts.with(provider, word).increment()
    }

    // MARK: Answers after attempts

    /// No attempt is left: the last one decides what the caller gets (contract section 5).
    private func answer(_ failure: AttemptFailure, of running: RunningAttempt) {
        let errorClass = failure.result.errorClass ?? .daemonInternal
        guard let answer = failure.answer else {
            self.drop(running, noting: .neutral, class: errorClass)
            return self.refuse(failure.fault)
        }
        let status = answer.head.status
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
