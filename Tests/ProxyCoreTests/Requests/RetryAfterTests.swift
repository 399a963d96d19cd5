import Foundation
import ProxyCore
import Testing

struct RetryAfterTests {
    /// The time 1994-11-06T08:49:37Z.
    private static let now = WallTime(microseconds: 784_111_777_000_000)

    static let values: [(String, Duration?)] = [
        ("0", .zero), ("30", .seconds(30)), (" 30\t", .seconds(30)), ("1.5", .milliseconds(1_500)),
        ("007", .seconds(7)),
        ("0.0004", .zero), ("86400", .seconds(86_400)), ("86401", .seconds(86_400)),
        ("99999999999999999999999", .seconds(86_400)),
        ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)), ("Sun, 06 Nov 1994 08:49:27 GMT", .zero),
        ("Sunday, 06-Nov-94 08:49:47 GMT", .seconds(10)), ("Sun Nov  6 08:49:47 1994", .seconds(10)),
        ("Sun Nov 16 08:49:47 1994", .seconds(86_400)), ("Sun, 06 Nov 1994 08:49:47", .seconds(10)),
        ("sun, 06 nov 1994 08:49:60 UTC", .seconds(22)), ("Mon, 01-Jan-45 00:00:00 GMT", .zero),
        ("Mon, 01-Jan-44 00:00:00 GMT", .seconds(86_400)), ("Thu, 01 Jan 1970 00:00:00 GMT", .zero),
        ("", nil), ("-1", nil), ("+1", nil), ("1e3", nil), ("soon", nil), ("1.", nil), (".5", nil), ("1s", nil),
        ("0x10", nil),
        ("Sun, 31 Feb 1994 08:49:47 GMT", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil),
        ("Sun, 06 Foo 1994 08:49:47 GMT", nil),
        ("Sun, 06 Nov 1994 08:49:47 EST", nil), ("Sun, 6 Nov 1994", nil), ("1994-11-06T08:49:47Z", nil),
        (", 06 Nov 1994 08:49:47 GMT", nil), (String(repeating: "9", count: 65), nil),
    ]

    @Test("reads seconds and the three dates (X-069)", arguments: values)
    func reads(value: String, wait: Duration?) {
        #expect(RetryAfter.parse(value, now: Self.now) == wait)
    }

    static let fields: [(HeaderFields, Duration?)] = [
        ([:], nil), (["Retry-After": "5"], .seconds(5)),
        (["Retry-After-Ms": "1500", "Retry-After": "5"], .milliseconds(1_500)),
        (["x-ms-retry-after-ms": "250", "Retry-After": "5"], .milliseconds(250)),
        (["x-ms-retry-after-ms": "250", "retry-after-ms": "100"], .milliseconds(100)),
        (["retry-after-ms": "x", "x-ms-retry-after-ms": "250"], .milliseconds(250)),
        (["retry-after-ms": "x", "Retry-After": "5"], .seconds(5)), (["retry-after-ms": "12.7"], .milliseconds(12)),
        (["Retry-After": "never", "retry-after": "7"], .seconds(7)),
        (["retry-after-ms": "999999999999999"], .seconds(86_400)),
    ]

    @Test("takes milliseconds before seconds (provider facts section 12.2)", arguments: fields)
    func takesInOrder(headers: HeaderFields, wait: Duration?) {
        #expect(RetryAfter.wait(in: headers, now: Self.now) == wait)
    }
}

struct WallTimeRFC3339Tests {
    @Test(
        "reads and writes RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1_000_000),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000),
            ("2026-11-20T14:05:00Z", 1_795_183_500_000_000), ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ])
    func roundTrips(text: String, microseconds: Int64) {
        #expect(WallTime(rfc3339: text)?.microseconds == microseconds)
        #expect(WallTime(microseconds: microseconds).rfc3339 == text)
    }

    @Test func readsZonesAndFractions() {
        #expect(WallTime(rfc3339: "2026-01-09T15:23:13.716839300Z")?.microseconds == 1_767_972_193_716_839)
        #expect(WallTime(rfc3339: "1970-01-01t01:30:00.5+01:30")?.microseconds == 500_000)
        #expect(WallTime(rfc3339: "1969-12-31 22:00:00-02:00")?.microseconds == 0)
    }

    @Test(
        "refuses other texts",
        arguments: [
            "", "2026", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+25:00",
            "2026-01-01T00:00:00Zx",
        ])
    func refuses(text: String) {
        #expect(WallTime(rfc3339: text) == nil)
    }

    @Test func agreesWithAnotherCalendar() {
        let formatter = ISO8601DateFormatter()
        var seconds: Int64 = -2_208_988_800
        while seconds < 4_102_444_800 {
            let text = WallTime(microseconds: seconds * 1_000_000).rfc3339
            #expect(formatter.date(from: text)?.timeIntervalSince1970 == Double(seconds))
            seconds += 86_400 * 97 + 12_345
        }
    }
}
