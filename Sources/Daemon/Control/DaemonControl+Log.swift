import DBusControl
import Logging

extension DaemonControl {
    // MARK: The log

    func logLevel() -> String { self.keeper.output.minimumLevel.syslogWord }

    func logTarget() -> String { self.keeper.output.target.rawValue }

    func setLogLevel(_ level: String) async throws(ControlFault) {
        guard let chosen = Logger.Level(syslogWord: level) else {
            throw ControlFault(
                .invalidArgument,
                "A level is one of \(LogControlInterface.levels.joined(separator: ", ")), and not \"\(level.printable)\"."
            )
        }
        try await self.inTurn { () throws(ControlFault) in
            let former = self.keeper.output.minimumLevel
            let entry = AuditEntry(
                "log_level_changed", "log level changed",
                ["from": "\(former.syslogWord)", "to": "\(chosen.syslogWord)"], target: "log.level")
            try await self.commit([], as: entry)
            self.keeper.output.minimumLevel = chosen
        }
    }
}
