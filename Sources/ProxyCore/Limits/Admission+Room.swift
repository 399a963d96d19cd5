/// Room in the queue of those who wait.
extension Admission {
    /// Finds room in the queue; the refusal of the newcomer if there is none.
    ///
    /// One caller may fill the queue as long as nobody else comes. When another one does, the last of the caller with the most
    /// goes, if that has at least two more waiting than the newcomer.
    mutating func makeRoom(
        for request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?, at now: Instant
    ) -> LimitRefusal? {
        guard self.waiters.count >= self.policy.queue else { return nil }
        let own = self.waitingOf[request.caller]
        if self.policy.queue > 0, let largest = self.waitingOf.largest, largest.count >= own + 2,
            let number = self.lastNumber(of: largest.caller)
        {
            self.turnAway(number, .queueShare, at: now)
            return nil
        }
        let ownLimit = self.ownLimit(request, caller, address)?.name
        if let number = self.lastNumber(below: request, ownOnly: ownLimit != nil) {
            self.turnAway(number, .queueFull, at: now)
            return nil
        }
        return self.refusal(ownLimit ?? .queueFull, request, caller, address, at: now)
    }

    /// The last of the lowest priority below that of a request: of its caller, or else of the newest of those that take turns,
    /// of which a few are looked at.
    ///
    /// - Parameter ownOnly: Whether nobody else is to go, since the request waits for a limit of its own.
    private mutating func lastNumber(below request: AdmissionRequest, ownOnly: Bool) -> UInt64? {
        let waiters = self.waiters
        let lower = RequestPriority.allCases.filter { Self.index(of: $0) < Self.index(of: request.priority) }
            .sorted { Self.index(of: $0) < Self.index(of: $1) }
        for priority in lower {
            var turns = self.turnsOf[TurnsKey(caller: request.caller, priority: priority)].map { [$0] } ?? []
            if !ownOnly { turns += self.rounds[Self.index(of: priority)].newest }
            for id in turns {
                if let number = self.turns[id]?.waiting.last(where: { waiters[$0] != nil }) { return number }
            }
        }
        return nil
    }

    /// The number of the last who came of a caller, of those with the lowest priority.
    private mutating func lastNumber(of caller: LimitKey) -> UInt64? {
        for priority in RequestPriority.allCases {
            let waiters = self.waiters
            guard let id = self.turnsOf[TurnsKey(caller: caller, priority: priority)],
                let number = self.turns[id]?.waiting.last(where: { waiters[$0] != nil })
            else { continue }
            return number
        }
        return nil
    }

    /// Refuses one who waits.
    private mutating func turnAway(_ number: UInt64, _ limit: LimitName, at now: Instant) {
        guard let waiter = self.remove(number, at: now) else { return }
        let limit = self.ownLimit(waiter.request, waiter.caller, waiter.address)?.name ?? limit
        let refusal = self.refusal(limit, waiter.request, waiter.caller, waiter.address, at: now)
        self.decisions.append((number, .refused(refusal)))
    }
}
