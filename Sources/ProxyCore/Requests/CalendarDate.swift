/// A day and time of the Gregorian calendar in UTC, to and from seconds since 1970-01-01T00:00:00Z.
///
/// The conversion counts days in 400-year eras that begin on 1 March, so that the leap day is the last day of a year.
struct CalendarDate: Sendable, Equatable {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int

    /// The first of January 1970 plus `seconds`.
    init(secondsSinceEpoch seconds: Int64) {
        let days = Self.floorDivide(seconds, by: 86_400)
        let time = Int(seconds - days * 86_400)
        let shifted = days + 719_468
        let era = Self.floorDivide(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        self.month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        self.year = Int(yearOfEra + era * 400) + (self.month <= 2 ? 1 : 0)
        self.hour = time / 3_600
        self.minute = time / 60 % 60
        self.second = time % 60
    }

    /// Checks the ranges; `nil` if there is no such day or time.
    ///
    /// A leap second counts as the second before it.
    init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (0...9_999).contains(year), (1...12).contains(month), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second), day >= 1, day <= Self.days(inMonth: month, year: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = min(second, 59)
    }

    /// Seconds since the epoch.
    var secondsSinceEpoch: Int64 {
        let year = Int64(self.month <= 2 ? self.year - 1 : self.year)
        let era = Self.floorDivide(year, by: 400)
        let yearOfEra = year - era * 400
        let shiftedMonth = Int64(self.month > 2 ? self.month - 3 : self.month + 9)
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + Int64(self.day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return days * 86_400 + Int64(self.hour * 3_600 + self.minute * 60 + self.second)
    }

    private static func days(inMonth month: Int, year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
