import Glibc
import ProxyCore

/// Days as the calendar on the wall beside the daemon has them.
enum LocalDay {
    /// The day of a moment in the time zone of the process, `YYYY-MM-DD`.
    static func of(_ moment: WallTime) -> String {
        let parts = self.parts(of: moment)
        return self.text([(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)], "-")
    }

    /// The minute of a moment, rounded up, so that it has passed then: `HH:MM`, with its day before it if that is another one
    /// than today.
    static func andTime(of moment: WallTime, now: WallTime) -> String {
        let minute: Int64 = 60_000_000
        let rest = moment.microseconds % minute
        let (whole, _) = moment.microseconds.addingReportingOverflow(rest > 0 ? minute - rest : 0)
        let rounded = WallTime(microseconds: max(whole, moment.microseconds))
        let parts = self.parts(of: rounded)
        let time = self.text([(Int(parts.tm_hour), 2), (Int(parts.tm_min), 2)], ":")
        let day = self.of(rounded)
        return day == self.of(now) ? time : "\(day) \(time)"
    }

    private static func parts(of moment: WallTime) -> tm {
        let second: Int64 = 1_000_000
        let rest = moment.microseconds % second
        var seconds = time_t((moment.microseconds - (rest < 0 ? rest + second : rest)) / second)
        var parts = tm()
        // Fails for years that an `Int32` cannot hold only; 64 bits of microseconds do not reach them.
        localtime_r(&seconds, &parts)
        return parts
    }

    private static func text(_ fields: [(Int, Int)], _ separator: String) -> String {
        fields.map { number, digits in
            let text = String(number)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }.joined(separator: separator)
    }
}
