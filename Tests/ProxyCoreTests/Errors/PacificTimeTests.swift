import Testing

@testable import ProxyCore

struct PacificTimeTests {
    @Test(
        "finds the next midnight in California around both changes of the clock",
        arguments: [
            // An ordinary day in winter and in summer.
            ("2026-11-20T12:00:00Z", "2026-11-21T08:00:00Z"), ("2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z"),
            // At midnight itself the next one is a day away.
            ("2026-11-20T07:59:59Z", "2026-11-20T08:00:00Z"), ("2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z"),
            // 8 March 2026, 02:00 PST becomes 03:00 PDT at 10:00Z.
            ("2026-03-07T12:00:00Z", "2026-03-08T08:00:00Z"), ("2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"),
            ("2026-03-08T09:59:59Z", "2026-03-09T07:00:00Z"), ("2026-03-08T10:00:00Z", "2026-03-09T07:00:00Z"),
            ("2026-03-09T06:59:59Z", "2026-03-09T07:00:00Z"), ("2026-03-09T07:00:00Z", "2026-03-10T07:00:00Z"),
            // 1 November 2026, 02:00 PDT becomes 01:00 PST at 09:00Z.
            ("2026-10-31T12:00:00Z", "2026-11-01T07:00:00Z"), ("2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
            ("2026-11-01T08:59:59Z", "2026-11-02T08:00:00Z"), ("2026-11-01T09:00:00Z", "2026-11-02T08:00:00Z"),
            ("2026-11-02T07:59:59Z", "2026-11-02T08:00:00Z"),
            // Other years: the first of November a Sunday or not, leap years, the turn of the year.
            ("2027-03-14T09:59:59Z", "2027-03-15T07:00:00Z"), ("2027-11-07T08:59:59Z", "2027-11-08T08:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-03-01T08:00:00Z"), ("2026-12-31T23:00:00Z", "2027-01-01T08:00:00Z"),
            ("2027-01-01T07:59:59.999Z", "2027-01-01T08:00:00Z"),
        ])
    func findsMidnight(now: String, midnight: String) throws {
        let now = try #require(WallTime(rfc3339: now))
        #expect(PacificTime.nextMidnight(after: now).rfc3339 == midnight)
    }

    @Test("is always within 25 hours and later than now, whatever the time")
    func staysNear() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let now = WallTime(
                microseconds: Int64.random(in: -1_000_000_000_000_000...9_000_000_000_000_000, using: &random))
            let wait = PacificTime.nextMidnight(after: now) - now
            #expect(wait > .zero && wait <= .seconds(25 * 3_600))
        }
    }
}
