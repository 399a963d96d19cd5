import DBusControl
import Glibc
import ProxyCore

/// The line that `systemctl status` shows: how many keys are usable, when the next one comes back, what does not work.
struct ServiceStatus: Sendable, Equatable {
    /// A moment as a clock on the wall shows it.
    struct LocalTime: Sendable, Equatable {
        var year: Int
        var month: Int
        var day: Int
        var hour: Int
        var minute: Int

        fileprivate var time: String { Self.digits(self.hour, 2) + ":" + Self.digits(self.minute, 2) }
        fileprivate var date: String {
            Self.digits(self.year, 4) + "-" + Self.digits(self.month, 2) + "-" + Self.digits(self.day, 2)
        }

        private static func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
    }

    var usable = 0
    var total = 0
    /// When the first of the others comes back; `nil` if none does by itself.
    var next: WallTime?
    /// The words of the property `Degraded`.
    var degraded: [String] = []

    /// The line; `local` tells the time of the place.
    ///
    /// The next key's time has no date on the day itself, so that the line is short most of the time.
    func text(now: WallTime, local: (WallTime) -> LocalTime) -> String {
        var text = self.total == 0 ? "No keys yet" : "\(self.usable) of \(self.total) keys usable"
        if self.usable < self.total, let next, next > now {
            let (shown, today) = (local(next), local(now))
            text += shown.date == today.date ? ", next at \(shown.time)" : ", next on \(shown.date) at \(shown.time)"
        }
        if !self.degraded.isEmpty { text += "; degraded: \(self.degraded.joined(separator: ", "))" }
        return text
    }

    /// The line while the daemon ends.
    static func draining(requestsLeft: Int) -> String {
        switch requestsLeft {
        case ...0: "Draining"
        case 1: "Draining, 1 request left"
        default: "Draining, \(requestsLeft) requests left"
        }
    }
}

extension ServiceStatus {
    /// What the manager's properties tell.
    init(_ status: ManagerStatus) {
        self.init(
            usable: Int(status.keysUsable), total: Int(status.keysTotal),
            next: status.nextUsableAt > 0
                ? WallTime(microseconds: Int64(clamping: status.nextUsableAt)) : nil,
            degraded: status.degraded)
    }
}

extension ServiceStatus.LocalTime {
    /// A moment in the time zone of the process.
    init(_ moment: WallTime) {
        var seconds = time_t(moment.microseconds / 1_000_000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        self.init(
            year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1, day: Int(fields.tm_mday),
            hour: Int(fields.tm_hour), minute: Int(fields.tm_min))
    }
}
