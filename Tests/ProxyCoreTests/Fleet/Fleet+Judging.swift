import ProxyCore

/// What has to be compared with what the dispatcher says of itself.
extension Fleet {
    // MARK: Refusals

    /// No caller with attempts and time left may be refused while a key is idle that could serve it.
    func judgeRefusal(_ refusal: DispatchRefusal, of number: Int) {
        self.judge.refused += 1
        self.judge.digest.note(0x4EF, self.now, Int64(number), Self.code(of: refusal))
        let caller = self.callers[number]
        guard caller.attempts < Self.maxAttempts, self.now < caller.deadline,
            caller.lastFailure?.end.blame != .request
        else { return }
        if caller.pinned != nil, caller.attempts > 0 { return }
        let elsewhere = self.idleKeys(for: caller).filter { self.isAdmitted(self.world.keys[$0].provider) }
        switch refusal {
        case .noKey, .providerRests:
            if let key = elsewhere.first {
                self.judge.fault(
                    "a", "caller \(number) is refused (\(refusal.word)) after \(caller.story) while it is idle",
                    key: key)
            }
        case .spent, .budget:
            let last = caller.lastFailure.map { self.world.keys[$0.key].provider }
            let hasTime = caller.deadline - self.now > 8 * FleetTime.second
            let idle = elsewhere.first { key in
                let provider = self.world.keys[key].provider
                guard caller.failedBy.contains(provider) else { return true }
                return provider == last && refusal == .spent && hasTime && self.isClosed(provider)
            }
            if let idle {
                self.judge.fault(
                    "a", "caller \(number) is refused (\(refusal.word)) after \(caller.story) while it is idle",
                    key: idle)
            }
            if refusal == .budget, let last, !self.judge.isBudgetSpent(last) {
                self.judge.fault("a", "caller \(number) is refused for want of a budget that is there")
            }
        }
    }

    /// The keys that could serve a caller at once, whatever the breakers say.
    private func idleKeys(for caller: FleetCaller) -> [Int] {
        let snapshots = self.dispatcher.pool.snapshots(at: self.moment.instant)
        return snapshots.indices.filter { key in
            self.fits(key, caller) && snapshots[key].state == .usable && !caller.triedOn.contains(key)
                && self.judge.keys[key].hasRoom(at: self.now)
                && !snapshots[key].modelStates.contains { $0.model == self.world.modelNames[caller.model] }
        }
    }

    private func fits(_ key: Int, _ caller: FleetCaller) -> Bool {
        let configuration = self.world.keys[key].configuration
        return caller.candidates.contains { $0.provider == configuration.provider }
            && (caller.pinned.map { $0 == configuration.label } ?? true)
    }

    private func isAdmitted(_ provider: Int) -> Bool {
        let standing = self.dispatcher.standing(of: self.world.providers[provider].name, at: self.moment.instant)
        return standing.breaker == .closed || (standing.breaker == .halfOpen && standing.retryAt == nil)
    }

    private func isClosed(_ provider: Int) -> Bool {
        self.dispatcher.standing(of: self.world.providers[provider].name, at: self.moment.instant).breaker == .closed
    }

    private static func code(of refusal: DispatchRefusal) -> Int64 {
        switch refusal {
        case .spent: 1
        case .budget: 2
        case .noKey: 3
        case .providerRests: 4
        }
    }

    // MARK: Promises

    /// What a refused caller is told of when to come back, in microseconds; `nil` for nothing.
    ///
    /// It is not to be later than the soonest recovery that is known, and who comes back then is to be served if the world
    /// allows it.
    func promise(_ refusal: DispatchRefusal, to number: Int) -> Int64? {
        let caller = self.callers[number]
        if let promise = caller.promise, caller.attempts == 0 { self.judgeBroken(promise, refusal, number) }
        self.callers[number].promise = nil
        var soonest = refusal.soonest(after: self.moment.instant).map { self.time(of: $0) }
        let isBusy = if case .noKey(let shortage) = refusal { shortage.isBusy } else { false }
        if self.sabotage == .promisesLate { soonest = soonest.map { $0 + 2 * FleetTime.minute } }
        guard let soonest else {
            if caller.attempts == 0 {
                self.judge.fault("b", "caller \(number) is refused (\(refusal.word)) and not told for how long")
            }
            return nil
        }
        let given = max(1, (soonest - self.now + FleetTime.second - 1) / FleetTime.second) * FleetTime.second
        guard caller.attempts == 0, let (known, key) = self.soonestRecovery(for: caller) else { return given }
        // In whole seconds, and never less than one.
        let latest = max(self.now, known) + FleetTime.second
        if self.now + given > latest {
            self.judge.fault(
                "b",
                "caller \(number) is refused (\(refusal.word)) for \(given / FleetTime.second) s, \((known - self.now) / 1000) ms would do",
                key: key)
        }
        // Whoever waits for room waits with others, and none of them was promised it.
        guard !isBusy else { return given }
        let isRest = if case .providerRests = refusal { true } else { false }
        self.callers[number].promise = FleetCaller.Promise(
            made: self.now, key: isRest ? nil : key, isChecked: self.isChecked(key))
        return given
    }

    /// When the first of the keys that a caller may use is usable, its breaker aside, and which it is.
    private func soonestRecovery(for caller: FleetCaller) -> (time: Int64, key: Int)? {
        let now = self.moment.instant
        let snapshots = self.dispatcher.pool.snapshots(at: now)
        var soonest: (time: Int64, key: Int)?
        for key in snapshots.indices where self.fits(key, caller) && snapshots[key].isEnabled {
            let ofModel = snapshots[key].modelStates.first { $0.model == self.world.modelNames[caller.model] }
            var time = [snapshots[key].usableAt, ofModel?.usableAt].compactMap { $0 }.map { self.time(of: $0) }.max()
            let rests = self.dispatcher.standing(of: self.world.keys[key].configuration.provider, at: now)
            if let opens = rests.retryAt { time = max(time ?? self.now, self.time(of: opens)) }
            // Its own limits are over within a minute; a second is what a caller is told who waits for those that run.
            if time == nil { time = self.now + FleetTime.minute }
            if let time, time < soonest?.time ?? .max { soonest = (time, key) }
        }
        return soonest
    }

    private func isChecked(_ key: Int) -> Bool {
        let snapshots = self.dispatcher.pool.snapshots(at: self.moment.instant)
        return self.world.providers[self.world.keys[key].provider].checkedStates.contains(snapshots[key].state)
    }

    private func judgeBroken(_ promise: FleetCaller.Promise, _ refusal: DispatchRefusal, _ number: Int) {
        if self.judge.lastClockStep >= promise.made || self.judge.lastRestart >= promise.made { return }
        let isProviderAtFault = self.callers[number].candidates.contains { candidate in
            let provider = self.world.place(of: candidate.provider)
            return self.judge.providers[provider].lastChange >= promise.made || !self.isAdmitted(provider)
        }
        if isProviderAtFault || promise.isChecked { return }
        guard let key = promise.key else {
            return self.judge.fault(
                "b", "caller \(number) came back in time for a provider and is refused (\(refusal.word))")
        }
        if self.judge.keys[key].lastRest >= promise.made || !self.judge.keys[key].hasRoom(at: self.now) { return }
        self.judge.fault(
            "b",
            "caller \(number) came back in time and is refused (\(refusal.word)), \(self.now - promise.made) µs later",
            key: key)
    }

    // MARK: Recoveries

    /// A key whose rest is over has to take part.
    func judgeRecovery(_ key: Int, model: Int?, serial: UInt64) {
        guard self.judge.keys[key].serials[model.map { $0 + 1 } ?? 0] == serial else { return }
        let now = self.moment.instant
        let snapshot = self.dispatcher.pool.snapshots(at: now)[key]
        let single = model.flatMap { model in
            snapshot.modelStates.first { $0.model == self.world.modelNames[model] }
        }
        if let until = model == nil ? snapshot.usableAt : single?.usableAt {
            let isMoved = max(self.judge.lastClockStep, self.judge.lastRestart) >= self.judge.keys[key].lastRest
            let isBeingChecked = self.daemon.flights[key] != nil
            guard isMoved || isBeingChecked else {
                return self.judge.fault("e", "still \(snapshot.state) after its recovery", key: key)
            }
            let next = isBeingChecked ? self.now + 2 * FleetTime.second : self.time(of: until) + FleetJudge.patience
            return self.queue.plan(.recovered(key: key, model: model), at: next, serial: serial)
        }
        guard snapshot.state == .usable, snapshot.modelStates.isEmpty, self.judge.keys[key].hasRoom(at: self.now) else {
            return
        }
        var demand = KeyDemand(provider: snapshot.provider, model: self.world.modelNames[model ?? 0])
        demand.pinned = snapshot.label
        if self.dispatcher.pool.explain(demand, at: now).chosen != snapshot.label {
            self.judge.fault("e", "does not take part after its recovery", key: key)
        }
    }

    /// A window that its provider named has begun anew: a key that it kept from serving has to take part.
    func judgeWindow(_ key: Int, reset: Int64) {
        guard self.skew == 0, self.now - self.judge.lastClockStep > FleetTime.minute,
            self.world.keys[key].isHealthy(at: self.now), self.judge.keys[key].lastRest < reset,
            !self.judge.keys[key].restedByWrongClock
        else { return }
        let snapshot = self.dispatcher.pool.snapshots(at: self.moment.instant)[key]
        if snapshot.state == .exhausted {
            let until = snapshot.usableAt.map { (self.time(of: $0) - self.now) / FleetTime.second } ?? 0
            let rested = (self.now - self.judge.keys[key].lastRest) / FleetTime.second
            let stepped = (self.now - self.judge.lastClockStep) / FleetTime.second
            self.judge.fault(
                "e",
                "still exhausted although its window has begun anew, for \(until) s more, told \(rested) s ago, "
                    + "the clock stepped \(stepped) s ago", key: key)
        }
    }

    /// What a check of the daemon found counts at once.
    func judgeCheck(_ key: Int, _ result: KeyCheckResult, begun: Int64) {
        self.judge.checked(key, result)
        guard case .accepted(let windows) = result, self.judge.keys[key].lastRest < begun,
            !windows.contains(where: \.isFull)
        else { return }
        let snapshot = self.dispatcher.pool.snapshots(at: self.moment.instant)[key]
        if self.world.providers[self.world.keys[key].provider].checkedStates.contains(snapshot.state) {
            self.judge.fault("e", "still \(snapshot.state) although its provider accepted it", key: key)
        }
    }
}

extension DispatchRefusal {
    fileprivate var word: String {
        switch self {
        case .spent: "spent"
        case .budget: "budget"
        case .noKey: "no key"
        case .providerRests: "provider rests"
        }
    }
}
