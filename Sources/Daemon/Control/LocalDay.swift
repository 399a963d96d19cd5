import Glibc
import ProxyCore

/// Days as the calendar on the wall beside the daemon has them.
enum LocalDay {
    /// The day of a moment in the time zone of the process, `YYYY-MM-DD`.
    static func of(_ moment: WallTime) -> String {
        let second: Int64 = 1_000_000
        let rest = moment.microseconds % second
        var seconds = time_t((moment.microseconds - (rest < 0 ? rest + second : rest)) / second)
        var parts = tm()
        // Fails for years that an `Int32` cannot hold only; 64 bits of microseconds do not reach them.
        localtime_r(&seconds, &parts)
        let fields = [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
        return fields.map { number, digits in
            let text = String(number)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }.joined(separator: "-")
    }
}
