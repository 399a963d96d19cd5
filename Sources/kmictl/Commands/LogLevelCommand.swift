import ArgumentParser
import DBusControl

/// `kmictl log-level`.
struct LogLevelCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-level",
        abstract: "Show or choose the least severe messages that the daemon logs.",
        discussion: """
            What is chosen holds until the daemon ends, or reads a configuration whose log.level has changed. The words are those of \
            syslog.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "\(LogControlInterface.levels.joined(separator: ", ")); without it the level is shown.", valueName: "LEVEL"),
        completion: .list(LogControlInterface.levels)
    )
    var level: String?
    @OptionGroup var options: GlobalOptions

    /// What people write for the words of syslog.
    private static let others = ["error": "err", "critical": "crit", "warn": "warning", "trace": "debug"]

    func validate() throws {
        guard let level = self.level, self.word(level) == nil else { return }
        let known = LogControlInterface.levels
        let suggestion = Suggestion.phrase(for: level, among: known)
        throw ValidationError(
            "there is no level \(level)."
                + (suggestion.isEmpty ? " Expected \(known.joined(separator: ", "))." : suggestion))
    }

    private func word(_ level: String) -> String? {
        LogControlInterface.levels.contains(level) ? level : Self.others[level]
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let level = try await invocation.withDaemon { daemon in
            if let word = self.level.flatMap(self.word) { try await daemon.setLogLevel(word) }
            return try await daemon.logLevel()
        }
        try invocation.show(ValueReport(value: level, json: .object(["log_level": .string(level)])))
        return .success
    }
}
