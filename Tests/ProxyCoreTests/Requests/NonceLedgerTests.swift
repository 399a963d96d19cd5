import Testing

@testable import ProxyCore

/// A nonce passes once (K-041).
struct NonceLedgerTests {
    private static let start = WallTime(microseconds: 1_767_225_600_000_000)

    private static func time(_ seconds: Int64) -> WallTime { Self.start + .seconds(seconds) }

    private static func nonce(_ number: Int, of client: String = "ci", expires: Int64 = 301) throws -> UsedNonce {
        var digest = [UInt8](repeating: 0, count: 16)
        for index in 0..<8 { digest[index * 2] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        let name = try #require(ClientName(client))
        return try #require(UsedNonce(client: name, digest: digest, expires: Self.time(expires)))
    }

    @Test("one that was used passes never again, one that was given back does")
    func passesOnce() throws {
        var ledger = NonceLedger()
        let nonce = try Self.nonce(1)
        #expect(ledger.reserve(nonce, at: Self.time(0)) == .reserved)
        #expect(ledger.isUsed(nonce))
        #expect(ledger.reserve(nonce, at: Self.time(0)) == .used)
        ledger.release(nonce)
        #expect(!ledger.isUsed(nonce) && ledger.count == 0)
        #expect(ledger.reserve(nonce, at: Self.time(1)) == .reserved)
        for second in stride(from: 1, through: 300, by: 13) {
            #expect(ledger.reserve(nonce, at: Self.time(Int64(second))) == .used)
        }
        // The same nonce with another timestamp.
        #expect(ledger.reserve(try Self.nonce(1, expires: 600), at: Self.time(5)) == .used)
        #expect(ledger.reserve(try Self.nonce(1, of: "other"), at: Self.time(5)) == .reserved)
    }

    @Test("nothing is forgotten before its time, and everything some time after it")
    func forgets() throws {
        var ledger = NonceLedger()
        for number in 0..<100 {
            #expect(ledger.reserve(try Self.nonce(number, expires: 301 + Int64(number)), at: Self.time(0)) == .reserved)
        }
        #expect(ledger.reserve(try Self.nonce(1_000, expires: 651), at: Self.time(350)) == .reserved)
        #expect(ledger.count == 51)
        for number in 50..<100 { #expect(ledger.isUsed(try Self.nonce(number))) }
    }

    @Test("a client without room waits until its first nonce ends, and others do not")
    func isBoundedByClient() throws {
        var ledger = NonceLedger(NonceLedger.Room(client: 4, own: 4, common: 100))
        for number in 0..<4 {
            #expect(ledger.reserve(try Self.nonce(number, expires: 300 + Int64(number)), at: Self.time(0)) == .reserved)
        }
        let next = try Self.nonce(9, expires: 500)
        #expect(ledger.reserve(next, at: Self.time(200)) == .full(retryAfter: .seconds(100)))
        #expect(ledger.reserve(try Self.nonce(9, of: "other"), at: Self.time(200)) == .reserved)
        #expect(ledger.reserve(next, at: Self.time(299)) == .full(retryAfter: .seconds(1)))
        for number in 0..<4 { #expect(ledger.isUsed(try Self.nonce(number))) }
        // When the wait has passed there is room.
        #expect(ledger.reserve(next, at: Self.time(300)) == .reserved)
    }

    @Test("the wait is told right after the nonce that would have ended first was given back")
    func waitIsRight() throws {
        var ledger = NonceLedger(NonceLedger.Room(client: 2, own: 2, common: 100))
        for (number, expires) in [(0, 100), (1, 300)] {
            #expect(ledger.reserve(try Self.nonce(number, expires: Int64(expires)), at: Self.time(0)) == .reserved)
        }
        ledger.release(try Self.nonce(0, expires: 100))
        #expect(ledger.reserve(try Self.nonce(2, expires: 400), at: Self.time(10)) == .reserved)
        #expect(
            ledger.reserve(try Self.nonce(3, expires: 400), at: Self.time(20)) == .full(retryAfter: .seconds(280)))
    }

    /// Lets a client use up all the room that it gets; how much that was.
    private static func fill(_ ledger: inout NonceLedger, by client: String, expires: Int64 = 301) throws -> Int {
        var number = 0
        while ledger.reserve(try Self.nonce(number, of: client, expires: expires), at: Self.time(0)) == .reserved {
            number += 1
        }
        return number
    }

    @Test("however many clients take all that they get, every other one has room of its own")
    func nobodyTakesOthersRoom() throws {
        let room = NonceLedger.Room(client: 500, own: 8, common: 1_000)
        var ledger = NonceLedger(room)
        // Each gets half of what the others have left of the common room, and its own.
        #expect(try Self.fill(&ledger, by: "c0") == 500)
        #expect(try Self.fill(&ledger, by: "c1") == 8 + 254)
        for number in 2..<40 { #expect(try Self.fill(&ledger, by: "c\(number)") >= room.own) }
        #expect(try Self.fill(&ledger, by: "honest") == room.own)
        #expect(ledger.count <= 41 * room.own + room.common)
        // Nothing of anybody was given up for that.
        for number in 0..<500 { #expect(ledger.isUsed(try Self.nonce(number, of: "c0"))) }
        for number in 0..<8 { #expect(ledger.isUsed(try Self.nonce(number, of: "honest"))) }
    }

    @Test("a few clients leave the next one far more than its own")
    func fewClients() throws {
        // A 64th of the daemon's room.
        let whole = NonceLedger.Room()
        let room = NonceLedger.Room(client: whole.client / 64, own: whole.own / 64, common: whole.common / 64)
        var ledger = NonceLedger(room)
        #expect(try Self.fill(&ledger, by: "c0") == room.client)
        for number in 1..<4 { #expect(try Self.fill(&ledger, by: "c\(number)") > room.client / 2) }
        #expect(try Self.fill(&ledger, by: "honest") > room.client / 4)
    }

    @Test("whoever has more than its share waits until that is right, and is let in then", arguments: [0, 3, 9])
    func waitForCommonRoom(others: Int) throws {
        var ledger = NonceLedger(NonceLedger.Room(client: 100, own: 2, common: 16))
        // Ten of its own, one of them ending each second, and then others who take of what is left.
        for number in 0..<10 {
            #expect(ledger.reserve(try Self.nonce(number, expires: 100 + Int64(number)), at: Self.time(0)) == .reserved)
        }
        for number in 0..<others {
            _ = try Self.fill(&ledger, by: "c\(number)", expires: 301)
        }
        let next = try Self.nonce(10, expires: 400)
        guard case .full(let wait) = ledger.reserve(next, at: Self.time(50)) else {
            Issue.record("let in")
            return
        }
        #expect(wait >= .seconds(50))
        let then = Self.time(50) + wait
        if wait > .seconds(51) {
            #expect(ledger.reserve(next, at: then + .seconds(-1)) == .full(retryAfter: .seconds(1)))
        }
        #expect(ledger.reserve(next, at: then) == .reserved)
    }

    @Test("what is reserved, refused and forgotten costs the same however much is remembered")
    func steps() throws {
        let number = 100_000
        var ledger = NonceLedger(NonceLedger.Room(client: number, own: number, common: 0))
        for index in 0..<number {
            let nonce = try Self.nonce(index, expires: 1 + Int64(index % 600))
            #expect(ledger.reserve(nonce, at: Self.time(0)) == .reserved)
        }
        #expect(ledger.steps == 0)
        // Nobody else pays for it, nor does who is refused for long.
        #expect(ledger.reserve(try Self.nonce(0, of: "other"), at: Self.time(0)) == .reserved)
        #expect(ledger.steps == 0)
        let refused = try Self.nonce(number, expires: 601)
        for _ in 0..<10 { #expect(ledger.reserve(refused, at: Self.time(0)) == .full(retryAfter: .seconds(1))) }
        #expect(ledger.steps == 10)
        // Each is gone through once, when it has ended.
        for second in 1...601 {
            let nonce = try Self.nonce(number + second, of: "other", expires: 1_000)
            #expect(ledger.reserve(nonce, at: Self.time(Int64(second))) == .reserved)
        }
        #expect(ledger.count == 601)
        #expect(ledger.steps <= 10 + number + 1 + 602)
    }

    @Test("nonces that are given back and taken again leave nothing behind")
    func givenBack() throws {
        var ledger = NonceLedger(NonceLedger.Room(client: 2, own: 1, common: 10))
        let nonce = try Self.nonce(1)
        for second in 0..<300 {
            let again = try Self.nonce(1, expires: 301 + Int64(second))
            #expect(ledger.reserve(again, at: Self.time(0)) == .reserved)
            ledger.release(again)
            ledger.release(nonce)
        }
        #expect(ledger.count == 0)
        #expect(ledger.reserve(nonce, at: Self.time(0)) == .reserved)
        // What it was taken for before ends later.
        #expect(ledger.reserve(try Self.nonce(2, expires: 900), at: Self.time(301)) == .reserved)
        #expect(ledger.count == 1)
        #expect(ledger.reserve(try Self.nonce(3, expires: 901), at: Self.time(600)) == .reserved)
        #expect(ledger.count == 2)
        #expect(
            ledger.reserve(try Self.nonce(4, expires: 901), at: Self.time(600)) == .full(retryAfter: .seconds(300)))
    }

    @Test("what a clock that was ahead made it forget does not pass when the clock is back")
    func clockComesBack() throws {
        var ledger = NonceLedger()
        let nonce = try Self.nonce(1)
        #expect(ledger.reserve(nonce, at: Self.time(0)) == .reserved)
        #expect(ledger.reserve(try Self.nonce(2, expires: 10_301), at: Self.time(10_000)) == .reserved)
        #expect(ledger.count == 1)
        #expect(ledger.reserve(nonce, at: Self.time(10)) == .tooOld)
        #expect(ledger.reserve(try Self.nonce(3, expires: 311), at: Self.time(10)) == .reserved)
    }

    @Test("takes over all that an earlier process remembered, and nothing that has ended (A-020)")
    func restores() throws {
        var ledger = NonceLedger(NonceLedger.Room(client: 10, own: 1, common: 3))
        ledger.restore(try (0..<5).map { try Self.nonce($0, expires: 300 + Int64($0)) }, at: Self.time(302))
        #expect(ledger.count == 2)
        #expect(ledger.reserve(try Self.nonce(4, expires: 304), at: Self.time(303)) == .used)
        // More than there is room for now: none of it may pass again, and who has it waits.
        ledger.restore(
            try (10..<15).reversed().map { try Self.nonce($0, expires: 400 + Int64($0)) }, at: Self.time(303))
        #expect(ledger.count == 7)
        for number in 10..<15 { #expect(ledger.isUsed(try Self.nonce(number))) }
        #expect(
            ledger.reserve(try Self.nonce(20, expires: 600), at: Self.time(304)) == .full(retryAfter: .seconds(108)))
        #expect(ledger.reserve(try Self.nonce(20, of: "other"), at: Self.time(290)) == .tooOld)
        #expect(ledger.reserve(try Self.nonce(20, of: "other", expires: 600), at: Self.time(304)) == .reserved)
        #expect(ledger.reserve(try Self.nonce(20, expires: 600), at: Self.time(412)) == .reserved)
    }

    @Test("what had ended by a clock that was ahead does not pass when that is set back (A-020)")
    func restoresBehindClock() throws {
        var ledger = NonceLedger()
        ledger.restore([try Self.nonce(1, expires: 300)], at: Self.time(7_200))
        #expect(ledger.count == 0)
        #expect(ledger.reserve(try Self.nonce(1, expires: 300), at: Self.time(10)) == .tooOld)
        #expect(ledger.reserve(try Self.nonce(2, expires: 300), at: Self.time(10)) == .tooOld)
        #expect(ledger.reserve(try Self.nonce(2, expires: 301), at: Self.time(10)) == .reserved)
    }

    @Test("digests tell clients and nonces apart")
    func digests() throws {
        func nonce(_ text: String, of client: String) throws -> UsedNonce {
            let fields: HeaderFields = [
                "X-KMI-Timestamp": "1767225600", "X-KMI-Nonce": text,
                "X-KMI-Signature": String(repeating: "0", count: 64),
            ]
            return UsedNonce(of: try RequestSignature(fields), by: try #require(ClientName(client)))
        }
        let one = try nonce("0123456789abcdef", of: "ci")
        #expect(try one == nonce("0123456789abcdef", of: "ci"))
        #expect(try one.digest != nonce("0123456789abcdeF", of: "ci").digest)
        #expect(try one.digest != nonce("0123456789abcdef", of: "cj").digest)
        #expect(one.digest.count == UsedNonce.digestLength && one.expires == Self.time(301))
    }
}
