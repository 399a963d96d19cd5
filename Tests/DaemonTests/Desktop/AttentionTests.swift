import ProxyCore
import Testing

@testable import Daemon

@Suite("Who learns that many requests fail (A-018)")
struct AttentionTests {
    private static func time(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    private static func record(_ errorClass: ErrorClass? = nil) -> RequestRecord {
        var record = RequestRecord(id: "r", receivedAt: WallTime(microseconds: 0), dialect: .other)
        record.errorClass = errorClass
        return record
    }

    @Test("reading the state takes the news away from nobody")
    func readersRaiseNothing() {
        let attention = Attention(Configuration.Notifications())
        for _ in 0..<100 { #expect(attention.note(Self.record(), at: Self.time(0)) == nil) }
        for _ in 0..<10 { #expect(attention.note(Self.record(.providerTimeout), at: Self.time(200)) == nil) }
        // Those that went well are out of sight by now; a look at the state finds nothing by itself.
        #expect(attention.errors(at: Self.time(400)) == nil)
        let found = attention.note(Self.record(.providerTimeout), at: Self.time(401))
        #expect(found?.failed == 11)
        #expect(attention.errors(at: Self.time(402)) == found)
        #expect(attention.note(Self.record(.providerTimeout), at: Self.time(402)) == nil)
        #expect(attention.errors(at: Self.time(1_000)) == nil)
    }

    @Test("a share that is lowered makes nobody miss the warning")
    func survivesOtherSettings() {
        var settings = Configuration.Notifications()
        settings.errorRate = nil
        let attention = Attention(settings)
        for _ in 0..<20 { #expect(attention.note(Self.record(.providerTimeout), at: Self.time(1)) == nil) }
        settings.errorRate = 0.5
        attention.configure(settings)
        #expect(attention.errors(at: Self.time(2)) == nil)
        #expect(attention.note(Self.record(.providerTimeout), at: Self.time(3)) != nil)
    }
}
