import Testing

@testable import kmictl

struct TimeTextTests {
    @Test(
        "writes and reads RFC 3339",
        arguments: [
            (UInt64(0), "1970-01-01T00:00:00Z"), (1_767_323_045_000_000, "2026-01-02T03:04:05Z"),
            (1_767_323_045_500_000, "2026-01-02T03:04:05.5Z"), (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ])
    func roundTrips(moment: UInt64, text: String) {
        #expect(Timestamp.text(moment) == text)
        #expect(Timestamp.parse(text).flatMap(Timestamp.moment) == moment)
    }

    @Test(
        "reads offsets and dates",
        arguments: [
            ("2026-01-02T04:04:05+01:00", UInt64(1_767_323_045_000_000)),
            ("2026-01-02t03:04:05z", 1_767_323_045_000_000),
            ("2026-01-02", 1_767_312_000_000_000), ("2026-01-01T22:04:05.25-05:00", 1_767_323_045_250_000),
        ])
    func reads(text: String, moment: UInt64) {
        #expect(Timestamp.parse(text).flatMap(Timestamp.moment) == moment)
    }

    @Test func whatNamesNoZoneKnowsThatItDoesNot() {
        #expect(
            Timestamp.parse("2026-01-02T03:04:05.5")
                == CalendarTime(year: 2026, month: 1, day: 2, second: 11_045, fraction: 500_000))
        #expect(Timestamp.parse("2026-12-31") == CalendarTime(year: 2026, month: 12, day: 31))
        #expect(Timestamp.parse("2026-01-02T03:04:05+00:00")?.offset == 0)
    }

    @Test("the zone of the process agrees with itself, at whatever place the test runs")
    func asksTheZoneOfTheProcess() {
        let day = CalendarTime(year: 2026, month: 7, day: 31)
        var (next, noon) = (day, day)
        (next.month, next.day, noon.second) = (8, 1, 43_200)
        let zone = LocalZone.process
        var beyond = day
        beyond.day = 32
        #expect(zone.moment(of: beyond) == zone.moment(of: next))
        #expect(zone.moment(of: noon) - zone.moment(of: day) == 43_200_000_000)
        // Every zone is within 14 hours of Greenwich.
        let greenwich = Timestamp.moment(of: noon) ?? 0
        let distance = Int64(zone.moment(of: noon)) - Int64(greenwich)
        #expect(abs(distance) <= 14 * 3_600_000_000)
    }

    @Test(
        "reads nothing else as a moment",
        arguments: [
            "", "now", "2026-13-01", "2026-02-29", "2026-01-02T25:00:00Z", "1969-12-31",
            "1970-01-01T00:00:00+01:00", "2026-01-02T03:04:05 ",
            "2026-01-02T03:04Z",
            "2026-01-02 ", "26-01-02",
        ])
    func refuses(text: String) {
        #expect(Timestamp.parse(text) == nil)
    }

    @Test func noMomentBeyondTheYear9999() {
        #expect(Timestamp.text(253_402_300_800_000_000) == nil)
        #expect(JSONValue.moment(.max) == .null)
        #expect(JSONValue.moment(0) == .null)
    }

    @Test(
        "tells how far away a moment is",
        arguments: [
            (UInt64(100_000_000), "now"), (100_000_001, "in 1 s"), (190_000_000, "in 1 m 30 s"),
            (95_000_000, "5 s ago"),
            (3_700_100_000_000, "in 42 d 19 h"),
        ])
    func isRelative(moment: UInt64, text: String) {
        #expect(Timestamp.relative(moment, now: 100_000_000) == text)
    }

    @Test(
        "reads lengths of time",
        arguments: [
            ("250ms", UInt64(250_000)), ("30s", 30_000_000), ("5m", 300_000_000), ("1h", 3_600_000_000),
            ("7d", 604_800_000_000), ("2.5", 2_500_000), ("0", 0),
        ])
    func readsDuration(text: String, microseconds: UInt64) {
        #expect(DurationText.parse(text) == microseconds)
    }

    @Test(
        "reads nothing else as a length of time",
        arguments: ["", "s", "1w", "-5s", "1.2.3s", "5 s", "99999d", "٣s", "1e3"])
    func refusesDuration(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "writes how long something took",
        arguments: [
            (UInt64(350), "350 µs"), (12_900, "12 ms"), (1_259_000, "1.25 s"), (125_000_000, "2 m 5 s"), (0, "0 µs"),
        ])
    func writesDuration(microseconds: UInt64, text: String) {
        #expect(DurationText.precise(microseconds: microseconds) == text)
    }
}
