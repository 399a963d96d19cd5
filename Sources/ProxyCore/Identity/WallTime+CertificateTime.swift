/// The two forms in which a certificate tells a time, to the second and in UTC (RFC 5280 section 4.1.2.5).
extension WallTime {
    /// Reads a UTCTime, `YYMMDDHHMMSSZ`; `nil` if it is none.
    ///
    /// The years 50 to 99 are of the twentieth century, the others of the twenty-first (section 4.1.2.5.1).
    public init?(certificateUTCTime text: some StringProtocol) {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 2) else { return nil }
        self.init(year: year < 50 ? 2_000 + year : 1_900 + year, &reader)
    }

    /// Reads a GeneralizedTime, `YYYYMMDDHHMMSSZ` without fractions of a second (section 4.1.2.5.2); `nil` if it is none.
    public init?(certificateGeneralizedTime text: some StringProtocol) {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4) else { return nil }
        self.init(year: year, &reader)
    }

    private init?(year: Int, _ reader: inout DigitReader) {
        guard let month = reader.number(digits: 2), let day = reader.number(digits: 2),
            let hour = reader.number(digits: 2), let minute = reader.number(digits: 2),
            let second = reader.number(digits: 2), reader.skip(UInt8(ascii: "Z")), reader.isAtEnd,
            let date = CalendarDate(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        self.init(microseconds: date.secondsSinceEpoch * 1_000_000)
    }
}
