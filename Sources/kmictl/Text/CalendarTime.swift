import Glibc

/// A time as people write it: what a calendar and a clock on the wall show, with or without the zone that they hang in.
struct CalendarTime: Sendable, Equatable {
    /// The year, from 0 to 9999.
    var year: Int
    /// The month, from 1.
    var month: Int
    /// The day of the month, from 1.
    var day: Int
    /// The time of the day in seconds; `nil` for a date alone.
    var second: Int?
    /// Microseconds beyond it.
    var fraction: UInt64 = 0
    /// Seconds east of Greenwich; `nil` where the zone is that of whoever reads it.
    var offset: Int?
}

/// A time zone: what the clock on the wall beside `kmictl` follows.
struct LocalZone: Sendable {
    /// Seconds since 1970-01-01T00:00:00Z at a time of the wall; a day beyond the end of its month lies in the next one.
    let seconds: @Sendable (_ time: CalendarTime) -> Int

    /// That of the process: `TZ`, else that of the machine.
    static let process = LocalZone { time in
        var hour = 0
        while true {
            var parts = tm()
            parts.tm_year = CInt(time.year - 1900)
            parts.tm_mon = CInt(time.month - 1)
            parts.tm_mday = CInt(time.day)
            parts.tm_hour = CInt(hour)
            parts.tm_sec = CInt(time.second ?? 0)
            // Whether it is summer is for the zone to know.
            parts.tm_isdst = -1
            let seconds = mktime(&parts)
            // A day may begin at one o'clock, where summer begins at midnight.
            guard time.second == nil, parts.tm_hour == 23, hour == 0 else { return seconds }
            hour = 1
        }
    }

    /// The moment of a time of the wall in microseconds since the epoch; what lies before that is its beginning.
    func moment(of time: CalendarTime) -> UInt64 {
        UInt64(max(0, self.seconds(time))) * 1_000_000 + time.fraction
    }
}
