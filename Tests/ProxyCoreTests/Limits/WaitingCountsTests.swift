import TestSupport
import Testing

@testable import ProxyCore

struct WaitingCountsTests {
    private static func caller(_ number: UInt32) -> LimitKey { .address(number) }

    @Test("knows who has the most after others with more have gone (X-043)")
    func knowsLargest() throws {
        var counts = WaitingCounts()
        #expect(counts.largest == nil)
        for _ in 0..<150 { counts.add(Self.caller(1)) }
        for _ in 0..<106 { counts.add(Self.caller(2)) }
        for _ in 0..<15 { counts.add(Self.caller(3)) }
        #expect(try #require(counts.largest) == (Self.caller(1), 150))
        for _ in 0..<150 { counts.remove(Self.caller(1)) }
        #expect(try #require(counts.largest) == (Self.caller(2), 106))
        for _ in 0..<92 { counts.remove(Self.caller(2)) }
        #expect(try #require(counts.largest) == (Self.caller(3), 15))
    }

    @Test("counts as a plain table does, whatever comes and goes", arguments: 1...20)
    func counts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var counts = WaitingCounts()
        var plain: [LimitKey: Int] = [:]
        for _ in 0..<2_000 {
            let caller = Self.caller(UInt32.random(in: 0..<8, using: &random))
            if Bool.random(using: &random) {
                counts.add(caller)
                plain[caller, default: 0] += 1
            } else {
                // Also of those who have none.
                counts.remove(caller)
                plain[caller] = plain[caller].flatMap { $0 > 1 ? $0 - 1 : nil }
            }
            #expect(counts[caller] == plain[caller] ?? 0)
            #expect(counts.isEmpty == plain.isEmpty)
            #expect(counts.largest?.count == plain.values.max())
            if let largest = counts.largest { #expect(plain[largest.caller] == largest.count) }
        }
    }
}
