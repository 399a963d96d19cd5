import DBusControl
import Testing

@testable import kmictl

/// Which time `usage` and `requests` ask for.
struct UsageSpanTests {
    /// 2026-01-01T00:00:00Z.
    private static let newYear: UInt64 = 1_767_225_600_000_000
    private static let hour: UInt64 = 3_600_000_000

    @Test(
        "a date is a day where kmictl runs; where it begins in an hour, with the first hour that begins in it",
        arguments: [(0, 0, 24), (-5, 5, 29), (14, -14, 10), (5.5, -5, 19), (-3.5, 4, 28)])
    func aDateIsALocalDay(east: Double, begin: Int, end: Int) async throws {
        let daemon = FakeDaemon()
        _ = try await kmictl(
            "usage", "--since", "2026-01-01", "--until", "2026-01-01", daemon: daemon, zone: .hoursEast(east))
        let query = daemon.with { $0.usageQuery }
        #expect(query?.since == UInt64(Int(Self.newYear) + begin * Int(Self.hour)))
        #expect(query?.until == UInt64(Int(Self.newYear) + end * Int(Self.hour)))
    }

    @Test func requestsBeginAndEndWithTheDay() async throws {
        let daemon = FakeDaemon()
        _ = try await kmictl(
            "requests", "--since", "2026-01-01", "--until", "2026-01-31", daemon: daemon, zone: .hoursEast(5.5))
        let filter = daemon.with { $0.filter }
        #expect(filter?.since == Self.newYear - Self.hour * 11 / 2)
        #expect(filter?.until == Self.newYear + Self.hour * (31 * 24) - Self.hour * 11 / 2)
    }

    @Test func aTimeWithoutAZoneIsLocalAndOneWithAZoneIsNot() async throws {
        let daemon = FakeDaemon()
        _ = try await kmictl(
            "requests", "--since", "2026-01-01T01:00:00", "--until", "2026-01-01T01:00:00Z", daemon: daemon,
            zone: .hoursEast(1))
        #expect(daemon.with { $0.filter }?.since == Self.newYear)
        #expect(daemon.with { $0.filter }?.until == Self.newYear + Self.hour)
    }

    @Test("what ends before it begins cannot be meant", arguments: ["usage", "requests"])
    func refusesTimesTheWrongWayRound(command: String) async throws {
        for (since, until) in [("2026-01-02", "2026-01-01"), ("1h", "2h"), ("2026-01-01T01:00:00Z", "2025-12-31")] {
            let daemon = FakeDaemon()
            let result = try await kmictl(command, "--since", since, "--until", until, daemon: daemon)
            #expect(result.status == .usage)
            #expect(result.errors == "kmictl: --until does not lie behind --since: nothing can be between them.\n")
            #expect(daemon.asked == [])
        }
        #expect(try await kmictl(command, "--since", "2h", "--until", "1h").status == .success)
    }

    @Test("says that there is nothing, and leaves the data empty")
    func saysThatThereIsNothing() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.rows = [] }
        let usage = try await kmictl("usage", daemon: daemon)
        #expect(usage.output.isEmpty)
        #expect(usage.errors == "kmictl: nothing used yet.\n")
        let requests = try await kmictl("requests", daemon: daemon)
        #expect(requests.output.isEmpty)
        #expect(requests.errors == "kmictl: no requests.\n")
        for words in [["usage", "--json"], ["usage", "--csv"], ["requests", "--json"], ["requests", "-q"]] {
            #expect(try await kmictl(words: words, daemon: daemon).errors.isEmpty)
        }
    }
}
