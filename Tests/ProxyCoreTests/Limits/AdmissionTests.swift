import Testing

@testable import ProxyCore

/// Who is let in, who waits and who is refused.
struct AdmissionTests {
    // MARK: Rates

    @Test("the sixth request within a second is refused with the time to wait, others notice nothing (K-040)")
    func limitsRate() throws {
        let door = Door { $0.limits.client.rps = 5 }
        for _ in 0..<5 { door.leave(try door.ticket(1)) }
        let refusal = try door.refusal(1)
        #expect(refusal.limit == .clientPerSecond)
        #expect(refusal.retryAfter == 1)
        #expect(refusal.fault.status == 429)
        #expect(refusal.fault.code == .rateLimited)
        for _ in 0..<5 { door.leave(try door.ticket(2)) }
        door.advance(by: .seconds(refusal.retryAfter))
        for _ in 0..<5 { door.leave(try door.ticket(1)) }
        #expect(try door.refusal(1).limit == .clientPerSecond)
    }

    @Test("Retry-After is right: a second before it nobody is let in, after it one is", arguments: [1, 2, 7, 60, 1000])
    func tellsTheTime(rpm: Int) throws {
        let door = Door { $0.limits.client.rpm = rpm }
        for _ in 0..<rpm { door.leave(try door.ticket(1)) }
        let refusal = try door.refusal(1)
        #expect(refusal.limit == .clientPerMinute)
        if refusal.retryAfter > 1 {
            door.advance(by: .seconds(refusal.retryAfter - 1))
            _ = try door.refusal(1)
            door.advance(by: .seconds(1))
        } else {
            door.advance(by: .seconds(1))
        }
        _ = try door.ticket(1)
    }

    @Test("the limits of a client win, one at a time, over those that hold for each")
    func ownLimitsWin() throws {
        let name = try #require(ClientName("big"))
        let door = try Door { configuration in
            configuration.limits.client.rps = 2
            configuration.limits.client.rpm = 20
            configuration.clients = [try Door.client("big") { $0.rps = 10 }, try Door.client("plain")]
        }
        for _ in 0..<10 {
            guard case .admitted = door.enter(.client(name)) else {
                Issue.record("not in")
                return
            }
        }
        guard case .refused(let refusal) = door.enter(.client(name)) else {
            Issue.record("in")
            return
        }
        #expect(refusal.limit == .clientPerSecond)
        door.advance(by: .seconds(1))
        for _ in 0..<10 { _ = door.enter(.client(name)) }
        guard case .refused(let second) = door.enter(.client(name)) else {
            Issue.record("in")
            return
        }
        // Twenty came within a second and are a minute's worth.
        #expect([.clientPerMinute, .clientPerSecond].contains(second.limit))
        let plain = LimitKey.client(try #require(ClientName("plain")))
        _ = door.enter(plain)
        _ = door.enter(plain)
        guard case .refused = door.enter(plain) else {
            Issue.record("in")
            return
        }
    }

    @Test("addresses have limits beside those of callers, and all callers have limits together")
    func limitsAddressesAndAll() throws {
        let door = Door { configuration in
            configuration.limits.address.rps = 2
            configuration.limits.rps = 5
        }
        for user in UInt32(0)..<2 { _ = try door.ticket(user, from: .network(7)) }
        #expect(try door.refusal(3, from: .network(7)).limit == .addressPerSecond)
        for user in UInt32(0)..<2 { _ = try door.ticket(user, from: .network(8)) }
        _ = try door.ticket(9)
        #expect(try door.refusal(9).limit == .globalPerSecond)
    }

    @Test("who is refused by one limit uses up none of the others")
    func refusedUsesNothing() throws {
        let door = Door { configuration in
            configuration.limits.client.rpm = 2
            configuration.limits.rps = 4
        }
        for _ in 0..<2 { _ = try door.ticket(1) }
        for _ in 0..<100 { _ = try door.refusal(1) }
        for _ in 0..<2 { _ = try door.ticket(2) }
        #expect(try door.refusal(3).limit == .globalPerSecond)
    }

    @Test("tokens are counted when a request is over, and the debt is waited for")
    func limitsTokens() throws {
        let door = Door { $0.limits.client.tpm = 600 }
        let first = try door.ticket(1)
        door.leave(try door.ticket(1), tokens: 500)
        door.leave(first, tokens: 700)
        let refusal = try door.refusal(1)
        #expect(refusal.limit == .clientTokens)
        #expect((60...61).contains(refusal.retryAfter))
        _ = try door.ticket(2)
        door.advance(by: .seconds(refusal.retryAfter - 2))
        _ = try door.refusal(1)
        door.advance(by: .seconds(2))
        _ = try door.ticket(1)
    }

    @Test("what was used is kept over a reload, whatever the new limits are (T-037)")
    func keepsOverReload() throws {
        let door = Door { $0.limits.client.rpm = 10 }
        for _ in 0..<10 { _ = try door.ticket(1) }
        door.reconfigure { $0.limits.client.rpm = 60 }
        _ = try door.refusal(1)
        door.advance(by: .seconds(2))
        _ = try door.ticket(1)
        door.reconfigure { _ in }
        _ = try door.ticket(1)
    }

    @Test("a list of models counts for the rates and takes no place")
    func passes() throws {
        let door = Door { configuration in
            configuration.limits.client.rps = 2
            configuration.limits.inFlight = 1
        }
        _ = try door.ticket(1)
        #expect(door.pass(1) == nil)
        #expect(door.pass(1)?.limit == .clientPerSecond)
        #expect(door.pass(2) == nil)
        #expect(door.admission.occupancy == (1, 0))
    }

    @Test("the log is told once a minute of each caller")
    func tellsOnce() throws {
        let door = Door { $0.limits.client.rpm = 1 }
        _ = try door.ticket(1)
        _ = try door.ticket(2)
        #expect(try door.refusal(1).isNews)
        #expect(try !door.refusal(1).isNews)
        #expect(try door.refusal(2).isNews)
        door.advance(by: .seconds(60))
        _ = try door.ticket(1)
        #expect(try door.refusal(1).isNews)
    }

    // MARK: Places

    @Test("waiting and leaving keep the order of coming, and counts return to zero")
    func keepsOrder() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 2
            configuration.limits.queue = 3
        }
        let first = try door.ticket(1)
        let second = try door.ticket(1)
        let waiting = try (0..<3).map { _ in try door.wait(1) }
        #expect(try door.refusal(1).limit == .queueFull)
        #expect(try door.refusal(1).fault.status == 503)
        #expect(door.abandon(waiting[1]))
        #expect(!door.abandon(waiting[1]))
        door.leave(first)
        #expect(door.admitted == [waiting[0]])
        #expect(!door.abandon(waiting[0]))
        door.leave(second)
        #expect(door.admitted == [waiting[0], waiting[2]])
        try door.leave(waited: waiting[0])
        try door.leave(waited: waiting[2])
        #expect(door.admission.occupancy == (0, 0))
        #expect(door.admission.present.isEmpty && door.admission.waitingOf.isEmpty)
    }

    @Test("with A at its limit and 100 of its requests waiting, B's first starts at once (X-043)")
    func doesNotDelayOthers() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 8
            configuration.limits.client.inFlight = 4
        }
        let first = try (0..<4).map { _ in try door.ticket(1) }
        let waiting = try (0..<100).map { _ in try door.wait(1) }
        // A holds four of the places and no more, however many wait.
        for _ in 0..<4 { _ = try door.ticket(2) }
        _ = try door.wait(2)
        door.leave(first[0])
        #expect(door.admitted == [waiting[0]])
    }

    @Test("with all places taken by A and 100 of its requests waiting, B's first is the next one (X-043)")
    func goesNext() throws {
        for taken in [1, 2, 8] {
            let door = Door { $0.limits.inFlight = taken }
            let first = try (0..<taken).map { _ in try door.ticket(1) }
            for _ in 0..<100 { _ = try door.wait(1) }
            let other = try door.wait(2)
            door.leave(first[0])
            #expect(door.admitted == [other])
        }
    }

    @Test("callers take turns, however much each of them wants")
    func takesTurns() throws {
        let door = Door { $0.limits.inFlight = 1 }
        var held = try door.ticket(9)
        var callers: [UInt64: UInt32] = [:]
        for _ in 0..<40 { callers[try door.wait(1)] = 1 }
        for _ in 0..<10 { callers[try door.wait(2)] = 2 }
        for _ in 0..<10 { callers[try door.wait(3)] = 3 }
        for _ in 0..<30 {
            door.leave(held)
            let number = try #require(door.admitted.last)
            held = try #require(door.tickets[number])
        }
        let served = door.admitted.compactMap { callers[$0] }
        for caller in UInt32(1)...3 { #expect(served.count { $0 == caller } == 10) }
        for start in stride(from: 0, to: 27, by: 3) { #expect(Set(served[start..<start + 3]).count == 3) }
    }

    @Test("an endless stream of new callers does not starve those who wait")
    func isNotStarved() throws {
        let door = Door { $0.limits.inFlight = 1 }
        var held = try door.ticket(1)
        let own = try (0..<10).map { _ in try door.wait(1) }
        var next: UInt32 = 100
        for _ in 0..<3 {
            _ = try door.wait(next)
            next += 1
        }
        for _ in 0..<200 {
            _ = try door.wait(next)
            next += 1
            door.leave(held)
            let last = try #require(door.admitted.last)
            held = try #require(door.tickets[last])
        }
        #expect(own.allSatisfy { door.admitted.contains($0) })
        // Lines that were served empty are not kept for ever.
        #expect(door.admission.lines.count < 64)
        #expect(door.admission.rounds.allSatisfy { $0.count < 64 })
    }

    @Test("one caller may fill the queue, and gives way when another one comes")
    func sharesQueue() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.queue = 8
        }
        _ = try door.ticket(1)
        let own = try (0..<8).map { _ in try door.wait(1) }
        #expect(try door.refusal(1).limit == .queueFull)
        for user in UInt32(2)..<9 { _ = try door.wait(user) }
        // The last that came go, until it has no more than the others.
        #expect(Set(door.refused.keys) == Set(own[1...]))
        #expect(door.refused.values.allSatisfy { $0.limit == .queueShare && $0.fault.status == 503 })
        #expect(try door.refusal(9).limit == .queueFull)
    }

    @Test("two or three callers that fill the queue between them give way too", arguments: UInt32(2)...3)
    func sharesQueueOfSome(callers: UInt32) throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.queue = 12
        }
        _ = try door.ticket(1)
        for number in UInt32(0)..<12 { _ = try door.wait(1 + number % callers) }
        _ = try door.wait(20)
        _ = try door.wait(21)
        #expect(door.refused.values.allSatisfy { $0.limit == .queueShare })
        #expect(door.refused.count == 2)
    }

    @Test("without a queue nobody waits")
    func hasNoQueue() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.queue = 0
        }
        _ = try door.ticket(1)
        #expect(try door.refusal(2).limit == .queueFull)
    }

    @Test("who waits too long is told why: 429 at a limit of its own, 503 for want of places")
    func expires() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 3
            configuration.limits.client.inFlight = 2
        }
        for _ in 0..<2 { _ = try door.ticket(1) }
        let own = try door.wait(1)
        let other = try door.ticket(2)
        let shared = try door.wait(2)
        #expect(door.expire(own)?.limit == .clientInFlight)
        #expect(door.expire(shared)?.limit == .queueTimeout)
        #expect(door.expire(shared) == nil)
        door.leave(other)
        #expect(door.admitted.isEmpty)
    }

    @Test("what waited and never ran is given back (T-037)")
    func givesBack() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.client.rpm = 3
        }
        _ = try door.ticket(1)
        let second = try door.wait(1)
        let third = try door.wait(1)
        #expect(try door.refusal(1).limit == .clientPerMinute)
        #expect(door.abandon(second))
        #expect(door.expire(third) != nil)
        _ = try door.wait(1)
        _ = try door.wait(1)
        #expect(try door.refusal(1).limit == .clientPerMinute)
    }

    @Test("the wait that is named follows how fast places become free")
    func estimates() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.queue = 4
        }
        for _ in 0..<10 {
            let ticket = try door.ticket(1)
            door.advance(by: .seconds(2))
            door.leave(ticket)
        }
        _ = try door.ticket(1)
        for _ in 0..<4 { _ = try door.wait(1) }
        // One in two seconds leaves, and five are to leave before.
        #expect((9...11).contains(try door.refusal(1).retryAfter))
    }

    @Test("an address at its limit delays nobody elsewhere, and those behind it take turns")
    func limitsPlacesOfAddresses() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 10
            configuration.limits.address.inFlight = 2
        }
        let first = try door.ticket(1, from: .address(7))
        let second = try door.ticket(2, from: .address(7))
        let waiting = [
            try door.wait(1, from: .address(7)), try door.wait(2, from: .address(7)),
            try door.wait(3, from: .address(7)),
        ]
        _ = try door.ticket(1, from: .address(8))
        door.leave(first)
        #expect(door.admitted.count == 1)
        door.leave(second)
        #expect(door.admitted.count == 2)
        try door.leave(waited: door.admitted[0])
        #expect(Set(door.admitted) == Set(waiting))
    }

    @Test("who is called back and leaves passes its turn on")
    func passesTurnOn() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 3
            configuration.limits.address.inFlight = 2
        }
        let first = try door.ticket(1, from: .address(7))
        _ = try door.ticket(2, from: .address(7))
        let third = try door.wait(3, from: .address(7))
        let fourth = try door.wait(4, from: .address(7))
        let elsewhere = try door.ticket(5)
        // Somebody else waits for the last shared place, so that who is called back cannot go at once.
        let before = try door.wait(6)
        door.leave(first)
        #expect(door.admitted == [before])
        #expect(door.abandon(third))
        door.leave(elsewhere)
        #expect(door.admitted == [before, fourth])
    }

    @Test("a higher limit lets in those who wait, of one caller or of all")
    func raises() throws {
        let door = Door { $0.limits.client.inFlight = 1 }
        _ = try door.ticket(1)
        for _ in 0..<3 { _ = try door.wait(1) }
        door.reconfigure { $0.limits.client.inFlight = 3 }
        #expect(door.admitted.count == 2)
        door.reconfigure { $0.limits.inFlight = nil }
        #expect(door.admitted.count == 3)
        #expect(door.admission.occupancy == (4, 0))
    }
}
