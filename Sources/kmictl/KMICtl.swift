import ArgumentParser

/// All commands of `kmictl`.
struct KMICtl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmictl",
        abstract: "Steers kmid, the proxy for APIs of language models, over D-Bus.",
        discussion: """
            Without a command it shows the status. Every command takes, before or after its name, the options --json, \
            --quiet, --user, --system, --address, --timeout and --no-color; kmictl help status describes them.

            Exit status: 0 done, 1 failed, 3 not found, 4 not authorised, 5 timed out, 8 the daemon cannot be reached, \
            64 the command line cannot be meant.
            """,
        version: VersionText.line,
        subcommands: [
            StatusCommand.self, KeysCommand.self, ProvidersCommand.self, ClientsCommand.self, RotateCommand.self,
            ModeCommand.self, RequestsCommand.self, RequestCommand.self, TopCommand.self, ExplainCommand.self,
            HealthCommand.self, UsageCommand.self, PricesCommand.self, EnvCommand.self, RunCommand.self,
            ReloadCommand.self, MetricsCommand.self, VersionCommand.self,
            ConfigCommand.self, AuditCommand.self, BackupCommand.self, DrainCommand.self, LogLevelCommand.self,
            ImportCommand.self, DoctorCommand.self,
        ],
        defaultSubcommand: StatusCommand.self
    )
}

extension KMICtl {
    /// What is wrong with the words that name the command, in words; `nil` if nothing is.
    ///
    /// The parser would hand an unknown word to the default command, and say that it did not expect it.
    static func unknownCommand(in words: [String]) -> String? {
        var command: any ParsableCommand.Type = KMICtl.self
        var path = "kmictl"
        for word in words {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, !word.hasPrefix("-") else { return nil }
            if word == "help", command == KMICtl.self { return nil }
            let next = subcommands.first { $0.names.contains(word) }
            guard let next else {
                let known = subcommands.flatMap { $0.names }
                let suggestion = Suggestion.phrase(for: word, among: known)
                return "there is no command \(path) \(word)."
                    + (suggestion.isEmpty ? " See \(path) --help." : suggestion)
            }
            command = next
            path += " \(word)"
        }
        return nil
    }
}

extension KMICtl {
    /// The words that ask for help on a command alone; `nil` if the words do not.
    ///
    /// With an option beside it the parser would tell of the default command below, and not of those that there are.
    static func help(in words: [String]) -> [String]? {
        var command: any ParsableCommand.Type = KMICtl.self
        for (position, word) in words.enumerated() {
            if word == "--help" || word == "-h" { return Array(words[...position]) }
            guard let next = command.configuration.subcommands.first(where: { $0.names.contains(word) }) else { break }
            command = next
        }
        return nil
    }
}

extension ParsableCommand {
    /// The words that the command goes by.
    static var names: [String] { (Self.configuration.commandName.map { [$0] } ?? []) + Self.configuration.aliases }
}
