import Testing

@testable import ProxyCore

/// Callers who come from several addresses, where those have places of their own.
struct AddressTurnsTests {
    @Test("a request that waits for its address delays none of the same caller from elsewhere")
    func delaysNobodyElsewhere() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 4
            configuration.limits.address.inFlight = 2
        }
        for _ in 0..<2 { _ = try door.ticket(1, from: .address(7)) }
        let behind = try (0..<100).map { _ in try door.wait(1, from: .address(7)) }
        let others = [try door.ticket(2), try door.ticket(2)]
        let elsewhere = try door.wait(1, from: .address(8))
        let socket = try door.wait(1)
        for ticket in others { door.leave(ticket) }
        #expect(door.admitted == [elsewhere, socket])
        try door.leave(waited: elsewhere)
        try door.leave(waited: socket)
        #expect(door.admission.waiters.count == behind.count)
        // Nor does who comes now from elsewhere wait.
        _ = try door.ticket(1, from: .address(9))
    }

    @Test("within an address who came first goes first, and addresses of one caller take turns")
    func keepsOrder() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.address.inFlight = 1
        }
        var held = try door.ticket(9)
        let first = try (0..<3).map { _ in try door.wait(1, from: .address(7)) }
        let second = try (0..<3).map { _ in try door.wait(1, from: .address(8)) }
        for _ in 0..<6 {
            door.leave(held)
            let last = try #require(door.admitted.last)
            held = try #require(door.tickets[last])
        }
        #expect(door.admitted.filter { first.contains($0) } == first)
        #expect(door.admitted.filter { second.contains($0) } == second)
        for start in [0, 2, 4] { #expect(door.admitted[start..<start + 2].count { first.contains($0) } == 1) }
    }

    @Test("a caller has no more turns for coming from many addresses")
    func sharesTurns() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.address.inFlight = 1
        }
        var held = try door.ticket(9)
        var callers: [UInt64: UInt32] = [:]
        for number in UInt32(0)..<40 { callers[try door.wait(1, from: .address(number))] = 1 }
        for _ in 0..<10 { callers[try door.wait(2, from: .address(100))] = 2 }
        for _ in 0..<20 {
            door.leave(held)
            let last = try #require(door.admitted.last)
            held = try #require(door.tickets[last])
        }
        for caller in UInt32(1)...2 { #expect(door.admitted.count { callers[$0] == caller } == 10) }
    }

    @Test("of a full queue the last of all addresses of the caller with the most gives way, and lines do not stay")
    func sharesQueue() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.address.inFlight = 1
            configuration.limits.queue = 30
        }
        _ = try door.ticket(1, from: .address(0))
        let own = try (0..<30).map { try door.wait(1, from: .address(UInt32($0) % 10)) }
        for user in UInt32(2)..<7 { _ = try door.wait(user, from: .address(50 + user)) }
        #expect(Set(door.refused.keys) == Set(own.suffix(5)))
        for number in own { _ = door.abandon(number) }
        #expect(door.admission.lines.count == 5)
        #expect(door.admission.turns.count == 5 && door.admission.turnsOf.count == 5)
    }

    @Test("a caller at its own limit and at those of its addresses gets each place that becomes free")
    func waitsForBoth() throws {
        let door = Door { configuration in
            configuration.limits.inFlight = 10
            configuration.limits.client.inFlight = 2
            configuration.limits.address.inFlight = 1
        }
        let first = try door.ticket(1, from: .address(7))
        let second = try door.ticket(1, from: .address(8))
        let same = try door.wait(1, from: .address(7))
        let elsewhere = try door.wait(1, from: .address(9))
        let other = try door.wait(2, from: .address(8))
        // The caller has a place, which its first one cannot use; nor the address of the other.
        door.leave(second)
        #expect(door.admitted.sorted() == [elsewhere, other])
        door.leave(first)
        #expect(door.admitted.sorted() == [same, elsewhere, other])
    }
}
