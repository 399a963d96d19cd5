/// Those who wait for a place.
extension Admission {
    // MARK: Beginning to wait

    /// Finds room in the queue; the refusal of the newcomer if there is none.
    ///
    /// One caller may fill the queue as long as nobody else comes. When another one does, the last of a caller with more than
    /// half of the queue goes.
    mutating func makeRoom(
        for request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?, at now: Instant
    ) -> LimitRefusal? {
        guard self.waiters.count >= self.policy.queue else { return nil }
        if self.policy.queue > 0, let largest = self.largest, largest != request.caller,
            2 * (self.waitingOf[largest] ?? 0) > self.policy.queue, let number = self.lastNumber(of: largest)
        {
            self.turnAway(number, .queueShare, at: now)
            return nil
        }
        let limit = self.ownLimit(request, caller, address)?.name ?? .queueFull
        return self.refusal(limit, request, caller, address, at: now)
    }

    /// The number of the last who came of a caller, of those with the lowest priority.
    private mutating func lastNumber(of caller: LimitKey) -> UInt64? {
        for priority in RequestPriority.allCases {
            let waiters = self.waiters
            guard let id = self.lineOf[LineKey(caller: caller, priority: priority)],
                let number = self.lines[id]?.last(where: { waiters[$0] != nil })
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

    /// Puts a request at the end of its line, and answers its number.
    mutating func line(
        up request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?, _ taken: Taken, at now: Instant
    ) -> UInt64 {
        self.lastNumber += 1
        let number = self.lastNumber
        let id = self.line(of: request, ownLimit: self.ownLimit(request, caller, address)?.place)
        self.waiters[number] = Waiter(
            request: request, line: id, caller: caller, address: address, taken: taken)
        self.lines[id]?.append(number)
        if let caller { self[caller].waiting += 1 }
        if let address { self[address].waiting += 1 }
        let own = (self.waitingOf[request.caller] ?? 0) + 1
        self.waitingOf[request.caller] = own
        if 2 * own > self.policy.queue { self.largest = request.caller }
        return number
    }

    private mutating func line(of request: AdmissionRequest, ownLimit: LimitPlace?) -> UInt64 {
        let key = LineKey(caller: request.caller, priority: request.priority)
        if let known = self.lineOf[key] { return known }
        self.lastNumber += 1
        let id = self.lastNumber
        var line = WaitingLine(id: id, caller: request.caller, priority: request.priority)
        line.asideAt = ownLimit
        self.lines[id] = line
        self.lineOf[key] = id
        if let ownLimit {
            self.putAside(id, at: ownLimit)
        } else {
            self.takeTurns(id, of: line)
        }
        return id
    }

    // MARK: Giving up

    /// One who waited goes away.
    ///
    /// `false` if there is, or was, a decision about it.
    public mutating func abandon(_ number: UInt64, at now: Instant) -> Bool {
        self.remove(number, at: now) != nil
    }

    /// One has waited as long as it may.
    ///
    /// `nil` if there is, or was, a decision about it.
    public mutating func expire(_ number: UInt64, at now: Instant) -> LimitRefusal? {
        guard let waiter = self.remove(number, at: now) else { return nil }
        let limit = self.ownLimit(waiter.request, waiter.caller, waiter.address)?.name ?? .queueTimeout
        return self.refusal(limit, waiter.request, waiter.caller, waiter.address, at: now)
    }

    /// Takes one out of the queue who does not get in, and gives back what it took.
    private mutating func remove(_ number: UInt64, at now: Instant) -> Waiter? {
        guard let waiter = self.forget(number) else { return nil }
        self.giveBack(waiter, at: now)
        // The room that its line was called back for is somebody else's now.
        if self.lines[waiter.line]?.count == 0, self.drop(waiter.line) { self.serve(at: now) }
        return waiter
    }

    /// Takes one out of the queue.
    private mutating func forget(_ number: UInt64) -> Waiter? {
        guard let waiter = self.waiters.removeValue(forKey: number) else { return nil }
        if let place = waiter.caller { self[place].waiting -= 1 }
        if let place = waiter.address { self[place].waiting -= 1 }
        let caller = waiter.request.caller
        if let count = self.waitingOf[caller] { self.waitingOf[caller] = count > 1 ? count - 1 : nil }
        let waiters = self.waiters
        self.lines[waiter.line]?.noteGone { waiters[$0] != nil }
        return waiter
    }

    /// Ends a line in which nobody waits; `true` if another one takes turns in its place.
    private mutating func drop(_ id: UInt64) -> Bool {
        guard let line = self.lines.removeValue(forKey: id) else { return false }
        self.lineOf[LineKey(caller: line.caller, priority: line.priority)] = nil
        if let place = line.asideAt {
            self.prune(place)
            return false
        }
        let index = Self.index(of: line.priority)
        if self.rounds[index].count > 2 * self.lines.count + 16 {
            let lines = self.lines
            self.rounds[index].prune { lines[$0].map { $0.asideAt == nil } ?? false }
        }
        return line.calledBackBy.map { self.callBack(from: $0) } ?? false
    }

    // MARK: Lines aside

    private mutating func putAside(_ id: UInt64, at place: LimitPlace) {
        self.aside[place, default: LinesAside()].append(id)
        self.prune(place)
    }

    /// Drops the numbers of lines that are gone where they are many.
    private mutating func prune(_ place: LimitPlace) {
        guard var aside = self.aside.removeValue(forKey: place) else { return }
        if aside.count > 2 * self.lines.count + 16 {
            let lines = self.lines
            aside.prune { lines[$0]?.asideAt == place }
        }
        if !aside.isEmpty { self.aside[place] = aside }
    }

    /// Lets a line that was put aside take turns again, because something of its limit is free.
    ///
    /// `false` if there is none.
    mutating func callBack(from place: LimitPlace) -> Bool {
        guard !self.aside.isEmpty, var aside = self.aside.removeValue(forKey: place) else { return false }
        defer { if !aside.isEmpty { self.aside[place] = aside } }
        while let id = aside.popFirst() {
            guard var line = self.lines[id], line.asideAt == place else { continue }
            line.asideAt = nil
            line.calledBackBy = place
            self.lines[id] = line
            self.takeTurns(id, of: line)
            return true
        }
        return false
    }

    /// Lets a line take turns: first if its caller has nothing under way.
    private mutating func takeTurns(_ id: UInt64, of line: WaitingLine) {
        let index = Self.index(of: line.priority)
        if self.present[line.caller] == nil {
            self.rounds[index].welcome(id)
        } else {
            self.rounds[index].append(id)
        }
    }

    // MARK: Turns

    /// Lets in those for whom there is room, in the order of their turns.
    mutating func serve(at now: Instant) {
        guard !self.waiters.isEmpty else { return }
        while let priority = self.priorityInTurn() {
            guard let id = self.rounds[Self.index(of: priority)].next(), let number = self.first(of: id, at: now) else {
                continue
            }
            self.admitWaiting(number, from: id, at: now)
        }
    }

    /// Whose turn it is among those that have room; `nil` if nobody has.
    private mutating func priorityInTurn() -> RequestPriority? {
        func mayGo(_ priority: RequestPriority) -> Bool {
            !self.rounds[Self.index(of: priority)].isEmpty
                && self.inside.hasRoom(for: priority, in: self.shares)
        }
        if self.turnsWithoutLow >= Self.turnsBeforeLow, mayGo(.low) { return .low }
        return [.high, .normal, .low].first(where: mayGo)
    }

    /// The first of a line, if it may go now; else the line is dropped or put aside.
    private mutating func first(of id: UInt64, at now: Instant) -> UInt64? {
        let waiters = self.waiters
        guard self.lines[id]?.asideAt == nil else { return nil }
        guard let number = self.lines[id]?.first(where: { waiters[$0] != nil }), let waiter = waiters[number] else {
            _ = self.drop(id)
            return nil
        }
        guard let own = self.ownLimit(waiter.request, waiter.caller, waiter.address) else { return number }
        let former = self.lines[id]?.calledBackBy
        self.lines[id]?.asideAt = own.place
        self.lines[id]?.calledBackBy = nil
        self.putAside(id, at: own.place)
        if let former, former != own.place { _ = self.callBack(from: former) }
        return nil
    }

    private mutating func admitWaiting(_ number: UInt64, from id: UInt64, at now: Instant) {
        guard let waiter = self.forget(number) else { return }
        self.lines[id]?.calledBackBy = nil
        // It keeps its place in the round, whether anybody is left in it or not.
        let priority = waiter.request.priority
        self.rounds[Self.index(of: priority)].append(id)
        if priority == .low || self.rounds[Self.index(of: .low)].isEmpty {
            self.turnsWithoutLow = 0
        } else {
            self.turnsWithoutLow += 1
        }
        let ticket = self.admit(waiter.request, waiter.caller, waiter.address, at: now)
        self.decisions.append((number, .admitted(ticket)))
    }

    private static func index(of priority: RequestPriority) -> Int {
        switch priority {
        case .low: 0
        case .normal: 1
        case .high: 2
        }
    }

    // MARK: When to come again

    /// The refusal of a request that has no place; it may come again when as many have left as wait before it.
    mutating func refusal(
        _ limit: LimitName, _ request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?,
        at now: Instant
    ) -> LimitRefusal {
        var ahead = self.waiters.count
        var share = 1.0
        let own: LimitPlace? =
            switch limit {
            case .clientInFlight: caller
            case .addressInFlight: address
            default: nil
            }
        if let own {
            ahead = Int(self[own].waiting)
            share = Double(self[own].inside) / Double(max(1, self.inside.total))
        }
        return LimitRefusal(
            limit, retryAfter: self.departures.seconds(for: ahead + 1, share: share, at: now),
            isNews: self.notices.isNews(request.caller, at: now))
    }
}
