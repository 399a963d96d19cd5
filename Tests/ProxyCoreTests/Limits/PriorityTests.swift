import Testing

@testable import ProxyCore

/// Priorities (L-004).
struct PriorityTests {
    private static func door(
        _ inFlight: Int, expectsHigh: Bool = true, _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> Door {
        try Door { configuration in
            configuration.limits.inFlight = inFlight
            configuration.limits.queue = 1000
            if expectsHigh {
                configuration.clients = [try Door.client("boss") { $0.scopes = [.inference, .priorityHigh] }]
            }
            change(&configuration)
        }
    }

    @Test(
        "a part of the places is kept for high priority, at least one of two and never the last (L-004)",
        arguments: [(1, 1), (2, 1), (8, 7), (20, 18), (512, 461)])
    func keepsPlaces(inFlight: Int, others: Int) throws {
        let door = try Self.door(inFlight)
        for _ in 0..<others { _ = try door.ticket(1) }
        _ = try door.wait(1)
        if others < inFlight { _ = try door.ticket(2, .high) }
    }

    @Test("nothing is kept where nobody may ask for high priority, until somebody does")
    func keepsNothing() throws {
        let door = try Self.door(10, expectsHigh: false)
        let tickets = try (0..<10).map { _ in try door.ticket(1) }
        let high = try door.wait(2, .high)
        let normal = try door.wait(1)
        door.leave(tickets[0])
        #expect(door.admitted == [high])
        try door.leave(waited: high)
        // The own user has used it: one place is kept from now on, for a while.
        #expect(door.admitted == [high])
        door.advance(by: .seconds(601))
        _ = door.limit
        #expect(!door.abandon(normal))
    }

    @Test("high priority takes its share and no more, with whatever others do (L-004)")
    func capsHigh() throws {
        let door = try Self.door(10)
        for _ in 0..<5 { _ = try door.ticket(1, .high) }
        _ = try door.wait(1, .high)
        for _ in 0..<5 { _ = try door.ticket(2) }
        _ = try door.wait(2)
    }

    @Test("low priority takes its share and no more, at least one place", arguments: [(10, 5), (2, 1), (1, 1)])
    func capsLow(inFlight: Int, low: Int) throws {
        let door = try Self.door(inFlight, expectsHigh: false)
        for _ in 0..<low { _ = try door.ticket(1, .low) }
        _ = try door.wait(1, .low)
    }

    @Test("high goes first, low last, but every sixteenth turn is for low (L-004)")
    func ordersTurns() throws {
        let door = try Self.door(4)
        var running = try (0..<3).map { _ in try door.ticket(1) }
        var priorities: [UInt64: RequestPriority] = [:]
        for _ in 0..<5 { priorities[try door.wait(2, .low)] = .low }
        for _ in 0..<60 { priorities[try door.wait(1)] = .normal }
        _ = try door.ticket(3, .high)
        for _ in 0..<2 { priorities[try door.wait(3, .high)] = .high }
        var known = 0
        while !running.isEmpty {
            door.leave(running.removeFirst())
            while known < door.admitted.count {
                running.append(try #require(door.tickets[door.admitted[known]]))
                known += 1
            }
        }
        let order = door.admitted.compactMap { priorities[$0] }
        let firstLow = try #require(order.firstIndex(of: .low))
        #expect(firstLow <= Admission.turnsBeforeLow + 1)
        #expect(order.dropFirst(firstLow + 1).firstIndex(of: .low).map { $0 - firstLow <= 18 } ?? false)
        #expect(order.contains(.normal))
    }

    @Test("the last of low priority in a full queue goes for others, and for none of its kind (L-004)")
    func makesRoomForHigher() throws {
        let door = try Self.door(1) { $0.limits.queue = 3 }
        _ = try door.ticket(1)
        let low = try (0..<3).map { try door.wait(UInt32(10 + $0), .low) }
        _ = try door.refusal(20, .low)
        _ = try door.wait(20, .normal)
        _ = try door.wait(21, .high)
        #expect(door.refused.count == 2 && low.count { door.refused[$0] == nil } == 1)
        #expect(door.refused.values.allSatisfy { $0.limit == .queueFull })
        _ = try door.wait(22, .normal)
        _ = try door.refusal(23, .normal)
        #expect(low.allSatisfy { door.refused[$0] != nil })
    }

    @Test("a caller's own request of low priority goes first for one of its others (L-004)")
    func makesRoomOfItsOwn() throws {
        let door = try Self.door(1) { $0.limits.queue = 3 }
        _ = try door.ticket(1)
        let own = try door.wait(20, .low)
        for user in UInt32(10)..<12 { _ = try door.wait(user, .low) }
        _ = try door.wait(20)
        #expect(Set(door.refused.keys) == [own])
    }

    @Test("low priority at its share does not lower the limit, all places in use do (X-044)")
    func lowersWhereFull() throws {
        let door = try Self.door(64, expectsHigh: false) { $0.limits.adaptive = true }
        for _ in 0..<32 { _ = try door.ticket(1, .low) }
        _ = try door.wait(1, .low)
        for _ in 0..<20 { door.overload() }
        door.advance(by: .seconds(1))
        #expect(door.limit == 64)
        while case .admitted = door.enter(1) {}
        for _ in 0..<20 { door.overload() }
        door.advance(by: .seconds(1))
        #expect(door.limit == 48)
    }

    @Test(
        "a caller who is held to its share uses the limit, so that it is lowered (X-044, X-043)",
        arguments: [false, true])
    func lowersAtShare(expectsHigh: Bool) throws {
        let door = try Self.door(64, expectsHigh: expectsHigh) { $0.limits.adaptive = true }
        _ = try door.ticket(1)
        door.leave(try door.ticket(2))
        while case .admitted = door.enter(1) {}
        #expect(door.admission.inside.total < 60)
        for _ in 0..<20 { door.overload() }
        door.advance(by: .seconds(1))
        #expect(door.limit == 48)
    }

    @Test(
        "whatever comes and goes, no share is exceeded and every count returns to zero (L-004, X-043)",
        arguments: 1...60)
    func holdsShares(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let inFlight = Int.random(in: 1...12, using: &random)
        let door = try Self.door(inFlight, expectsHigh: seed % 2 == 0) { configuration in
            configuration.limits.queue = 20
            if seed % 3 == 0 { configuration.limits.client.inFlight = 3 }
            if seed % 5 == 0 { configuration.limits.address.inFlight = 4 }
            if seed % 7 == 0 { configuration.limits.client.rps = 4 }
        }
        var tickets: [AdmissionTicket] = []
        var waiting: [UInt64] = []
        var known = 0
        for _ in 0..<2000 {
            door.advance(by: .milliseconds(Int64.random(in: 0..<50, using: &random)))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let priority = RequestPriority.allCases.randomElement(using: &random) ?? .normal
                let address = LimitKey.address(UInt32.random(in: 0..<3, using: &random))
                switch door.enter(UInt32.random(in: 0..<5, using: &random), priority, from: address) {
                case .admitted(let ticket): tickets.append(ticket)
                case .waiting(let number): waiting.append(number)
                case .refused(let refusal): #expect(refusal.retryAfter >= 1)
                }
            case 5..<8 where !tickets.isEmpty:
                door.leave(tickets.remove(at: Int.random(in: tickets.indices, using: &random)), tokens: 3)
            case 8 where !waiting.isEmpty:
                let number = waiting.remove(at: Int.random(in: waiting.indices, using: &random))
                if Bool.random(using: &random) { _ = door.abandon(number) } else { _ = door.expire(number) }
            default: break
            }
            while known < door.admitted.count {
                let number = door.admitted[known]
                known += 1
                tickets.append(try #require(door.tickets[number]))
                waiting.removeAll { $0 == number }
            }
            waiting.removeAll { door.refused[$0] != nil }
            let (inside, shares) = (door.admission.inside, door.admission.shares)
            #expect(inside.total == tickets.count && inside.total <= inFlight)
            #expect(inside.high <= shares.high && inside.low <= shares.low)
            #expect(door.admission.waiters.count == waiting.count && waiting.count <= 20)
            Self.checkNobodyForgotten(door)
        }
        for ticket in tickets { door.leave(ticket) }
        while known < door.admitted.count {
            try door.leave(waited: door.admitted[known])
            known += 1
        }
        #expect(door.admission.occupancy == (0, 0))
        #expect(door.admission.present.isEmpty && door.admission.waitingOf.isEmpty && door.admission.aside.isEmpty)
        #expect(door.admission.turns.allSatisfy { $0.value.waiting.count == 0 && $0.value.isInRound })
    }

    /// Whoever waits could not go: there is no shared place, or none of its own, or the others need those that are free.
    private static func checkNobodyForgotten(_ door: Door) {
        let admission = door.admission
        for waiter in admission.waiters.values {
            #expect(
                !admission.inside.hasRoom(for: waiter.request.priority, in: admission.shares)
                    || admission.ownLimit(waiter.request, waiter.caller, waiter.address) != nil
                    || admission.isOverShare(waiter.request))
        }
    }
}
