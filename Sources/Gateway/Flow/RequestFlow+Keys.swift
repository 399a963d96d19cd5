import Logging
import Metrics
import NIOCore
import ProxyCore

/// An attempt that is running, with what it runs on.
struct RunningAttempt {
    let attempt: Attempt
    let dispatched: DispatchedAttempt
    let candidate: RouteCandidate
    /// Whether it asks for usage that the caller did not ask for.
    let isAskingForUsage: Bool
    /// The status of the provider's answer; `nil` if it gave none.
    var status: Int?
    /// What decided what its failure means; `nil` for a success, and for one without an answer.
    var decidedBy: String?
    /// Whether it failed before anything of it was passed on; it may have been an answer that is passed on all the same.
    var hasFailed = false
    /// Whether it failed after it was sent, so that the provider may charge for it.
    var isPossiblyBilled = false

    /// The key that it is made with.
    var key: KeyLabel { self.dispatched.grant.label }
}

extension RequestFlow {
    /// Tells the log and the audit of a caller who asks by its label for a key that is out of use (K-042).
    ///
    /// One that only rests, because of a rate or a quota, is none.
    func noteBlocked(_ label: KeyLabel) {
        let now = self.gateway.time.now()
        guard let key = self.gateway.dispatcher.snapshots(at: now).first(where: { $0.label == label }) else { return }
        switch key.state {
        case .usable, .cooling, .exhausted, .suspect: return
        case .billing, .invalid, .disabled: break
        }
        self.logger.notice(
            "a key that is out of use was asked for",
            metadata: ["event": "blocked_key_used", "key": "\(label)", "state": "\(key.state.rawValue)"])
        self.gateway.observer.refused(
            CallerIncident(
                .blockedKey(label, key.state), origin: self.callerCheck.origin.identity(),
                client: self.caller?.name, reason: key.state.rawValue))
    }

    /// Shows the plan to the dispatcher, which decides about it, and tells those who want to hear what happened.
    @discardableResult
    func dispatch<Result>(_ body: (inout Dispatcher, inout RequestPlan, Moment) -> Result) -> Result? {
        guard var plan = self.plan else { return nil }
        // The only owner, so that nothing of it is copied.
        self.plan = nil
        let now = self.gateway.moment
        let (result, hasNews) = self.gateway.dispatcher.step { body(&$0, &plan, now) }
        self.plan = plan
        if hasNews { self.gateway.tellNews() }
        return result
    }

    /// Ends an attempt in favour of the next one, which the dispatcher has put in its place.
    func drop(_ running: RunningAttempt, class errorClass: ErrorClass) {
        self.running = nil
        running.attempt.cancel()
        self.recordAttempt(running, class: errorClass)
    }

    /// Notes how the running attempt ended and takes the request off its key.
    func settle(_ running: RunningAttempt, class errorClass: ErrorClass?) {
        self.running = nil
        self.dispatch { dispatcher, plan, now in dispatcher.close(&plan, at: now) }
        self.recordAttempt(running, class: errorClass)
    }

    func recordAttempt(_ running: RunningAttempt, class errorClass: ErrorClass?) {
        let duration = self.gateway.time.now() - running.dispatched.begun
        self.upstreamTime += duration
        var attempt = RequestRecord.Attempt(
            key: running.key, provider: running.candidate.provider.name, errorClass: errorClass,
            status: running.status, duration: duration)
        attempt.model = running.candidate.model
        self.noteUsage(of: running, isComplete: errorClass == nil, in: &attempt)
        let isWhole = errorClass == nil || !self.isSpent(running)
        if !isWhole { self.hasSpentUntold = true }
        if self.snapshot.keys[running.key]?.tpm != nil {
            let tokens = TokenCharge.tokens(
                told: attempt.usage?.counts ?? TokenCounts(), isWhole: isWhole, body: self.body?.received ?? 0)
            self.dispatch { dispatcher, _, now in dispatcher.spend(tokens, on: running.dispatched, at: now) }
        }
        attempt.selection = running.dispatched.reason.selection
        attempt.isPossiblyBilled = running.isPossiblyBilled
        attempt.decidedBy = running.decidedBy
        attempt.waited = running.dispatched.waited
        attempt.passedOver = running.dispatched.reason.others.compactMap { verdict in
            verdict.obstacle.map {
                RequestRecord.PassedOver(label: verdict.label, obstacle: $0, state: verdict.state)
            }
        }
        self.record.attempts.append(attempt)
        let provider = running.candidate.provider.name.text
        self.gateway.metrics.upstreamAttempts.with(provider, errorClass?.rawValue ?? "ok").increment()
    }

    /// Whether a provider may have worked on what an attempt sent: it failed after that, or its caller went away, or its
    /// answer broke off.
    private func isSpent(_ running: RunningAttempt) -> Bool {
        guard self.head.method == "POST" else { return false }
        return running.hasFailed ? running.isPossiblyBilled : running.attempt.isFullySent
    }
}
