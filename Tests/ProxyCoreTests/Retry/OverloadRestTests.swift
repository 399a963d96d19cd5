import ProxyCore
import Testing

struct OverloadRestTests {
    private static func time(_ seconds: Double) -> Instant {
        Instant(nanoseconds: 1_000_000_000_000) + .nanoseconds(Int64(seconds * 1e9))
    }

    @Test func restsOneSecondAtFirstAndDoublesUpToThirty() {
        var rest = OverloadRest()
        #expect(rest.until == nil)
        var now = Self.time(0)
        for seconds in [1, 2, 4, 8, 16, 30, 30, 30] {
            rest.overloaded(hint: nil, begun: now, at: now)
            #expect(rest.until == now + .seconds(seconds))
            now = now + .seconds(seconds)
        }
    }

    @Test func growsOnceForEachRestAndNotForEachRequest() {
        var rest = OverloadRest()
        for _ in 0..<50 { rest.overloaded(hint: nil, begun: Self.time(-1), at: Self.time(0)) }
        #expect(rest.until == Self.time(1))
        // One that began during the rest and ends after it: again as long.
        rest.overloaded(hint: nil, begun: Self.time(0.5), at: Self.time(3))
        #expect(rest.until == Self.time(4))
        rest.overloaded(hint: nil, begun: Self.time(4), at: Self.time(5))
        #expect(rest.until == Self.time(7))
    }

    @Test(
        "what the provider asks for counts, from 1 s to 30 s",
        arguments: [
            (0.0, 1.0), (0.2, 1), (-5, 1), (7, 7), (30, 30), (31, 30), (86_400, 30),
        ])
    func hints(asked: Double, given: Double) {
        var rest = OverloadRest()
        rest.overloaded(hint: .nanoseconds(Int64(asked * 1e9)), begun: Self.time(0), at: Self.time(1))
        #expect(rest.until == Self.time(1 + given))
    }

    @Test func neverGetsShorterByAFailure() {
        var rest = OverloadRest()
        rest.overloaded(hint: .seconds(20), begun: Self.time(0), at: Self.time(0))
        rest.overloaded(hint: .seconds(2), begun: Self.time(1), at: Self.time(1))
        rest.overloaded(hint: nil, begun: Self.time(1), at: Self.time(19.5))
        #expect(rest.until == Self.time(20))
        rest.overloaded(hint: .seconds(5), begun: Self.time(1), at: Self.time(19))
        #expect(rest.until == Self.time(24))
    }

    @Test func endsWithASuccessThatBeganAfterIt() {
        var rest = OverloadRest()
        for second in 0..<4 {
            rest.overloaded(hint: .seconds(1), begun: Self.time(Double(second)), at: Self.time(Double(second)))
        }
        rest.succeeded(begun: Self.time(2.9))
        #expect(rest.until == Self.time(4))
        rest.succeeded(begun: Self.time(3))
        #expect(rest.until == Self.time(4), "one that began with the failure may have gone before it")
        rest.succeeded(begun: Self.time(3.1))
        #expect(rest.until == nil)
        rest.overloaded(hint: nil, begun: Self.time(5), at: Self.time(5))
        #expect(rest.until == Self.time(6), "the steps begin anew")
    }

    @Test(
        "its end never comes nearer but by a success, in any order of events", arguments: 1...10 as ClosedRange<UInt64>)
    func deadlinesAreMonotonic(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var rest = OverloadRest()
        var now = Instant(nanoseconds: seed == 1 ? .max - 40_000_000_000 : 0)
        for _ in 0..<2000 {
            let begun = now + .milliseconds(-Int.random(in: 0..<20_000, using: &random))
            let before = rest.until
            if Int.random(in: 0..<5, using: &random) == 0 {
                rest.succeeded(begun: begun)
                #expect(rest.until == before || rest.until == nil)
            } else {
                rest.overloaded(
                    hint: Bool.random(using: &random) ? .seconds(Int.random(in: 0..<60, using: &random)) : nil,
                    begun: begun, at: now)
                if let before, let after = rest.until { #expect(after >= before) }
                #expect(rest.until.map { $0 > now && $0 <= now + .seconds(30) } ?? false || now.nanoseconds == .max)
            }
            now = now + .milliseconds(Int.random(in: 0..<5000, using: &random))
        }
    }
}
