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
        let report = try await invocation.withDaemon { daemon in
            StatusReport(
                manager: try await daemon.manager(), keys: try await daemon.keys(),
                providers: try await daemon.providers())
        }
        try invocation.show(report)
        return .success
    }
}
