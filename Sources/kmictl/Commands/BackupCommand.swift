import ArgumentParser
import DBusControl

/// `kmictl backup`.
struct BackupCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Let the daemon copy its state now, and print where the copy lies.",
        discussion: """
            The copy is consistent and verified, and counts as one of those that storage.backups_kept keeps. It holds neither \
            secrets nor the configuration.
            """
    )

    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        // A large state takes as long as a provider may.
        let path = try await invocation.withDaemon(askingProviders: true, doing: "copying the state") { daemon in
            try await daemon.backup()
        }
        try invocation.show(ValueReport(value: path, json: .object(["path": .string(path)])))
        return .success
    }
}
