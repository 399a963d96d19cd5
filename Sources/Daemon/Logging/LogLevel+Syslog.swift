import Logging

extension Logger.Level {
    /// The word of syslog.h for the level; what syslog does not tell apart is the same word.
    var syslogWord: String {
        switch self {
        case .trace, .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "err"
        case .critical: "crit"
        }
    }

    /// The number of syslog.h for the level.
    var syslogPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// The level that a word of syslog.h means; `nil` if it is none.
    init?(syslogWord word: String) {
        switch word {
        case "debug": self = .debug
        case "info": self = .info
        case "notice": self = .notice
        case "warning": self = .warning
        case "err": self = .error
        // Nothing here is more severe.
        case "crit", "alert", "emerg": self = .critical
        default: return nil
        }
    }
}
