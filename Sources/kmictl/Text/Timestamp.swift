/// Moments as text: RFC 3339 in UTC, both ways, and relative ones for people.
///
/// A moment is a count of microseconds since 1970-01-01T00:00:00Z, as on the bus.
enum Timestamp {
    private static let microsecondsOfSecond: UInt64 = 1_000_000
    private static let secondsOfDay: UInt64 = 86400
    /// 9999-12-31T23:59:59.999999Z, the last moment that four digits of a year can name.
    private static let last: UInt64 = 253_402_300_799_999_999

    /// `2026-01-02T03:04:05Z`, with a fraction where there is one; `nil` for a moment that RFC 3339 cannot name.
    static func text(_ moment: UInt64) -> String? {
        guard moment <= Self.last else { return nil }
        let (seconds, fraction) = moment.quotientAndRemainder(dividingBy: Self.microsecondsOfSecond)
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: Self.secondsOfDay)
        let date = Self.date(daysSinceEpoch: Int(days))
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map { Self.padded(Int($0), to: 2) }.joined(separator: ":")
        var text =
            "\(Self.padded(date.year, to: 4))-\(Self.padded(date.month, to: 2))-\(Self.padded(date.day, to: 2))T\(time)"
        if fraction > 0 {
            var digits = Self.padded(Int(fraction), to: 6)
            while digits.hasSuffix("0") { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }

    /// `in 2 m 5 s`, `3 h ago`, `now`, seen from `now`.
    static func relative(_ moment: UInt64, now: UInt64) -> String {
        if moment > now {
            return "in " + Self.distance(to: moment, now: now)
        }
        let seconds = (now - moment) / Self.microsecondsOfSecond
        return seconds == 0 ? "now" : DurationText.coarse(seconds: seconds, units: 1) + " ago"
    }

    /// `2 m 5 s`: how long until a moment that is to come.
    static func distance(to moment: UInt64, now: UInt64) -> String {
        // Rounded up: what is to come has not come when the figure says 0.
        let left = moment - min(moment, now)
        return DurationText.coarse(seconds: left / 1_000_000 + (left % 1_000_000 == 0 ? 0 : 1), units: 2)
    }

    /// The exact moment and how far it is away; empty for 0, which stands for "none" on the bus.
    static func both(_ moment: UInt64, now: UInt64) -> String {
        guard moment > 0 else { return "" }
        let relative = Self.relative(moment, now: now)
        return Self.text(moment).map { "\($0) (\(relative))" } ?? relative
    }

    /// Reads an RFC 3339 date and time, one without its zone, or a date alone.
    ///
    /// Returns `nil` for anything else, and for moments before 1970 or after 9999.
    static func parse(_ text: String) -> CalendarTime? {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4, 1970...9999), reader.take("-"),
            let month = reader.number(digits: 2, 1...12), reader.take("-"), let day = reader.number(digits: 2, 1...31),
            day <= Self.daysOf(month: month, year: year)
        else { return nil }
        var time = CalendarTime(year: year, month: month, day: day)
        if reader.isAtEnd { return time }

        guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(digits: 2, 0...23),
            reader.take(":"), let minute = reader.number(digits: 2, 0...59), reader.take(":"),
            // A leap second counts as the one before it, as POSIX time has it.
            let second = reader.number(digits: 2, 0...60), let fraction = reader.fraction()
        else { return nil }
        time.second = hour * 3600 + minute * 60 + min(second, 59)
        time.fraction = fraction
        if reader.isAtEnd { return time }

        guard let offset = reader.offset(), reader.isAtEnd else { return nil }
        time.offset = offset
        return Self.moment(of: time) == nil ? nil : time
    }

    /// The moment of a time that names its zone, or of UTC if it names none; `nil` before 1970 and after 9999.
    static func moment(of time: CalendarTime) -> UInt64? {
        let midnight = Self.daysSinceEpoch(year: time.year, month: time.month, day: time.day) * Int(Self.secondsOfDay)
        return Self.moment(seconds: midnight + (time.second ?? 0) - (time.offset ?? 0), fraction: time.fraction)
    }

    private static func moment(seconds: Int, fraction: UInt64) -> UInt64? {
        guard seconds >= 0 else { return nil }
        let moment = UInt64(seconds) * Self.microsecondsOfSecond + fraction
        return moment <= Self.last ? moment : nil
    }

    private static func padded(_ number: Int, to digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    // The proleptic Gregorian calendar in eras of 400 years (146,097 days), years beginning on March 1.

    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = (year / 400, year % 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let days = days + 719_468
        let (era, dayOfEra) = (days / 146_097, days % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func daysOf(month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Takes a text apart from its beginning.
private struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        self.rest = Substring(text).utf8
    }

    var isAtEnd: Bool { self.rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let first = self.rest.first, UInt32(first) == character.value else { return false }
        self.rest.removeFirst()
        return true
    }

    mutating func digit() -> Int? {
        guard let first = self.rest.first, (0x30...0x39).contains(first) else { return nil }
        self.rest.removeFirst()
        return Int(first - 0x30)
    }

    mutating func number(digits: Int, _ allowed: ClosedRange<Int> = 0...9999) -> Int? {
        var number = 0
        for _ in 0..<digits {
            guard let digit = self.digit() else { return nil }
            number = number * 10 + digit
        }
        return allowed.contains(number) ? number : nil
    }

    /// The microseconds of a fraction, 0 if there is none; digits beyond the sixth are dropped.
    mutating func fraction() -> UInt64? {
        guard self.take(".") else { return 0 }
        guard var value = self.digit().map(UInt64.init) else { return nil }
        var digits = 1
        while let digit = self.digit() {
            if digits < 6 { (value, digits) = (value * 10 + UInt64(digit), digits + 1) }
        }
        for _ in digits..<6 { value *= 10 }
        return value
    }

    /// The seconds of a time zone: `Z` or `+HH:MM`.
    mutating func offset() -> Int? {
        if self.take("Z") || self.take("z") { return 0 }
        let sign: Int
        if self.take("+") { sign = 1 } else if self.take("-") { sign = -1 } else { return nil }
        guard let hours = self.number(digits: 2, 0...23), self.take(":"), let minutes = self.number(digits: 2, 0...59)
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
