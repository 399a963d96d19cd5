extension KeyPool {
    /// After so long a check that nobody ended counts as lost.
    static let longestCheck = Duration.seconds(600)

    /// The keys that a background check decides on now, at most so many, those checked longest ago first.
    ///
    /// None of them is being checked.
    public func checksDue(at now: Instant, atMost count: Int) -> [KeyGrant] {
        let due = self.entries.indices.filter { index in
            self.entries[index].hasConditions && self.entries[index].isCheckDue(at: now)
                && !self.entries[index].isBeingChecked(at: now)
        }
        let order = due.sorted { left, right in
            let former = self.entries[left].lastCheck ?? Instant(nanoseconds: .min)
            let latter = self.entries[right].lastCheck ?? Instant(nanoseconds: .min)
            guard former == latter else { return former < latter }
            let (one, other) = (self.entries[left].condition?.until, self.entries[right].condition?.until)
            guard let one, let other, one != other else { return left < right }
            return one < other
        }
        return order.prefix(max(0, count)).map { self.entries[$0].grant }
    }

    /// When the next check becomes due; `nil` if there is none.
    ///
    /// It has passed while one is due.
    public var nextCheck: Instant? {
        var next: Instant?
        for index in self.entries.indices where self.entries[index].hasConditions {
            let entry = self.entries[index]
            guard entry.isEnabled, let whole = entry.condition, whole.end > whole.until, !whole.isEndTold else {
                continue
            }
            // One that is being checked is looked at again when that counts as lost.
            let due = entry.checkBegun.map { max($0 + Self.longestCheck, whole.until) } ?? whole.until
            guard due < whole.end else { continue }
            next = min(next ?? due, due)
        }
        return next
    }

    /// The keys whose usage should be asked for at once, because they are used up until nobody knows when.
    public var refreshesWanted: [KeyGrant] {
        self.entries.indices.filter { self.entries[$0].isRefreshWanted && self.entries[$0].isEnabled }
            .map { self.entries[$0].grant }
    }

    /// Notes that a background check of the key begins; `false` if it must not: the grant is outdated, or another check runs.
    public mutating func beginCheck(_ grant: KeyGrant, at now: Instant) -> Bool {
        guard let index = self.index(of: grant), !self.entries[index].isBeingChecked(at: now) else { return false }
        self.entries[index].checkBegun = now
        self.entries[index].isRefreshWanted = false
        return true
    }

    /// Notes how a background check ended, and answers what that changed.
    ///
    /// A check that nobody began counts as begun when it ends.
    public mutating func endCheck(_ grant: KeyGrant, _ result: KeyCheckResult, at moment: Moment) -> [KeyTransition] {
        guard let index = self.index(of: grant) else { return [] }
        self.learnClock(of: moment)
        let now = moment.instant
        let begun = min(self.entries[index].checkBegun ?? now, now)
        self.entries[index].checkBegun = nil
        if case .abandoned = result { return [] }
        self.entries[index].lastCheck = now
        if self.entries[index].condition != nil { self.noteMemoryChange() }
        return self.change(index, model: nil) { pool in
            let isDue = pool.entries[index].isCheckDue(at: now)
            var changes = pool.entries[index].expire(at: now)
            switch result {
            case .abandoned:
                break
            case .inconclusive:
                if isDue { changes += pool.entries[index].beginTrial(at: now) }
            case .refused(let failure):
                changes += pool.refuse(index, failure, isDue: isDue, begun: begun, at: moment)
            case .accepted(let windows):
                changes += pool.accept(index, windows, isDue: isDue, begun: begun, at: moment)
            case .passed:
                changes += pool.pass(index, isDue: isDue, begun: begun, at: now)
            }
            return changes
        }
    }

    private mutating func refuse(
        _ index: Int, _ failure: KeyFailure, isDue: Bool, begun: Instant, at moment: Moment
    ) -> [KeyTransition] {
        let rest = Rest(after: failure.errorClass, policy: self.policy.cooldown)
        // A limit on checks says nothing about what was to be found out.
        if isDue, rest == nil || rest?.state == .cooling { return self.entries[index].beginTrial(at: moment.instant) }
        let incident = Incident(
            failure: failure, request: nil, begun: begun, moment: moment,
            othersProved: failure.errorClass == .providerAuthFailed ? self.othersProved(index) : nil)
        return self.entries[index].rest(incident, model: nil, policy: self.policy, jitter: &self.jitter)
    }

    private mutating func accept(
        _ index: Int, _ windows: [UsageWindow], isDue: Bool, begun: Instant, at moment: Moment
    ) -> [KeyTransition] {
        if self.entries[index].windows.replacePanel(windows, begun: begun, at: moment) { self.noteMemoryChange() }
        self.entries[index].lastProof = max(self.entries[index].lastProof ?? begun, begun)
        let balance = windows.first { $0.name == UsageWindow.balanceName }?.limit
        let isEmpty = balance.map { $0 <= 0 } ?? false
        let hasQuota = !isEmpty && self.entries[index].windows.fullPanel(at: moment.instant).isEmpty
        var changes: [KeyTransition] = []
        if let known = self.entries[index].condition, known.confirmedAt <= begun {
            switch known.state {
            case .suspect, .invalid: changes += self.entries[index].beginTrial(at: moment.instant)
            case .billing where balance.map { $0 > 0 } ?? false: changes += self.entries[index].end(nil)
            case .billing where isDue && hasQuota: changes += self.entries[index].beginTrial(at: moment.instant)
            default: break
            }
        }
        changes += self.entries[index].noteAnnouncedReset(policy: self.policy, at: moment)
        if isEmpty {
            changes += self.lackMoney(index, isDue: isDue, begun: begun, at: moment)
        } else {
            changes += self.lackQuota(index, begun: begun, at: moment)
        }
        return changes
    }

    /// The provider took the key, and said nothing more: a real request shows whether it may be used again.
    ///
    /// The step of the ladder stays until then. Some providers list models to whoever asks.
    private mutating func pass(_ index: Int, isDue: Bool, begun: Instant, at now: Instant) -> [KeyTransition] {
        guard let known = self.entries[index].condition, known.confirmedAt <= begun else { return [] }
        switch known.state {
        case .suspect, .invalid: return self.entries[index].beginTrial(at: now)
        case .billing where isDue: return self.entries[index].beginTrial(at: now)
        default: return []
        }
    }

    /// The account has no money by the balance endpoint.
    private mutating func lackMoney(
        _ index: Int, isDue: Bool, begun: Instant, at moment: Moment
    ) -> [KeyTransition] {
        let known = self.entries[index].condition
        // An answer to a real request that was asked for later is worth more; and a rest that goes on goes on.
        if let success = self.entries[index].lastSuccess, success > begun { return [] }
        if let known, known.state == .billing, known.isInForce(at: moment.instant), !isDue { return [] }
        let incident = Incident(
            failure: KeyFailure(.providerBilling, scope: .wholeKey), begun: begun, moment: moment, isByPanel: true)
        return self.entries[index].rest(incident, model: nil, policy: self.policy, jitter: &self.jitter)
    }

    /// A window is full by the usage endpoint, or none is any more.
    private mutating func lackQuota(_ index: Int, begun: Instant, at moment: Moment) -> [KeyTransition] {
        let known = self.entries[index].condition
        let isByPanel = known.map { $0.state == .exhausted && $0.isByPanel } ?? false
        let full = self.entries[index].windows.fullPanel(at: moment.instant)
        guard !full.isEmpty else { return isByPanel ? self.entries[index].end(nil) : [] }
        if let success = self.entries[index].lastSuccess, success > begun { return [] }
        // Of several full windows the one counts that starts anew last.
        let last = full.filter { $0.window.resetsAt != nil }.max { left, right in
            (left.expiresAt ?? moment.instant) < (right.expiresAt ?? moment.instant)
        }
        let isExhausted = known.map { $0.state == .exhausted && $0.isInForce(at: moment.instant) } ?? false
        if last == nil, isExhausted { return [] }
        // What the endpoint says of its own word earlier is replaced, be it sooner or later.
        if isByPanel, isExhausted, let known, let reset = last?.window.resetsAt,
            let deadline = Deadline(reset, window: last?.window.name, at: moment)
        {
            return self.entries[index].move(known, to: deadline, policy: self.policy, at: moment.instant)
        }
        let incident = Incident(
            failure: KeyFailure(
                .providerQuotaExhausted, scope: .wholeKey,
                recovery: last?.window.resetsAt.map(AnswerClassification.Recovery.at) ?? .unknown,
                window: last?.window.name ?? full.first?.window.name),
            begun: begun, moment: moment, isByPanel: true)
        return self.entries[index].rest(incident, model: nil, policy: self.policy, jitter: &self.jitter)
    }

    // MARK: Header fields

    /// Notes what the header fields of an answer told of limits, and answers what that changed.
    ///
    /// No limit of that kind exhausts a key; the reset of a window that is used up already may become known.
    public mutating func note(
        _ windows: [UsageWindow], of grant: KeyGrant, begun: Instant, at moment: Moment
    ) -> [KeyTransition] {
        guard !windows.isEmpty, let index = self.index(of: grant) else { return [] }
        self.learnClock(of: moment)
        if self.entries[index].windows.update(windows, begun: begun, at: moment) { self.noteMemoryChange() }
        guard self.entries[index].condition?.state == .exhausted else { return [] }
        let policy = self.policy
        return self.change(index, model: nil) { pool in
            pool.entries[index].expire(at: moment.instant)
                + pool.entries[index].noteAnnouncedReset(policy: policy, at: moment)
        }
    }
}

extension KeyPool.Entry {
    /// Whether a background check of it runs.
    func isBeingChecked(at now: Instant) -> Bool {
        self.checkBegun.map { $0 + KeyPool.longestCheck > now } ?? false
    }

    /// Moves the end of a rest for a used up window to its reset, now that it is known.
    ///
    /// A guess gives way to it; of two words for the same window the earlier one counts.
    mutating func noteAnnouncedReset(policy: KeyPool.Policy, at moment: Moment) -> [KeyTransition] {
        let now = moment.instant
        guard let known = self.condition, known.state == .exhausted, known.isInForce(at: now), !known.isByPanel,
            let deadline = self.announcedReset(of: known.window, at: moment)
        else { return [] }
        let named = known.window.map { self.windows.reset(of: $0, at: now) != nil } ?? false
        guard known.isGuess || (named && deadline.until < known.until) else { return [] }
        self.isRefreshWanted = false
        return self.move(known, to: deadline, policy: policy, at: now)
    }

    /// Gives the present rest of the key another deadline.
    mutating func move(
        _ known: KeyCondition, to deadline: KeyPool.Deadline, policy: KeyPool.Policy, at now: Instant
    ) -> [KeyTransition] {
        // What is told again a little differently is no news.
        let drift = deadline.until - known.until
        guard drift > .seconds(1) || drift < .seconds(-1) || known.isGuess != deadline.isGuess else { return [] }
        var condition = known
        condition.take(deadline, isProbed: policy.probes(known.state, of: self.provider))
        return self.take(condition, for: nil, after: known, at: now)
    }
}
