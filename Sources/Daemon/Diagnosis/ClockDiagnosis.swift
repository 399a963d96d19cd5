import DBusControl
import Glibc

/// Whether the machine's clock can be relied on: rests and windows are told by it, and certificates checked.
enum ClockDiagnosis {
    static let check = "clock"
    /// A clock that is further off than this is a warning.
    private static let tolerance = Duration.seconds(5)
    /// A clock that is further off than this makes rests and ages wrong.
    private static let limit = Duration.seconds(120)

    /// What is to be said of the clock.
    ///
    /// - Parameters:
    ///   - isSynchronised: Whether something keeps it right; `nil` if nobody tells.
    ///   - shift: How far it was set since the daemon began.
    ///   - offsets: How far it is ahead of providers' clocks, by their names.
    static func rows(isSynchronised: Bool?, shift: Duration, offsets: [String: Duration]) -> [DiagnosisRow] {
        var rows: [DiagnosisRow] = []
        let moved = Self.magnitude(shift)
        if moved > Self.tolerance {
            let direction = shift > .zero ? "forward" : "back"
            rows.append(
                DiagnosisRow(
                    Self.check, .warn, "it was set \(direction) by \(Self.text(moved)) since kmid began",
                    advice: "let NTP keep it: timedatectl set-ntp true"))
        }
        for (provider, offset) in offsets.sorted(by: { $0.key < $1.key }) where Self.magnitude(offset) > Self.tolerance
        {
            let direction = offset > .zero ? "ahead of" : "behind"
            rows.append(
                DiagnosisRow(
                    Self.check, provider, Self.magnitude(offset) > Self.limit ? .fail : .warn,
                    "it is \(Self.text(Self.magnitude(offset))) \(direction) that of the provider",
                    advice: "timedatectl status; set it, or let NTP"))
        }
        switch isSynchronised {
        case true?: rows.append(DiagnosisRow(Self.check, .ok, "it is synchronised"))
        // Where providers agree with it nobody has to do anything.
        case false? where rows.isEmpty && !offsets.isEmpty:
            rows.append(DiagnosisRow(Self.check, .ok, "nothing keeps it right, but providers agree with it"))
        case false?:
            rows.append(
                DiagnosisRow(
                    Self.check, .warn, "nothing keeps it right",
                    advice: "timedatectl set-ntp true, or run an NTP client"))
        case nil: rows.append(DiagnosisRow(Self.check, .ok, "the system does not tell whether it is synchronised"))
        }
        return rows
    }

    /// The seconds since the epoch of a `Date` field (RFC 9110 section 5.6.7, the form that senders have to use).
    static func seconds(ofDate text: String) -> Int64? {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let parts = text.split(whereSeparator: { " ,:".contains($0) })
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 8, parts[7] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        let numbers = [1, 3, 4, 5, 6].compactMap { CInt(parts[$0]) }
        guard numbers.count == 5, (1...31).contains(numbers[0]), (1970...9999).contains(numbers[1]) else { return nil }
        var time = tm()
        (time.tm_mday, time.tm_mon, time.tm_year) = (numbers[0], CInt(month), numbers[1] - 1900)
        (time.tm_hour, time.tm_min, time.tm_sec) = (numbers[2], numbers[3], numbers[4])
        return Int64(timegm(&time))
    }

    private static func magnitude(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }

    private static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        return seconds < 300 ? "\(seconds) s" : seconds < 7200 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
    }
}
