import ArgumentParser
import DBusControl

/// `kmictl config …`: the daemon's configuration.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check the daemon's configuration, and show what is in force.",
        subcommands: [Check.self, Show.self]
    )
}

extension ConfigCommand {
    /// `kmictl config check`.
    struct Check: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Show what kmictl reload would do now; nothing changes."
        )

        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            let entries = try await invocation.withDaemon { try await $0.checkConfiguration() }
            try invocation.show(ReloadReport(entries: entries))
            invocation.hint(
                entries.isEmpty
                    ? "The configuration is good, and nothing in it has changed."
                    : "The configuration is good. kmictl reload puts it in force.")
            return entries.contains { $0.result == "rejected" } ? .failed : .success
        }
    }

    /// `kmictl config show [KEY…]`.
    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show the configuration in force, setting by setting.",
            discussion: "Of secrets the references are shown, never the values."
        )

        @Argument(
            help: ArgumentHelp(
                "Settings, or beginnings of their names such as rotation or key.alpha; without: all.", valueName: "KEY")
        )
        var keys: [String] = []
        @Flag(help: "Show only what is not a default.") var changed = false
        @OptionGroup var options: GlobalOptions

        func perform(in invocation: Invocation) async throws -> ExitStatus {
            let all = try await invocation.withDaemon { try await $0.configuration() }
            var rows = all
            if !self.keys.isEmpty {
                for key in self.keys where !all.contains(where: { Self.names(key, $0.key) }) {
                    throw CommandFailure(
                        .notFound, code: ControlClientError.Code.notFound.rawValue,
                        "there is no setting \(SafeText.line(key))."
                            + Suggestion.phrase(for: key, among: all.map(\.key)))
                }
                rows = all.filter { row in self.keys.contains { Self.names($0, row.key) } }
            }
            if self.changed { rows = rows.filter { $0.source != "default" } }
            try invocation.show(ConfigurationReport(rows: rows))
            if rows.isEmpty { invocation.hint("Everything has its default.") }
            return .success
        }

        /// Whether a word names a setting, or the table that it stands in.
        private static func names(_ word: String, _ key: String) -> Bool { key == word || key.hasPrefix(word + ".") }
    }
}
