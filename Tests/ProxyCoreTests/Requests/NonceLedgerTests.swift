import ProxyCore
import Testing

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
        var ledger = NonceLedger(clientLimit: 4, totalLimit: 100)
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
        var ledger = NonceLedger(clientLimit: 2, totalLimit: 100)
        for (number, expires) in [(0, 100), (1, 300)] {
            #expect(ledger.reserve(try Self.nonce(number, expires: Int64(expires)), at: Self.time(0)) == .reserved)
        }
        ledger.release(try Self.nonce(0, expires: 100))
        #expect(ledger.reserve(try Self.nonce(2, expires: 400), at: Self.time(10)) == .reserved)
        #expect(
            ledger.reserve(try Self.nonce(3, expires: 400), at: Self.time(20)) == .full(retryAfter: .seconds(280)))
    }

    @Test("all clients together are bounded as well")
    func isBoundedInTotal() throws {
        var ledger = NonceLedger(clientLimit: 4, totalLimit: 6)
        for number in 0..<6 {
            let client = "c\(number % 2)"
            #expect(ledger.reserve(try Self.nonce(number, of: client), at: Self.time(0)) == .reserved)
        }
        #expect(ledger.reserve(try Self.nonce(7, of: "c3"), at: Self.time(0)) == .full(retryAfter: .seconds(301)))
        #expect(ledger.reserve(try Self.nonce(7, of: "c3", expires: 400), at: Self.time(301)) == .reserved)
        #expect(ledger.count == 1)
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

    @Test("takes over what an earlier process remembered, and nothing that has ended (A-020)")
    func restores() throws {
        var ledger = NonceLedger(clientLimit: 10, totalLimit: 3)
        ledger.restore(try (0..<5).map { try Self.nonce($0, expires: 300 + Int64($0)) }, at: Self.time(302))
        #expect(ledger.count == 2)
        #expect(ledger.reserve(try Self.nonce(4, expires: 304), at: Self.time(303)) == .used)
        ledger.restore(try (10..<15).map { try Self.nonce($0, expires: 400) }, at: Self.time(303))
        #expect(ledger.count == 3)
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
