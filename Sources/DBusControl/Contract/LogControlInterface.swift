public import DBusKit

/// The interface `org.freedesktop.LogControl1` (org.freedesktop.LogControl1(5)), by which `systemctl service-log-level` and
/// `kmictl log-level` work.
public enum LogControlInterface {
    /// The interface's name.
    public static let name: InterfaceName = "org.freedesktop.LogControl1"

    /// Where the object is, on every daemon that has one.
    public static let path: ObjectPath = "/org/freedesktop/LogControl1"

    /// The properties.
    public enum Property: String, ControlMember {
        /// The least severe messages that are logged, in syslog's words; can be set.
        case logLevel = "LogLevel"
        /// Where messages go.
        case logTarget = "LogTarget"
        /// The name that messages carry.
        case syslogIdentifier = "SyslogIdentifier"

        /// The property with its type and who may set it.
        ///
        /// None is announced, as of systemd's own daemons.
        public var description: PropertyDescription {
            switch self {
            case .logLevel: self.described("s", access: .readWrite, change: .silent)
            case .logTarget: self.described("s", change: .silent)
            case .syslogIdentifier: self.described("s", change: .silent)
            }
        }
    }

    /// The levels, the least severe one first, as syslog.h names them.
    public static let levels = ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"]

    /// What messages call the daemon.
    public static let syslogIdentifier = "kmid"

    /// The interface as it is exported and introspected.
    public static let description = InterfaceDescription(
        name: Self.name,
        methods: [],
        properties: Property.allCases.map(\.description),
        signals: []
    )
}
