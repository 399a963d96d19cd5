import ProxyCore
import TestSupport
import Testing

@testable import StateStore

/// Nonces of signed requests outlive the process (K-041, A-020).
@Suite(.timeLimit(.minutes(5)))
struct NonceTests {
    private static func nonce(_ number: UInt8, expires seconds: Int64) throws -> UsedNonce {
        try #require(
            UsedNonce(
                client: try client("ci"), digest: [UInt8](repeating: number, count: 16),
                expires: newYear + .seconds(seconds)))
    }

    @Test("what was handed over is there after the next start, and what has ended goes with what comes then (A-020)")
    func survive() async throws {
        try await TemporaryDirectory.with { directory in
            let old = try Self.nonce(1, expires: 10)
            let young = try Self.nonce(2, expires: 300)
            let last = try Self.nonce(4, expires: 11)
            try await withStore(in: directory) { store async throws in
                store.append(old, at: newYear)
                store.append(last, at: newYear)
                store.append(young, at: newYear)
                // The same one again is no second row.
                store.append(young, at: newYear)
                try await store.settled()
                #expect(store.statistics.writes[.nonces] == 4)
            }
            try await withStore(in: directory) { store async throws in
                #expect(Set(try store.load().nonces) == [old, last, young])
                store.append(try Self.nonce(3, expires: 600), at: newYear + .seconds(11))
            }
            try await withStore(in: directory) { store async throws in
                // The last that has ended tells up to when others were forgotten.
                #expect(Set(try store.load().nonces) == [last, young, try Self.nonce(3, expires: 600)])
            }
        }
    }

    @Test("what waits is bounded, and what has ended meanwhile makes room")
    func isBounded() throws {
        var pending = PendingNonces()
        for number in 0..<PendingNonces.limit {
            #expect(pending.append(try Self.nonce(1, expires: number < 10 ? 10 : 300), at: newYear))
        }
        #expect(!pending.append(try Self.nonce(2, expires: 300), at: newYear + .seconds(9)))
        #expect(pending.append(try Self.nonce(2, expires: 300), at: newYear + .seconds(10)))
        #expect(pending.nonces.count == PendingNonces.limit - 9)
        let taken = pending.takeAll()
        #expect(pending.nonces.isEmpty && taken.latest == newYear + .seconds(10))
        #expect(pending.append(try Self.nonce(3, expires: 300), at: newYear))
        pending.putBack(taken)
        #expect(pending.nonces.count == PendingNonces.limit - 8)
        #expect(pending.latest == newYear + .seconds(10))
    }
}
