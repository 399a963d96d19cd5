import ArgumentParser
import DBusControl

/// `kmictl reload`.
struct ReloadCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Let the daemon read its configuration again, and show what became of each change."
    )

    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let entries = try await invocation.withDaemon { try await $0.reload() }
        try invocation.show(ReloadReport(entries: entries))
        if entries.isEmpty { invocation.hint("Nothing has changed.") }
        return entries.contains { $0.result == "rejected" } ? .failed : .success
    }
}

/// `kmictl metrics`.
struct MetricsCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Print the metrics as Prometheus text."
    )

    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let text = try await invocation.withDaemon { try await $0.metrics() }
        guard invocation.json == nil else {
            try invocation.show(ActionReport(json: .object(["text": .string(text)])))
            return .success
        }
        let lines = SafeText.lines(text)
        try invocation.print(lines.hasSuffix("\n") ? String(lines.dropLast()) : lines)
        return .success
    }
}

/// `kmictl version`.
struct VersionCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show version, commit and build date of this program and of the daemon."
    )

    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        do {
            let status = try await invocation.withDaemon { try await $0.manager() }
            try invocation.show(
                VersionReport(client: invocation.surroundings.build, daemon: VersionReport.Build(status)))
        } catch let error as ControlClientError {
            // Its own version is known all the same.
            invocation.note(CommandFailure(error).text)
            try invocation.show(VersionReport(client: invocation.surroundings.build, daemon: nil))
        }
        return .success
    }
}
