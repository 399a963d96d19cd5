/// Those who wait for a place.
extension Admission {
    // MARK: Beginning to wait

    /// Puts a request at the end of its line, and answers its number.
    mutating func line(
        up request: AdmissionRequest, _ caller: LimitPlace?, _ address: LimitPlace?, _ taken: Taken, at now: Instant
    ) -> UInt64 {
        self.lastNumber += 1
        let number = self.lastNumber
        let id = self.line(of: request, ownLimit: self.ownLimit(request, caller, address)?.place)
        self.waiters[number] = Waiter(
            request: request, line: id, caller: caller, address: address, taken: taken)
        self.lines[id]?.waiting.append(number)
        if let turns = self.lines[id]?.turns { self.turns[turns]?.waiting.append(number) }
        if let caller { self[caller].waiting += 1 }
        if let address { self[address].waiting += 1 }
        self.waitingOf.add(request.caller)
        return number
    }

    private mutating func line(of request: AdmissionRequest, ownLimit: LimitPlace?) -> UInt64 {
        let key = WaitingLine.Key(
            caller: request.caller, address: self.policy.address.inFlight == nil ? nil : request.address,
            priority: request.priority)
        if let known = self.lineOf[key] { return known }
        let turns = self.turns(of: request)
        self.lastNumber += 1
        let id = self.lastNumber
        self.lines[id] = WaitingLine(id: id, key: key, turns: turns)
        self.lineOf[key] = id
        self.turns[turns]?.lines += 1
        if let ownLimit { self.putAside(id, at: ownLimit) } else { self.takeTurns(id) }
        return id
    }

    private mutating func turns(of request: AdmissionRequest) -> UInt64 {
        let key = TurnsKey(caller: request.caller, priority: request.priority)
        if let known = self.turnsOf[key] { return known }
        self.lastNumber += 1
        let id = self.lastNumber
        self.turns[id] = CallerTurns(caller: request.caller, priority: request.priority)
        self.turnsOf[key] = id
        return id
    }

    // MARK: Giving up

    /// One who waited goes away.
    ///
    /// `false` if there is, or was, a decision about it.
    public mutating func abandon(_ number: UInt64, at now: Instant) -> Bool {
        self.tick(at: now)
        return self.remove(number, at: now) != nil
    }

    /// One has waited as long as it may.
    ///
    /// `nil` if there is, or was, a decision about it.
    public mutating func expire(_ number: UInt64, at now: Instant) -> LimitRefusal? {
        self.tick(at: now)
        guard let waiter = self.remove(number, at: now) else { return nil }
        let limit = self.ownLimit(waiter.request, waiter.caller, waiter.address)?.name ?? .queueTimeout
        return self.refusal(limit, waiter.request, waiter.caller, waiter.address, at: now)
    }

    /// Takes one out of the queue who does not get in, and gives back what it took.
    mutating func remove(_ number: UInt64, at now: Instant) -> Waiter? {
        guard let waiter = self.forget(number) else { return nil }
        self.giveBack(waiter.taken, of: waiter.request, waiter.caller, waiter.address, at: now)
        // Only what is needed of the line is taken out: a copy of all of it would make the next change copy its numbers.
        let id = waiter.line
        guard let (count, asideAt) = self.lines[id].map({ ($0.waiting.count, $0.asideAt) }) else { return waiter }
        if count == 0 {
            // The room that its line was called back for is somebody else's now.
            if self.drop(id) { self.serve(at: now) }
        } else if let asideAt, self.isFree(id, of: asideAt) {
            self.lines[id]?.asideAt = nil
            self.takeTurns(id)
            self.serve(at: now)
        }
        return waiter
    }

    /// Whether the one who is the first of a line now waits for something else than the one before.
    private mutating func isFree(_ line: UInt64, of place: LimitPlace) -> Bool {
        let waiters = self.waiters
        guard let number = self.lines[line]?.waiting.first(where: { waiters[$0] != nil }), let waiter = waiters[number]
        else { return false }
        return self.ownLimit(waiter.request, waiter.caller, waiter.address)?.place != place
    }

    /// Takes one out of the queue.
    mutating func forget(_ number: UInt64) -> Waiter? {
        guard let waiter = self.waiters.removeValue(forKey: number) else { return nil }
        if let place = waiter.caller { self[place].waiting -= 1 }
        if let place = waiter.address { self[place].waiting -= 1 }
        self.waitingOf.remove(waiter.request.caller)
        let waiters = self.waiters
        self.lines[waiter.line]?.waiting.noteGone { waiters[$0] != nil }
        if let turns = self.lines[waiter.line]?.turns {
            self.turns[turns]?.waiting.noteGone { waiters[$0] != nil }
        }
        return waiter
    }

    /// Ends a line in which nobody waits; `true` if another one takes turns in its place.
    mutating func drop(_ id: UInt64) -> Bool {
        guard let line = self.lines.removeValue(forKey: id) else { return false }
        self.lineOf[line.key] = nil
        self.dropTurns(of: line)
        if let place = line.asideAt {
            self.prune(LinesAside.Key(place: place, priority: line.key.priority))
            return false
        }
        return line.calledBackBy.map { self.callBack(LinesAside.Key(place: $0, priority: line.key.priority)) } ?? false
    }

    /// Ends the turns of a line that is gone, if it was the caller's last one.
    private mutating func dropTurns(of line: WaitingLine) {
        self.turns[line.turns]?.lines -= 1
        guard let left = self.turns[line.turns]?.lines, left == 0 else {
            let lines = self.lines
            self.turns[line.turns]?.prune { lines[$0].map { $0.asideAt == nil } ?? false }
            return
        }
        self.turns[line.turns] = nil
        self.turnsOf[TurnsKey(caller: line.key.caller, priority: line.key.priority)] = nil
        let index = Self.index(of: line.key.priority)
        guard self.rounds[index].count > 2 * self.turns.count + 16 else { return }
        let turns = self.turns
        self.rounds[index].prune { turns[$0] != nil }
    }

    // MARK: Lines aside

    mutating func putAside(_ id: UInt64, at place: LimitPlace) {
        guard var line = self.lines[id] else { return }
        line.asideAt = place
        line.timesAside += 1
        line.calledBackBy = nil
        self.lines[id] = line
        let key = LinesAside.Key(place: place, priority: line.key.priority)
        self.aside[key, default: LinesAside()].append(LinesAside.Note(line: id, times: line.timesAside))
        self.prune(key)
    }

    /// Whether a line is still where a note says.
    private static func isAside(_ line: WaitingLine?, _ note: LinesAside.Note, at place: LimitPlace) -> Bool {
        line.map { $0.asideAt == place && $0.timesAside == note.times } ?? false
    }

    /// Drops the notes of lines that are gone where they are many.
    private mutating func prune(_ key: LinesAside.Key) {
        guard var aside = self.aside.removeValue(forKey: key) else { return }
        let lines = self.lines
        if aside.count > 2 * lines.count + 16 || lines.isEmpty {
            aside.prune { Self.isAside(lines[$0.line], $0, at: key.place) }
        }
        if !aside.isEmpty { self.aside[key] = aside }
    }

    /// Lets lines that were put aside take turns again, because something of their limit is free: one of each priority,
    /// since the one that comes first may have to wait for something else.
    mutating func callBack(from place: LimitPlace) {
        guard !self.aside.isEmpty else { return }
        for priority in RequestPriority.allCases {
            _ = self.callBack(LinesAside.Key(place: place, priority: priority))
        }
    }

    /// Lets a line that was put aside take turns again; `false` if there is none.
    mutating func callBack(_ key: LinesAside.Key) -> Bool {
        guard var aside = self.aside.removeValue(forKey: key) else { return false }
        defer { if !aside.isEmpty { self.aside[key] = aside } }
        while let note = aside.popFirst() {
            guard var line = self.lines[note.line], Self.isAside(line, note, at: key.place) else { continue }
            line.asideAt = nil
            line.calledBackBy = key.place
            self.lines[note.line] = line
            self.takeTurns(line.id)
            return true
        }
        return false
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
