import ProxyCore

/// What callers do, and what becomes of their requests.
extension Fleet {
    func send(_ caller: Int) {
        guard self.callers[caller].plan == nil else { return }
        if self.callers[caller].requestsLeft == 0 { self.beginSession(of: caller) }
        let deadline = self.now + 30 * FleetTime.second
        self.callers[caller].beginRequest(deadline: deadline)
        var plan = RequestPlan(
            candidates: self.callers[caller].candidates, pinned: self.callers[caller].pinned,
            conversation: self.callers[caller].conversation,
            maxAttempts: self.sabotage == .triesTooOften ? 6 : Self.maxAttempts, deadline: self.instant(of: deadline))
        let step = self.dispatcher.begin(&plan, at: self.moment)
        self.callers[caller].plan = plan
        self.follow(step, caller)
    }

    private func beginSession(of caller: Int) {
        self.callers[caller].requestsLeft = Int.random(in: 2...20, using: &self.random)
        self.callers[caller].patience = 4
        self.callers[caller].promise = nil
        self.callers[caller].conversation =
            self.callers[caller].hasConversations
            ? Conversation(id: "\(caller)-\(self.now)", isBound: caller % 9 == 0) : nil
    }

    func resume(_ caller: Int) {
        self.step(caller) { dispatcher, plan, now in dispatcher.resume(&plan, at: now) }
    }

    func answered(_ caller: Int) {
        guard var plan = self.callers[caller].plan else { return }
        self.callers[caller].plan = nil
        self.dispatcher.answered(&plan, at: self.moment)
        self.callers[caller].plan = plan
        if let key = self.callers[caller].key { self.judge.succeeded(key) }
        self.plan(.ended(caller: caller), of: caller, after: self.callers[caller].endsAt - self.now)
    }

    func ended(_ caller: Int) {
        guard var end = self.callers[caller].failure, let key = self.callers[caller].key else {
            return self.served(caller)
        }
        self.judge.failed(end, caller: self.callers[caller], key: key, world: self.world)
        self.callers[caller].lastFailure = (end, key)
        if !end.diedOnReusedConnection { self.callers[caller].triedOn.append(key) }
        switch end.blame {
        case .key, .keyAndModel, .affinity:
            if end.errorClass == .providerAuthFailed { self.callers[caller].unknownTo.append(key) }
        case .provider, .request:
            self.callers[caller].failedBy.append(self.world.keys[key].provider)
        }
        if case .at(let reset)? = end.classification?.recovery, self.skew == 0 {
            let time = reset.microseconds - FleetTime.epoch
            self.queue.plan(.windowBegun(key: key, reset: time), at: time + FleetJudge.patience)
        }
        if self.sabotage == .hidesRefusals, end.errorClass == .providerAuthFailed { end.blame = .provider }
        self.step(caller) { dispatcher, plan, now in dispatcher.failed(end, of: &plan, at: now) }
    }

    /// Shows a request to the dispatcher and does what it says.
    private func step(
        _ caller: Int, _ body: (inout Dispatcher, inout RequestPlan, Moment) -> DispatchStep
    ) {
        guard var plan = self.callers[caller].plan else { return }
        self.callers[caller].plan = nil
        let step = body(&self.dispatcher, &plan, self.moment)
        self.callers[caller].plan = plan
        self.follow(step, caller)
    }

    private func follow(_ step: DispatchStep, _ caller: Int) {
        if let key = self.callers[caller].key, !self.isGivenUp(step) { self.judge.release(key) }
        switch step {
        case .attempt(let attempt):
            if self.sabotage == .refusesAtRandom, self.random.happens(0.01) {
                self.giveUp(caller, .noKey(KeyShortage(keys: [], isBusy: false)))
            } else {
                self.attempt(caller, attempt)
            }
        case .wait(let until):
            self.callers[caller].key = nil
            self.callers[caller].serial += 1
            if let last = self.callers[caller].lastFailure {
                self.judge.waits(self.world.keys[last.key].provider, caller: caller)
            }
            self.plan(.resume(caller: caller), of: caller, after: self.time(of: until) - self.now)
        case .giveUp(let refusal):
            self.giveUp(caller, refusal)
        }
    }

    private func isGivenUp(_ step: DispatchStep) -> Bool {
        if case .giveUp = step { true } else { false }
    }

    private func attempt(_ caller: Int, _ attempt: DispatchedAttempt) {
        let key = self.world.place(of: attempt.grant.label)
        let provider = self.world.keys[key].provider
        self.callers[caller].attempts += 1
        self.callers[caller].key = key
        self.callers[caller].serial += 1
        self.callers[caller].promise = nil
        if !self.callers[caller].providers.contains(provider) {
            self.callers[caller].providers.append(provider)
            self.judge.noteRequest(provider)
        }
        self.judge.begins(key, caller: caller, self.callers[caller], world: self.world)
        let lasts: Int64
        switch self.world.answer(key, model: self.callers[caller].model, at: self.now, &self.random) {
        case .success(let begins, let ends):
            self.callers[caller].failure = nil
            self.callers[caller].endsAt = self.now + ends
            self.plan(.answered(caller: caller), of: caller, after: begins)
            lasts = begins
        case .failure(let end, let after):
            self.callers[caller].failure = end
            self.plan(.ended(caller: caller), of: caller, after: after)
            lasts = after
        }
        if self.random.happens(0.01) {
            self.plan(.left(caller: caller), of: caller, after: Int64.random(in: 0..<lasts, using: &self.random))
        }
    }

    // MARK: Ends

    private func served(_ caller: Int) {
        self.judge.served += 1
        self.close(caller)
        self.callers[caller].patience = 4
        self.next(caller)
    }

    func leave(_ caller: Int) {
        self.close(caller)
        self.callers[caller].requestsLeft = 1
        self.next(caller)
    }

    private func close(_ caller: Int) {
        guard var plan = self.callers[caller].plan else { return }
        self.callers[caller].plan = nil
        self.dispatcher.close(&plan, at: self.moment)
        self.callers[caller].serial += 1
        if let key = self.callers[caller].key { self.judge.release(key) }
        self.callers[caller].key = nil
    }

    private func giveUp(_ caller: Int, _ refusal: DispatchRefusal) {
        self.judgeRefusal(refusal, of: caller)
        let wait = self.promise(refusal, to: caller)
        self.close(caller)
        self.callers[caller].patience -= 1
        if let wait, wait <= FleetTime.hour, self.callers[caller].patience > 0 {
            self.plan(.send(caller: caller), of: caller, after: wait)
        } else if self.callers[caller].patience > 0, wait == nil {
            self.callers[caller].promise = nil
            self.plan(
                .send(caller: caller), of: caller,
                after: Int64.random(in: 5_000_000...20_000_000, using: &self.random))
        } else {
            self.callers[caller].requestsLeft = 1
            self.next(caller)
        }
    }

    private func next(_ caller: Int) {
        self.callers[caller].promise = nil
        self.callers[caller].requestsLeft -= 1
        let hour = self.now % FleetTime.day / FleetTime.hour
        let pause = (8..<20).contains(hour) ? 75 * FleetTime.minute : 200 * FleetTime.minute
        let mean = self.callers[caller].requestsLeft > 0 ? 6 * FleetTime.second : pause
        self.plan(.send(caller: caller), of: caller, after: self.random.pause(mean: mean))
    }
}
