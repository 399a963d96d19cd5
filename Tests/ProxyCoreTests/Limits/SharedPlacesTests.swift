import Testing

@testable import ProxyCore

/// That no caller takes all places while others come.
struct SharedPlacesTests {
    /// As many requests of a caller as are let in before one waits.
    private static func fill(_ door: Door, _ user: UInt32, _ priority: RequestPriority = .normal) -> [AdmissionTicket] {
        var tickets: [AdmissionTicket] = []
        while case .admitted(let ticket) = door.enter(user, priority) { tickets.append(ticket) }
        return tickets
    }

    @Test("a caller alone has all places, and one that comes later has its share as they become free")
    func leavesAllToOne() throws {
        let door = Door { $0.limits.inFlight = 512 }
        let held = Self.fill(door, 1)
        #expect(held.count == 512)
        let other = try door.wait(2)
        door.leave(held[0])
        #expect(door.admitted == [other])
        // From now on places stay free, until the first has few enough.
        for ticket in held[1..<50] { door.leave(ticket) }
        #expect(door.admitted == [other])
        _ = try door.ticket(2)
    }

    @Test(
        "with slow requests of A in all places that it gets and more waiting, B's first starts at once (X-043)",
        arguments: [(16, 15), (64, 57), (512, 456)])
    func startsOthersAtOnce(inFlight: Int, most: Int) throws {
        let door = Door { $0.limits.inFlight = inFlight }
        door.leave(try door.ticket(2))
        let held = Self.fill(door, 1)
        #expect(held.count == most)
        _ = try door.wait(1)
        let first = try door.ticket(2)
        // Who goes gives its place to nobody who holds its share.
        door.leave(first)
        #expect(door.admitted.isEmpty)
        door.leave(held[0])
        #expect(door.admitted.count == 1)
    }

    @Test("two who take all they get leave places to a third")
    func holdsTwo() throws {
        let door = Door { $0.limits.inFlight = 512 }
        door.leave(try door.ticket(2))
        var counts = (0, 0)
        for _ in 0..<512 {
            if case .admitted = door.enter(1) { counts.0 += 1 }
            if case .admitted = door.enter(2) { counts.1 += 1 }
        }
        #expect(counts.0 + counts.1 < 512 && abs(counts.0 - counts.1) <= 1)
        for _ in 0..<16 { _ = try door.ticket(3) }
    }

    @Test("ten minutes after the last change of callers who waits for its share is let in, by whatever happens first")
    func forgets() throws {
        let door = Door { $0.limits.inFlight = 64 }
        door.leave(try door.ticket(2))
        _ = Self.fill(door, 1)
        let inside = door.admission.occupancy.inside
        door.advance(by: .seconds(599))
        _ = door.limit
        #expect(door.admission.occupancy == (inside, 1))
        door.advance(by: .seconds(2))
        _ = door.limit
        #expect(door.admission.occupancy == (inside + 1, 0))
        #expect(Self.fill(door, 1).count == 64 - inside - 1)
    }

    @Test("who would give up when there is room by then is let in instead (X-043)", arguments: [true, false])
    func looksBeforeGivingUp(byExpiry: Bool) throws {
        let door = Door { $0.limits.inFlight = 64 }
        door.leave(try door.ticket(2))
        while case .admitted = door.enter(1) {}
        let number = try door.wait(1)
        door.advance(by: .seconds(601))
        if byExpiry {
            #expect(door.expire(number) == nil)
        } else {
            #expect(!door.abandon(number))
        }
        #expect(door.admitted.contains(number))
    }

    @Test("requests that came before there was a limit on places count for the share")
    func countsAlways() throws {
        let door = Door { $0.limits.inFlight = nil }
        for _ in 0..<60 { _ = try door.ticket(1) }
        door.reconfigure { $0.limits.inFlight = 64 }
        let other = try door.ticket(2)
        _ = try door.wait(1)
        door.leave(other)
        #expect(door.admission.present.count == 1)
    }
}
