/// When an answer says that a request may be repeated.
public enum RetryAfter {
    /// The longest wait that is believed.
    public static let maximum = Duration.seconds(86_400)

    /// The wait that the header fields of an answer ask for, 0 to 24 hours; `nil` if none does.
    ///
    /// The milliseconds of `retry-after-ms` and `x-ms-retry-after-ms` come before `Retry-After` (RFC 9110 §10.2.3).
    /// What cannot be read counts as absent. `maximum` is the longest wait that is given instead of 24 hours.
    public static func wait(
        in headers: HeaderFields, now: WallTime, atMost maximum: Duration = Self.maximum
    ) -> Duration? {
        for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
            for value in headers.all(name) {
                if let milliseconds = self.thousandths(value, perUnit: 1) {
                    return min(.milliseconds(milliseconds), maximum)
                }
            }
        }
        for value in headers.all("retry-after") {
            if let wait = self.parse(value, now: now, atMost: maximum) { return wait }
        }
        return nil
    }

    /// The wait that a `Retry-After` value asks for: seconds, or an HTTP date, one in the past being 0.
    public static func parse(_ value: String, now: WallTime, atMost maximum: Duration = Self.maximum) -> Duration? {
        if let milliseconds = self.thousandths(value, perUnit: 1_000) {
            return min(.milliseconds(milliseconds), maximum)
        }
        guard let date = HTTPDate.parse(value, now: now) else { return nil }
        let microseconds = date.microseconds - now.microseconds
        return min(max(.microseconds(microseconds), .zero), maximum)
    }

    /// Reads a decimal number, with a fraction or without, times `perUnit`; a number of more than twelve digits is as
    /// good as the longest wait.
    private static func thousandths(_ value: String, perUnit: Int64) -> Int64? {
        let text = value[...].trimmingHTTPWhitespace().utf8
        let parts = text.split(separator: 0x2E, maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...64).contains(whole.count), whole.allSatisfy(self.isDigit) else {
            return nil
        }
        let significant = whole.drop { $0 == 0x30 }
        var result = significant.reduce(into: Int64(0)) { sum, digit in
            sum = min(sum * 10 + Int64(digit - 0x30), 1_000_000_000_000)
        }
        result *= perUnit
        if parts.count == 2 {
            guard (1...64).contains(parts[1].count), parts[1].allSatisfy(self.isDigit) else { return nil }
            var unit = perUnit / 10
            for digit in parts[1].prefix(3) where unit > 0 {
                result += Int64(digit - 0x30) * unit
                unit /= 10
            }
        }
        return result
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

/// The three forms of a date in HTTP (RFC 9110 §5.6.7).
///
/// Names of days are not checked, and a missing zone is UTC.
enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// Reads a date.
    ///
    /// `now` decides about the century of a year with two digits: one more than 50 years ahead is past.
    static func parse(_ text: String, now: WallTime) -> WallTime? {
        guard text.utf8.count <= 64 else { return nil }
        var reader = DigitReader(text[...].trimmingHTTPWhitespace())
        guard !reader.letters().isEmpty else { return nil }
        let date = reader.skip(0x2C) ? self.parseAfterComma(&reader, now: now) : self.parseAsctime(&reader)
        return date.map { WallTime(microseconds: $0.secondsSinceEpoch * 1_000_000) }
    }

    /// Reads what follows the comma of `Sun, 06 Nov 1994 08:49:37 GMT` and `Sunday, 06-Nov-94 08:49:37 GMT`.
    private static func parseAfterComma(_ reader: inout DigitReader, now: WallTime) -> CalendarDate? {
        reader.skipSpaces()
        guard let day = reader.number(digits: 2) else { return nil }
        let isObsolete = reader.skip(0x2D)
        if !isObsolete { reader.skipSpaces() }
        guard let month = self.month(&reader) else { return nil }
        let year: Int
        if isObsolete {
            guard reader.skip(0x2D), let short = reader.number(digits: 2) else { return nil }
            let present = CalendarDate(secondsSinceEpoch: now.microseconds / 1_000_000).year
            let latest = present + 50
            year = latest - (latest - short) % 100
        } else {
            reader.skipSpaces()
            guard let full = reader.number(digits: 4) else { return nil }
            year = full
        }
        reader.skipSpaces()
        guard let time = self.time(&reader) else { return nil }
        reader.skipSpaces()
        if !reader.isAtEnd {
            guard ["GMT", "UTC", "Z"].contains(reader.letters()), reader.isAtEnd else { return nil }
        }
        return CalendarDate(
            year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second)
    }

    /// Reads what follows the day's name in `Sun Nov  6 08:49:37 1994`.
    private static func parseAsctime(_ reader: inout DigitReader) -> CalendarDate? {
        reader.skipSpaces()
        guard let month = self.month(&reader) else { return nil }
        reader.skipSpaces()
        guard let day = reader.number(digits: 2) ?? reader.number(digits: 1) else { return nil }
        reader.skipSpaces()
        guard let time = self.time(&reader) else { return nil }
        reader.skipSpaces()
        guard let year = reader.number(digits: 4), reader.isAtEnd else { return nil }
        return CalendarDate(
            year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second)
    }

    private static func month(_ reader: inout DigitReader) -> Int? {
        let name = reader.letters()
        return self.months.firstIndex { name.equalsIgnoringASCIICase($0) }.map { $0 + 1 }
    }

    private static func time(_ reader: inout DigitReader) -> (hour: Int, minute: Int, second: Int)? {
        guard let hour = reader.number(digits: 2), reader.skip(0x3A), let minute = reader.number(digits: 2),
            reader.skip(0x3A), let second = reader.number(digits: 2)
        else { return nil }
        return (hour, minute, second)
    }
}
