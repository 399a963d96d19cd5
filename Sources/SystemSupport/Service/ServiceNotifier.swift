import CSystemd

/// Tells the service manager how the daemon is doing (`sd_notify(3)`).
///
/// Without a service manager nothing happens.
public struct ServiceNotifier: Sendable {
    /// Makes a notifier for the manager that `$NOTIFY_SOCKET` names.
    public init() {}

    /// What the manager is told.
    public enum Message: Sendable, Equatable {
        /// The listeners are open; with a line for `systemctl status`.
        case ready(status: String)
        /// The configuration is being read again; ``ready(status:)`` follows.
        case reloading
        /// The line for `systemctl status` is another one.
        case status(String)
        /// The daemon has begun to end.
        ///
        /// ``ending(status:patience:)`` follows as long as that takes.
        case stopping(status: String, patience: Duration)
        /// The daemon is still ending, and tells so again within `patience`: the time that the manager gives it for that, in
        /// `TimeoutStopSec=`, is extended as far.
        case ending(status: String, patience: Duration)
        /// Every part of the daemon makes progress.
        case alive

        var text: String {
            switch self {
            case .ready(let status): "READY=1\nSTATUS=\(Self.line(status))"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(SystemClock.nanosecondsMonotonic() / 1_000)"
            case .status(let status): "STATUS=\(Self.line(status))"
            case .stopping(let status, let patience): "STOPPING=1\n" + Self.ending(status, patience)
            case .ending(let status, let patience): Self.ending(status, patience)
            case .alive: "WATCHDOG=1"
            }
        }

        private static func ending(_ status: String, _ patience: Duration) -> String {
            let (seconds, attoseconds) = patience.components
            let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
            return "STATUS=\(Self.line(status))\nEXTEND_TIMEOUT_USEC=\(microseconds)"
        }

        /// One line: a line end would begin another field.
        private static func line(_ text: String) -> String {
            String(text.map { $0.isNewline ? " " : $0 })
        }
    }

    /// Sends a message.
    ///
    /// Throws the system's error number if there is a manager and it could not be told.
    public func send(_ message: Message) throws(NotificationFailure) {
        let result = sd_notify(0, message.text)
        if result < 0 { throw NotificationFailure(errorNumber: -result) }
    }
}

/// The service manager could not be told.
public struct NotificationFailure: Error, Sendable, Equatable {
    /// The system's error number.
    public let errorNumber: Int32
}
