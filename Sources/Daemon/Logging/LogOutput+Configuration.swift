import Foundation
import Logging
import ProxyCore

extension LogOutput {
    /// The output that the configuration asks for: `auto` is text on a terminal, else JSON.
    convenience init(_ log: Configuration.Log) {
        let style: LogStyle =
            switch log.format {
            case .text: .text
            case .json, .journal: .json
            case .automatic: isatty(STDERR_FILENO) == 1 ? .text : .json
            }
        self.init(
            style: style, level: Logger.Level(log.level),
            target: LogTarget(journalStream: ProcessInfo.processInfo.environment["JOURNAL_STREAM"]))
    }
}

extension Logger.Level {
    /// The logger's form of a configured level.
    init(_ level: Configuration.Log.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}
