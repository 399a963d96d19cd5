/// Whose turn it is of those who wait.
extension Admission {
    /// Lets a line take turns: first if its caller has nothing under way.
    mutating func takeTurns(_ id: UInt64) {
        guard let (turns, isCalledBack) = self.lines[id].map({ ($0.turns, $0.calledBackBy != nil) }) else { return }
        self.turns[turns]?.append(id, isCalledBack: isCalledBack)
        guard let (caller, priority, isInRound) = self.turns[turns].map({ ($0.caller, $0.priority, $0.isInRound) }),
            !isInRound
        else { return }
        self.turns[turns]?.isInRound = true
        let index = Self.index(of: priority)
        if self.present[caller] == nil {
            self.rounds[index].welcome(turns)
        } else {
            self.rounds[index].append(turns)
        }
    }

    /// Lets in those for whom there is room, in the order of their turns.
    mutating func serve(at now: Instant) {
        guard !self.waiters.isEmpty else { return }
        // Callers who hold their share, by their priority: few, since each of them holds an eighth of the places.
        var passedOver: [(index: Int, turns: UInt64)] = []
        while let priority = self.priorityInTurn() {
            let index = Self.index(of: priority)
            guard let (turns, isNew) = self.rounds[index].next(), let (id, number) = self.first(of: turns) else {
                continue
            }
            if let waiter = self.waiters[number], self.isOverShare(waiter.request) {
                passedOver.append((index, turns))
                self.passOver(id, of: turns, priority)
                // Room that is passed on may come back to it, and is then passed on further.
                self.turns[turns]?.isInRound = false
                continue
            }
            self.rounds[index].noteServed(wasNew: isNew)
            self.admitWaiting(number, from: id, of: turns, at: now)
        }
        for (index, turns) in passedOver where self.turns[turns]?.isInRound == false {
            self.turns[turns]?.isInRound = true
            self.rounds[index].append(turns)
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

    /// The first of the lines of a caller that may go now; those before it are dropped or put aside.
    private mutating func first(of turns: UInt64) -> (line: UInt64, number: UInt64)? {
        while let id = self.turns[turns]?.next() {
            if let number = self.first(ofLine: id) { return (id, number) }
        }
        self.turns[turns]?.isInRound = false
        return nil
    }

    /// The first of a line, if it may go now; else the line is dropped or put aside.
    private mutating func first(ofLine id: UInt64) -> UInt64? {
        let waiters = self.waiters
        guard self.lines[id]?.asideAt == nil else { return nil }
        guard let number = self.lines[id]?.waiting.first(where: { waiters[$0] != nil }), let waiter = waiters[number]
        else {
            _ = self.drop(id)
            return nil
        }
        guard let own = self.ownLimit(waiter.request, waiter.caller, waiter.address) else { return number }
        let former = self.lines[id]?.calledBackBy
        self.putAside(id, at: own.place)
        if let former, former != own.place {
            _ = self.callBack(LinesAside.Key(place: former, priority: waiter.request.priority))
        }
        return nil
    }

    /// Leaves out a caller who holds its share, whose line was taken out.
    ///
    /// None of its lines uses the room that it was called back for now; somebody else may.
    private mutating func passOver(_ id: UInt64, of turns: UInt64, _ priority: RequestPriority) {
        var line: UInt64? = id
        while let present = line {
            self.turns[turns]?.append(present, isCalledBack: false)
            if let former = self.lines[present]?.calledBackBy {
                self.lines[present]?.calledBackBy = nil
                _ = self.callBack(LinesAside.Key(place: former, priority: priority))
            }
            line = self.turns[turns]?.nextCalledBack()
        }
    }

    private mutating func admitWaiting(_ number: UInt64, from id: UInt64, of turns: UInt64, at now: Instant) {
        guard let waiter = self.forget(number) else { return }
        if let former = self.lines[id]?.calledBackBy {
            self.lines[id]?.calledBackBy = nil
            // Who came first has gone meanwhile, and this one does not use the room that the line was called back for.
            if former != waiter.caller, former != waiter.address {
                _ = self.callBack(LinesAside.Key(place: former, priority: waiter.request.priority))
            }
        }
        // It keeps its place in the round, whether anybody is left in it or not.
        let priority = waiter.request.priority
        self.turns[turns]?.append(id, isCalledBack: false)
        self.rounds[Self.index(of: priority)].append(turns)
        if priority == .low || self.rounds[Self.index(of: .low)].isEmpty {
            self.turnsWithoutLow = 0
        } else {
            self.turnsWithoutLow += 1
        }
        let ticket = self.admit(waiter.request, waiter.caller, waiter.address, waiter.taken, at: now)
        self.decisions.append((number, .admitted(ticket)))
    }

    static func index(of priority: RequestPriority) -> Int {
        switch priority {
        case .low: 0
        case .normal: 1
        case .high: 2
        }
    }
}
