import NIOCore
import ProxyCore

extension ByteBuffer {
    /// Writes a point in time in the form that `Date` has (IMF-fixdate, RFC 9110 §5.6.7).
    ///
    /// This is a handful of divisions, cheaper than keeping the text of the last second for each event loop.
    mutating func writeHTTPDate(_ time: WallTime) {
        let seconds = Self.floorDivision(time.microseconds, by: 1_000_000)
        let days = Self.floorDivision(seconds, by: 86_400)
        let second = Int(seconds - days * 86_400)

        // Days since 0000-03-01, in eras of 400 years (proleptic Gregorian calendar, years beginning in March).
        let shifted = days + 719_468
        let era = Self.floorDivision(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        let year = Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))
        // 1970-01-01 was a Thursday.
        let weekday = Int(days + 4 - Self.floorDivision(days + 4, by: 7) * 7)

        self.writeThree("SunMonTueWedThuFriSat", index: weekday)
        self.writeStaticString(", ")
        self.writeDigits(day, count: 2)
        self.writeStaticString(" ")
        self.writeThree("JanFebMarAprMayJunJulAugSepOctNovDec", index: month - 1)
        self.writeStaticString(" ")
        self.writeDigits(year, count: 4)
        self.writeStaticString(" ")
        self.writeDigits(second / 3_600, count: 2)
        self.writeStaticString(":")
        self.writeDigits(second / 60 % 60, count: 2)
        self.writeStaticString(":")
        self.writeDigits(second % 60, count: 2)
        self.writeStaticString(" GMT")
    }

    private static func floorDivision(_ number: Int64, by divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : -((-number + divisor - 1) / divisor)
    }

    private mutating func writeThree(_ names: StaticString, index: Int) {
        names.withUTF8Buffer { _ = self.writeBytes($0[(index * 3)..<(index * 3 + 3)]) }
    }

    private mutating func writeDigits(_ number: Int, count: Int) {
        var divisor = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            self.writeInteger(UInt8(truncatingIfNeeded: number / divisor % 10) + 0x30)
            divisor /= 10
        }
    }
}
