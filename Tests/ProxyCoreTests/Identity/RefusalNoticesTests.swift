import ProxyCore
import Testing

@Suite("What the log is told of refusals")
struct RefusalNoticesTests {
    private static func caller(_ address: String) throws -> CallerIdentity {
        .address(try #require(NumericAddress(address)))
    }

    private static func time(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test("the first is told at once, the same again once a minute, with how many there were meanwhile")
    func sameAgain() throws {
        var notices = RefusalNotices()
        let caller = try Self.caller("192.0.2.1")
        #expect(notices.note("auth_failed", "no token", of: caller, at: Self.time(0)) == 0)
        for number in 1..<1_000 {
            #expect(notices.note("auth_failed", "no token", of: caller, at: Self.time(Int64(number) * 60)) == nil)
        }
        #expect(notices.note("auth_failed", "no token", of: caller, at: Self.time(60_000)) == 999)
        #expect(notices.note("auth_failed", "no token", of: caller, at: Self.time(60_001)) == nil)
        #expect(notices.note("auth_failed", "no token", of: caller, at: Self.time(300_000)) == 1)
        #expect(notices.note("auth_failed", "no token", of: caller, at: Self.time(400_000)) == 0)
    }

    @Test("another kind, reason or caller is told at once as well")
    func others() throws {
        var notices = RefusalNotices()
        let one = try Self.caller("192.0.2.1")
        #expect(notices.note("auth_failed", "no token", of: one, at: Self.time(0)) == 0)
        #expect(notices.note("auth_failed", "no token", of: one, at: Self.time(1)) == nil)
        #expect(notices.note("auth_failed", "unknown token", of: one, at: Self.time(2)) == 1)
        #expect(notices.note("auth_failed", "no token", of: .user(1_000), at: Self.time(3)) == 0)
        #expect(notices.note("auth_failed", "no token", of: try Self.caller("192.0.2.2"), at: Self.time(4)) == 0)
        #expect(notices.note("certificate_refused", "expired", of: one, at: Self.time(5)) == 0)
    }

    @Test("one caller does not take the lines of all others, and all addresses of a network are one")
    func shares() throws {
        var notices = RefusalNotices()
        var told = 0
        for number in 0..<100 {
            let address = try Self.caller("2001:db8::\(number)")
            if notices.note("auth_failed", "reason \(number)", of: address, at: Self.time(0)) != nil { told += 1 }
        }
        #expect(told == RefusalNotices.mostOfOne)
        #expect(notices.note("auth_failed", "no token", of: .user(7), at: Self.time(1)) == 94)
    }

    @Test("however many callers there are, the lines of a minute are bounded, and everyone is counted")
    func isBounded() throws {
        var notices = RefusalNotices()
        var (told, counted) = (0, 0)
        for minute in 0..<3 {
            for number in 0..<2_000 {
                let caller = try Self.caller("10.0.\(number / 250).\(number % 250)")
                let now = Self.time(Int64(minute) * 60_000 + Int64(number))
                guard let untold = notices.note("auth_failed", "no token", of: caller, at: now) else { continue }
                told += 1
                counted += 1 + untold
            }
        }
        #expect(told == 3 * RefusalNotices.most)
        let last = notices.note("auth_failed", "no token", of: .unknown, at: Self.time(1_000_000))
        #expect(counted + (last ?? 0) == 6_000)
    }
}
