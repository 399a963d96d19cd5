/// The time of day in California, where Google's quotas for a day begin anew at midnight.
///
/// Daylight saving as the United States have had it since 2007: from the second Sunday of March, 02:00, to the first Sunday
/// of November, 02:00.
enum PacificTime {
    /// The first midnight after a time.
    static func nextMidnight(after time: WallTime) -> WallTime {
        let seconds = Self.floorDivide(time.microseconds, by: 1_000_000)
        let local = seconds - (self.isDaylightSaving(seconds) ? 7 : 8) * 3_600
        let midnight = (Self.floorDivide(local, by: 86_400) + 1) * 86_400
        // The clock changes at 02:00, so that midnight is unambiguous on the days of the change too.
        let inSummer = midnight + 7 * 3_600
        let result = self.isDaylightSaving(inSummer) ? inSummer : midnight + 8 * 3_600
        return WallTime(microseconds: result * 1_000_000)
    }

    /// Whether daylight saving is in force at a number of seconds since 1970.
    static func isDaylightSaving(_ seconds: Int64) -> Bool {
        let year = CalendarDate(secondsSinceEpoch: seconds - 8 * 3_600).year
        guard let begin = self.sunday(2, of: 3, year: year, hour: 10),
            let end = self.sunday(1, of: 11, year: year, hour: 9)
        else { return false }
        return seconds >= begin && seconds < end
    }

    /// The n-th Sunday of a month at an hour of UTC, in seconds since 1970; `nil` beyond the year 9999.
    private static func sunday(_ number: Int, of month: Int, year: Int, hour: Int) -> Int64? {
        let first = CalendarDate(year: year, month: month, day: 1, hour: hour, minute: 0, second: 0)
        guard let first = first?.secondsSinceEpoch else { return nil }
        // 1970-01-01 was a Thursday, four days after a Sunday.
        let day = Self.floorDivide(first, by: 86_400) + 4
        let weekday = day - Self.floorDivide(day, by: 7) * 7
        return first + ((7 - weekday) % 7 + Int64(number - 1) * 7) * 86_400
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
