extension Dispatcher {
    // MARK: Good ends

    /// The provider has taken the request: the first byte of its answer is about to be passed on.
    public mutating func answered(_ plan: inout RequestPlan, at now: Moment) {
        guard let current = plan.current, !plan.isSettled else { return }
        self.catchUp(now)
        plan.isSettled = true
        let provider = current.candidate.provider
        self.settle(provider, .success, isProbe: current.isProviderProbe, begun: current.begun, at: now)
        self.providers[provider]?.overload.succeeded(begun: current.begun)
        self.providers[provider]?.lastSuccess = (now.instant, plan.agent)
        self.providers[provider]?.hasToldRefusals = false
        self.note(.succeeded, of: current, plan, at: now)
        if let conversation = plan.conversation, current.reason.selection == .moved {
            // Only now it belongs there.
            self.pool.remember(conversation, on: current.grant, at: provider)
        }
        // The same request was served with another key: so those that refused it are to blame after all.
        for refusal in plan.refusals where refusal.isForgiven && refusal.candidate.provider == provider {
            self.note(.failed(refusal.failure), of: refusal, plan, at: now)
        }
        // And so are those whose words left that open (provider facts, section 2.4).
        for doubt in plan.doubtful where doubt.candidate.provider == provider && doubt.grant != current.grant {
            self.note(.failed(KeyFailure(.providerRateLimited, scope: .wholeKey)), of: doubt, plan, at: now)
        }
    }

    /// An error came inside an answer that is being passed on already: it is not repeated, but what it says counts.
    public mutating func sawError(_ classification: AnswerClassification, in plan: inout RequestPlan, at now: Moment) {
        guard let current = plan.current else { return }
        self.catchUp(now)
        let end = AttemptEnd(
            errorClass: classification.errorClass, blame: classification.blame, classification: classification)
        if let failure = end.keyFailure {
            self.note(.failed(failure), of: current, plan, at: now)
        } else if end.countsAgainstProvider, !plan.hasCountedFailure {
            plan.hasCountedFailure = true
            self.settle(current.candidate.provider, .failure, isProbe: false, begun: current.begun, at: now)
            self.noteOverload(end, of: current, at: now)
        }
    }

    /// The request is over, or its attempt is: takes it off its key.
    ///
    /// An attempt of which nothing was told before says nothing about anybody.
    public mutating func close(_ plan: inout RequestPlan, at now: Moment) {
        guard let current = plan.current else { return }
        self.release(current, settled: plan.isSettled, at: now)
        plan.current = nil
        plan.isSettled = true
    }

    /// Counts the tokens that an attempt took on its key's limit of them, whether the attempt is over or not.
    public mutating func spend(_ tokens: Int64, on attempt: DispatchedAttempt, at now: Moment) {
        self.pool.spend(tokens, on: attempt.grant, at: now.instant)
    }

    // MARK: Failures

    /// Decides what follows an attempt that failed before anything of its answer was passed on.
    ///
    /// With `attempt` and `wait` the failed one is off its key. With `giveUp` it stays on it until ``close(_:at:)``, since its
    /// answer may be on its way to the caller.
    public mutating func failed(_ end: AttemptEnd, of plan: inout RequestPlan, at now: Moment) -> DispatchStep {
        guard let failed = plan.current else { return .giveUp(.spent) }
        self.catchUp(now)
        // An idle connection that had been closed says nothing about the provider; the attempt in its place does.
        let isStale = end.diedOnReusedConnection && !plan.hasReplacedConnection
        self.blame(end, failed, isStale: isStale, of: &plan, at: now)
        guard end.blame != .request, end.canRepeat, plan.attempts - plan.ownAttempts < plan.maxAttempts,
            now.instant < plan.deadline
        else {
            if isStale { self.freeProbe(of: failed, at: now) }
            return .giveUp(.spent)
        }
        plan.idleSince = now.instant
        // Its place is free for what follows, within this one step, so that nobody comes in between (K-026).
        self.pool.release(failed.grant)
        plan.current = nil
        let step = self.step(after: end, failed, isStale: isStale, of: &plan, at: now)
        if case .giveUp = step, let grant = self.pool.chooseAgain(failed.grant) {
            // Its answer may be on its way to the caller.
            var held = failed
            held.grant = grant
            plan.current = held
        }
        return step
    }

    /// What follows a failed attempt that was taken off its key.
    private mutating func step(
        after end: AttemptEnd, _ failed: DispatchedAttempt, isStale: Bool, of plan: inout RequestPlan, at now: Moment
    ) -> DispatchStep {
        if isStale {
            plan.hasReplacedConnection = true
            if let again = self.again(failed, of: &plan, at: now) { return .attempt(again) }
            self.freeProbe(of: failed, at: now)
        }
        guard plan.pinned == nil else { return .giveUp(.spent) }
        // What one account made is refused by every other one: there is no use in asking around once its own is known.
        if end.blame == .affinity, failed.reason.selection == .moved { return .giveUp(.spent) }
        // No key is tried twice: attempts are bounded by the keys that can be used.
        let isBound = plan.conversation?.isBound ?? false
        if isBound, failed.isOnOwnKey, end.blame == .provider {
            return self.repeatOnOwnKey(end, failed, of: &plan, at: now)
        }
        plan.excluded.append(failed.grant.label)
        if end.classification?.isAmbiguous ?? false {
            // It may be an overload: then another key is a repeat like any other.
            guard self.takeRepeat(at: failed.candidate.provider, now) else { return .giveUp(.budget) }
            return self.next(&plan, at: now)
        }
        return end.blame == .provider ? self.repeatLater(end, failed, of: &plan, at: now) : self.next(&plan, at: now)
    }

    /// Another provider at once, or the same one after a back-off, as its retry budget allows.
    private mutating func repeatLater(
        _ end: AttemptEnd, _ failed: DispatchedAttempt, of plan: inout RequestPlan, at now: Moment
    ) -> DispatchStep {
        let provider = failed.candidate.provider
        plan.troubled.insert(provider)
        if end.concernsOrigin { plan.unreachable.insert(provider) }
        let elsewhere = self.next(&plan, sparing: true, at: now)
        if case .attempt = elsewhere { return elsewhere }
        if end.concernsOrigin { return .giveUp(.spent) }
        return self.backOff(at: failed.candidate, of: &plan, at: now)
    }

    /// A conversation that is bound to its key stays there as long as that can be tried again.
    private mutating func repeatOnOwnKey(
        _ end: AttemptEnd, _ failed: DispatchedAttempt, of plan: inout RequestPlan, at now: Moment
    ) -> DispatchStep {
        if !end.concernsOrigin {
            let step = self.backOff(at: failed.candidate, of: &plan, at: now)
            guard case .giveUp = step else { return step }
        }
        // Nothing else is left than to move it.
        plan.excluded.append(failed.grant.label)
        return self.repeatLater(end, failed, of: &plan, at: now)
    }

    /// The same provider again, after a while.
    private mutating func backOff(
        at candidate: DispatchCandidate, of plan: inout RequestPlan, at now: Moment
    ) -> DispatchStep {
        let backoff = Backoff(base: self.policy.retry.base, cap: self.policy.retry.cap)
        let delay = backoff.delay(step: plan.repeats, using: &self.random)
        let until = now.instant + delay
        guard until < plan.deadline, self.pool.canServe(plan.demand(for: candidate), at: now.instant),
            self.providers[candidate.provider]?.breaker.wouldAdmit(at: until) ?? true
        else { return .giveUp(.spent) }
        guard self.takeRepeat(at: candidate.provider, now) else { return .giveUp(.budget) }
        plan.repeats += 1
        return delay == .zero ? self.next(&plan, at: now) : .wait(until: until)
    }

    private mutating func takeRepeat(at provider: ProviderName, _ now: Moment) -> Bool {
        self.providers[provider]?.budget.take(at: now.instant) ?? true
    }

    /// The same key once more, because its connection had died of age.
    private mutating func again(
        _ failed: DispatchedAttempt, of plan: inout RequestPlan, at now: Moment
    ) -> DispatchedAttempt? {
        guard let grant = self.pool.chooseAgain(failed.grant, at: now.instant) else { return nil }
        var attempt = DispatchedAttempt(
            grant: grant, index: failed.index, candidate: failed.candidate,
            reason: KeyChoiceReason(selection: .again, isTrial: failed.reason.isTrial, others: []),
            waited: .zero, begun: now.instant, isProviderProbe: failed.isProviderProbe)
        attempt.isGenuine = failed.isGenuine
        attempt.isOnOwnKey = failed.isOnOwnKey
        plan.attempts += 1
        plan.current = attempt
        plan.isSettled = false
        return attempt
    }

    // MARK: Blame

    private mutating func blame(
        _ end: AttemptEnd, _ failed: DispatchedAttempt, isStale: Bool, of plan: inout RequestPlan, at now: Moment
    ) {
        let provider = failed.candidate.provider
        plan.isSettled = true
        if let failure = end.keyFailure {
            self.blameKey(failure, failed, of: &plan, at: now)
        } else if failed.isGenuine, end.classification?.isAmbiguous ?? false {
            plan.doubtful.append(
                RequestPlan.Refusal(
                    grant: failed.grant, candidate: failed.candidate,
                    failure: KeyFailure(.providerRateLimited, scope: .wholeKey), begun: failed.begun))
            self.noteRefusedAgent(of: plan, at: provider, now.instant)
        }
        guard !isStale else { return }
        if end.countsAgainstProvider, !plan.hasCountedFailure || failed.isProviderProbe {
            plan.hasCountedFailure = true
            self.settle(provider, .failure, isProbe: failed.isProviderProbe, begun: failed.begun, at: now)
        } else {
            // A refusal shows that the provider is there, which is what a probe asks.
            let isAnswer = failed.isProviderProbe && end.status != nil && !end.countsAgainstProvider
            self.settle(
                provider, isAnswer ? .success : .neutral, isProbe: failed.isProviderProbe, begun: failed.begun,
                at: now)
        }
        self.noteOverload(end, of: failed, at: now)
    }

    private mutating func blameKey(
        _ failure: KeyFailure, _ failed: DispatchedAttempt, of plan: inout RequestPlan, at now: Moment
    ) {
        guard failed.isGenuine else { return }
        let provider = failed.candidate.provider
        let wasWhole = self.pool.isLimitedAsAWhole(provider, at: now.instant)
        self.note(.failed(failure), of: failed, plan, at: now)
        if !wasWhole, self.pool.isLimitedAsAWhole(provider, at: now.instant) {
            self.news.append(.limitedAsAWhole(provider))
        }
        plan.refusals.append(
            RequestPlan.Refusal(
                grant: failed.grant, candidate: failed.candidate, failure: failure, begun: failed.begun))
        // Two keys refuse the same request likewise: then the request, the model or the provider is to blame (provider
        // facts, 11.1). What limits and accounts say of themselves stands.
        guard failure.errorClass == .providerAuthFailed || failure.errorClass == .providerForbidden else { return }
        let alike = plan.refusals.indices.filter {
            plan.refusals[$0].failure.errorClass == failure.errorClass
                && plan.refusals[$0].candidate.provider == provider
        }
        guard alike.count > 1 else { return }
        if self.providers[provider]?.hasToldRefusals == false {
            self.providers[provider]?.hasToldRefusals = true
            self.news.append(.refusedAlike(provider, failure.errorClass))
        }
        for index in alike where !plan.refusals[index].isForgiven {
            plan.refusals[index].isForgiven = true
            let refusal = plan.refusals[index]
            self.tell(
                self.pool.forgive(plan.number, on: refusal.grant, model: refusal.candidate.model, at: now))
        }
    }

    private mutating func note(
        _ outcome: KeyOutcome, of attempt: DispatchedAttempt, _ plan: RequestPlan, at now: Moment
    ) {
        guard attempt.isGenuine else { return }
        self.tell(
            self.pool.record(
                outcome, on: attempt.grant, request: plan.number, model: attempt.candidate.model,
                begun: attempt.begun, at: now))
    }

    private mutating func note(
        _ outcome: KeyOutcome, of refusal: RequestPlan.Refusal, _ plan: RequestPlan, at now: Moment
    ) {
        self.tell(
            self.pool.record(
                outcome, on: refusal.grant, request: plan.number, model: refusal.candidate.model,
                begun: refusal.begun, at: now))
    }

    // MARK: Providers

    private mutating func noteOverload(_ end: AttemptEnd, of attempt: DispatchedAttempt, at now: Moment) {
        guard end.errorClass == .providerOverloaded, !(end.classification?.isAmbiguous ?? false) else { return }
        var hint: Duration?
        if case .after(let wait)? = end.classification?.recovery { hint = wait }
        let provider = attempt.candidate.provider
        let until = self.providers[provider]?.overload.until
        self.providers[provider]?.overload.overloaded(hint: hint, begun: attempt.begun, at: now.instant)
        self.providers[provider]?.isGated = end.status == 429
        if self.providers[provider]?.overload.until != until { self.news.append(.overloaded(provider)) }
    }

    /// Tells the breaker how an attempt ended, and others if that moved it.
    mutating func settle(
        _ provider: ProviderName, _ result: Breaker.Result, isProbe: Bool, begun: Instant, at now: Moment
    ) {
        guard
            let transition = self.providers[provider]?.breaker.record(
                result, asProbe: isProbe, begun: begun, at: now.instant)
        else { return }
        self.memoryRevision &+= 1
        self.news.append(
            .breaker(
                provider, old: transition.old, new: transition.new,
                retryAt: self.providers[provider]?.breaker.retryAt(at: now.instant)))
    }

    /// A provider that tells one program that it is overloaded, on several keys, while it serves others, means the program.
    private mutating func noteRefusedAgent(of plan: RequestPlan, at provider: ProviderName, _ now: Instant) {
        let doubted = Set(plan.doubtful.filter { $0.candidate.provider == provider }.map(\.grant.label))
        guard let agent = plan.agent, doubted.count > 1,
            let last = self.providers[provider]?.lastSuccess, last.agent != agent, now - last.at < .seconds(600),
            self.warnedAgents.count < Self.warnedAgentCapacity, self.warnedAgents.insert(agent).inserted
        else { return }
        self.news.append(.agentRefused(provider, agent: agent))
    }

    private static let warnedAgentCapacity = 64

    // MARK: Releasing

    /// Gives the place of its provider's probe back: nobody knows what it would have shown.
    private mutating func freeProbe(of attempt: DispatchedAttempt, at now: Moment) {
        guard attempt.isProviderProbe else { return }
        self.settle(attempt.candidate.provider, .neutral, isProbe: true, begun: attempt.begun, at: now)
    }

    /// Takes an attempt off its key, and off its provider's probe if nobody said what that showed.
    mutating func release(_ attempt: DispatchedAttempt, settled: Bool, at now: Moment) {
        self.pool.release(attempt.grant)
        if !settled { self.freeProbe(of: attempt, at: now) }
    }
}
