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

        _ = self.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pattern.utf8CodeUnitCount) { target in
            target.copyMemory(from: UnsafeRawBufferPointer(start: Self.pattern.utf8Start, count: 29))
            Self.write("SunMonTueWedThuFriSat", index: weekday, to: target, at: 0)
            Self.write(day, to: target, at: 5)
            Self.write("JanFebMarAprMayJunJulAugSepOctNovDec", index: month - 1, to: target, at: 8)
            Self.write(year / 100, to: target, at: 12)
            Self.write(year % 100, to: target, at: 14)
            Self.write(second / 3_600, to: target, at: 17)
            Self.write(second / 60 % 60, to: target, at: 20)
            Self.write(second % 60, to: target, at: 23)
            return Self.pattern.utf8CodeUnitCount
        }
    }

    /// What stays the same in every date.
    private static var pattern: StaticString { "ddd, dd mmm yyyy hh:mm:ss GMT" }

    private static func floorDivision(_ number: Int64, by divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : -((-number + divisor - 1) / divisor)
    }

    private static func write(
        _ names: StaticString, index: Int, to target: UnsafeMutableRawBufferPointer, at place: Int
    ) {
        for letter in 0..<3 { target[place + letter] = names.utf8Start[index * 3 + letter] }
    }

    /// Writes two digits.
    private static func write(_ number: Int, to target: UnsafeMutableRawBufferPointer, at place: Int) {
        target[place] = UInt8(truncatingIfNeeded: number / 10 % 10) + 0x30
        target[place + 1] = UInt8(truncatingIfNeeded: number % 10) + 0x30
    }
}
