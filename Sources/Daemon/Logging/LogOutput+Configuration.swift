import Foundation
import Logging
import ProxyCore

extension LogOutput {
    /// The output that the configuration asks for: `auto` is the journal if standard error is one of its streams, text on a
    /// terminal, else JSON.
    convenience init(_ log: Configuration.Log, time: any TimeSource = SystemTime()) {
        let target = LogTarget(journalStream: ProcessInfo.processInfo.environment["JOURNAL_STREAM"])
        let isTerminal = isatty(STDERR_FILENO) == 1
        let writer: any LogWriter =
            switch (log.format, target) {
            case (.text, _): LineWriter(.text, target: target)
            case (.json, _): LineWriter(.json, target: target)
            case (.automatic, .console): LineWriter(isTerminal ? .text : .json)
            case (.journal, _), (.automatic, .journal):
                JournalWriter(
                    fallback: LineWriter(
                        isTerminal ? .text : .json, target: target, tellsPriority: target == .journal),
                    time: time)
            }
        self.init(writer, level: Logger.Level(log.level), time: time)
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
