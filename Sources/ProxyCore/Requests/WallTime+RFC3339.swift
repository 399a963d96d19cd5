extension WallTime {
    /// The time in the form of RFC 3339, in UTC and to the second: `2026-11-20T14:05:00Z`.
    public var rfc3339: String {
        var seconds = self.microseconds / 1_000_000
        if self.microseconds % 1_000_000 < 0 { seconds -= 1 }
        let date = CalendarDate(secondsSinceEpoch: seconds)
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let day = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
        return "\(day)T\(padded(date.hour, 2)):\(padded(date.minute, 2)):\(padded(date.second, 2))Z"
    }

    /// The time in the form of RFC 3339, in UTC and to the millisecond, so that log lines can be put in order:
    /// `2026-11-20T14:05:00.125Z`.
    public var rfc3339Milliseconds: String {
        let milliseconds = Int(((self.microseconds % 1_000_000 + 1_000_000) % 1_000_000) / 1_000)
        let digits = String(1_000 + milliseconds).dropFirst()
        return "\(self.rfc3339.dropLast()).\(digits)Z"
    }

    /// Reads a time in the form of RFC 3339, with up to nine digits of a second's fraction; `nil` if it is none.
    public init?(rfc3339 text: some StringProtocol) {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4), reader.skip(0x2D),
            let month = reader.number(digits: 2), reader.skip(0x2D),
            let day = reader.number(digits: 2),
            reader.skip(0x54) || reader.skip(0x74) || reader.skip(0x20),
            let hour = reader.number(digits: 2), reader.skip(0x3A),
            let minute = reader.number(digits: 2), reader.skip(0x3A),
            let second = reader.number(digits: 2),
            let date = CalendarDate(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        var microseconds: Int64 = 0
        if reader.skip(0x2E) {
            guard let fraction = reader.fraction(digits: 6) else { return nil }
            microseconds = fraction
        }
        guard let zone = reader.zoneOffset(), reader.isAtEnd else { return nil }
        self.init(microseconds: (date.secondsSinceEpoch - zone) * 1_000_000 + microseconds)
    }
}
