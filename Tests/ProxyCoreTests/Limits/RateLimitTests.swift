import Testing

@testable import ProxyCore

/// Rates, one at a time (T-037).
struct RateLimitTests {
    static func at(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: 1_000_000_000_000 + milliseconds * 1_000_000)
    }

    /// Whether in no stretch between two of these times there were more than the burst and the rate times the stretch.
    static func holds(_ times: [Instant], burst: Int, perSecond: Double) -> Bool {
        times.indices.allSatisfy { first in
            (first..<times.endIndex).allSatisfy { last in
                Double(last - first + 1) <= Double(burst) + perSecond * (times[last] - times[first]).seconds + 1e-6
            }
        }
    }

    @Test(
        "never admits more than burst + rate × time, in any stretch of any trace (T-037)",
        arguments: [(1, 1), (5, 1), (7, 1), (60, 60), (100, 60), (3, 60)] as [(Int, Int64)])
    func neverAdmitsMore(amount: Int, seconds: Int64) throws {
        for seed in UInt64(1)...40 {
            var random = SeededGenerator(seed: seed)
            var bucket = try #require(RateBucket(amount, per: .seconds(seconds)))
            var now = Self.at(0)
            var admitted: [Instant] = []
            for _ in 0..<600 {
                let rush = Int64.random(in: 0..<4, using: &random) > 0
                now = now + .nanoseconds(Int64.random(in: 0..<(rush ? 20_000_000 : 2_000_000_000), using: &random))
                guard bucket.opensAt <= now else { continue }
                bucket.take(at: now)
                admitted.append(now)
            }
            #expect(Self.holds(admitted, burst: amount, perSecond: Double(amount) / Double(seconds)))
            #expect(admitted.count >= min(amount, 3))
        }
    }

    @Test("admits again at the moment that it names, and not a nanosecond before")
    func namesTheMoment() throws {
        var bucket = try #require(RateBucket(5, per: .seconds(1)))
        for _ in 0..<5 {
            #expect(bucket.opensAt <= Self.at(0))
            bucket.take(at: Self.at(0))
        }
        #expect(bucket.opensAt == Self.at(200))
    }

    @Test("what was used is taken over by another limit of the same period (T-037)", arguments: [1, 10, 1000])
    func takesOver(amount: Int) throws {
        var former = try #require(RateBucket(10, per: .seconds(60)))
        for _ in 0..<10 { former.take(at: Self.at(0)) }
        var bucket = try #require(RateBucket(amount, per: .seconds(60)))
        bucket.takeOver(former)
        // All of it was used up, so there is room after one part of the new limit.
        #expect(bucket.opensAt > Self.at(0))
        #expect(bucket.opensAt <= Self.at(60_000))
    }

    @Test("a debt is waited for in full")
    func paysDebt() throws {
        var bucket = try #require(RateBucket(600, per: .seconds(60)))
        bucket.spend(1800, at: Self.at(0))
        // 1800 tokens at ten a second, of which a minute's worth may come at once.
        #expect(bucket.opensAt > Self.at(120_000))
        #expect(bucket.opensAt <= Self.at(120_101))
    }

    @Test("no report of tokens shuts a caller out for more than an hour", arguments: [Int64.max, 1 << 50])
    func boundsDebt(tokens: Int64) throws {
        var bucket = try #require(RateBucket(1_000_000, per: .seconds(60)))
        for _ in 0..<3 { bucket.spend(tokens, at: Self.at(0)) }
        #expect(bucket.opensAt <= Self.at(3_600_000))
        #expect(bucket.opensAt > Self.at(3_590_000))
    }

    @Test("no tokens, or fewer than none, count nothing", arguments: [0, -1, Int64.min])
    func countsNothing(tokens: Int64) throws {
        var bucket = try #require(RateBucket(1, per: .seconds(60)))
        bucket.spend(tokens, at: Self.at(0))
        #expect(bucket.opensAt <= Self.at(0))
    }

    @Test("what never ran is given back, but not twice (T-037)")
    func givesBack() throws {
        for seed in UInt64(1)...200 {
            var random = SeededGenerator(seed: seed)
            let limit = try #require(RateLimit(3, per: .seconds(1)))
            var arrival = RateLimit.unused
            var now = Self.at(0)
            var ran: [Instant] = []
            var open: [Int64] = []
            for _ in 0..<300 {
                now = now + .milliseconds(Int64.random(in: 0..<400, using: &random))
                if Bool.random(using: &random), let taken = open.popLast() {
                    arrival = limit.givingBack(taken, from: arrival, at: now)
                    continue
                }
                guard limit.opensAt(arrival) <= now else { continue }
                arrival = limit.taking(from: arrival, at: now)
                if Int.random(in: 0..<3, using: &random) == 0 { open.append(arrival) } else { ran.append(now) }
            }
            #expect(Self.holds(ran, burst: 3, perSecond: 3))
        }
    }

    @Test("no number is no limit", arguments: [nil, 0, -1])
    func isNoLimit(amount: Int?) {
        #expect(RateLimit(amount, per: .seconds(1)) == nil)
    }
}

/// Who counts as one.
struct LimitKeyTests {
    private static func key(_ text: String) throws -> LimitKey { LimitKey(try #require(NumericAddress(text))) }

    @Test("addresses of IPv6 count by their first half, mapped ones as IPv4")
    func countsNetworks() throws {
        #expect(try Self.key("2001:db8:1:2:3::4") == Self.key("2001:db8:1:2:ffff:ffff::"))
        #expect(try Self.key("2001:db8:1:2::") != Self.key("2001:db8:1:3::"))
        #expect(try Self.key("192.0.2.1") == Self.key("::ffff:192.0.2.1"))
        #expect(try Self.key("192.0.2.1") != Self.key("192.0.2.2"))
        #expect(try Self.key("0.0.0.1") != Self.key("0:0:0:1::"))
    }

    @Test("reads as what it stands for")
    func reads() throws {
        #expect(try Self.key("192.0.2.1").description == "address:192.0.2.1")
        #expect(try Self.key("2001:db8:1:2:3::4").description == "network:2001:db8:1:2::/64")
        #expect(LimitKey(.client(try #require(ClientName("ci")))).description == "client:ci")
        #expect(LimitKey(.user(1000)).description == "uid:1000")
    }
}
