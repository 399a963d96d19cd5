import NIOCore
import ProxyCore

/// Answers when no attempt is made, or none any more.
extension RequestFlow {
    /// No further attempt is made, and none is running: the last one decides what the caller gets (contract section 5).
    func conclude(_ refusal: DispatchRefusal) {
        if let failure = self.lastFailure { return self.answer(failure) }
        switch refusal {
        case .noKey(let shortage):
            self.answerWithoutKey(shortage)
        case .providerRests(let until):
            let wait = max(.zero, until - self.gateway.time.now())
            self.refuse(
                ProxyFault(
                    .overloaded, message: "The provider keeps failing and is left alone for a while.",
                    retryAfter: max(1, Int(wait.seconds.rounded(.up)))))
        case .spent, .budget:
            self.refuse(ProxyFault(.overloaded, retryAfter: 1))
        }
    }

    /// The last attempt has failed: its answer is passed on, or what stands for it.
    func answer(_ failure: AttemptFailure, of running: RunningAttempt) {
        let errorClass = failure.result.errorClass ?? .daemonInternal
        if let answer = failure.answer, self.replacement(for: failure) == nil {
            return running.attempt.commit(answer)
        }
        running.attempt.cancel()
        self.settle(running, class: errorClass)
        self.answer(failure)
    }

    /// The answer after an attempt that is over.
    private func answer(_ failure: AttemptFailure) {
        switch self.replacement(for: failure) {
        case .fault(let fault): return self.refuse(fault)
        case .noUsableKey:
            // Attempts were made: tell how the keys stand now, those of every candidate.
            let shortage = self.plan.map { plan in
                self.gateway.dispatcher.read { $0.shortage(for: plan, at: self.gateway.time.now()) }
            }
            return self.answerWithoutKey(shortage ?? KeyShortage(keys: [], isBusy: false))
        case nil: break
        }
        // It was held back while another attempt was waited for.
        guard let answer = failure.answer else { return self.refuse(failure.fault) }
        var head = answer.head
        // Of a long error the beginning is kept: its status and what it says of when to come back count (T-004).
        if !answer.isComplete { head.headers.remove("Content-Length") }
        self.passOn(head, isEventStream: head.isEventStream)
        if answer.body.readableBytes > 0 { self.passOn(answer.body) }
        self.exchange.finish(trailers: nil)
    }

    private enum Replacement {
        case fault(ProxyFault)
        case noUsableKey
    }

    /// What the caller gets instead of the provider's answer; `nil` if it gets that.
    ///
    /// By class and not by status: what concerns the provider's own key is not the caller's.
    private func replacement(for failure: AttemptFailure) -> Replacement? {
        guard let answer = failure.answer else { return .fault(failure.fault) }
        let status = answer.statusOfError
        let concernsKey = if case .key = failure.result.blame { true } else { false }
        // Whatever its class is, a caller would take a 401 for its own token.
        if status == 401, concernsKey { return .fault(ProxyFault(.upstreamAuth)) }
        switch failure.result.errorClass {
        case .providerAuthFailed where concernsKey, .providerForbidden where concernsKey && status == 403:
            return .fault(ProxyFault(.upstreamAuth))
        case .providerBilling where status == 402 || status == 403,
            .providerQuotaExhausted where status == 402 || status == 403,
            .providerRateLimited where status == 402 || status == 403:
            return .noUsableKey
        default:
            return nil
        }
    }

    /// No key can be used: 429 where one comes back, else 503, with the keys and their states.
    private func answerWithoutKey(_ shortage: KeyShortage) {
        self.refuse(
            NoUsableKey.fault(
                for: shortage, now: self.gateway.time.now(), wallTime: self.gateway.time.wallTime()))
    }

    func answerDryRun(key: KeyLabel, candidate: RouteCandidate) {
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
