import ArgumentParser
import DBusControl

/// `kmictl status`, and `kmictl` alone.
struct StatusCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the daemon, its listeners, and how its keys are."
    )

    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let overview = try await invocation.withDaemon { try await $0.overview() }
        let report = StatusReport(manager: overview.manager, keys: overview.keys, providers: overview.providers)
        try invocation.show(report)
        return .success
    }
}
