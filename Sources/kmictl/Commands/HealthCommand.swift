import ArgumentParser
import DBusControl

/// `kmictl health`.
struct HealthCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Show how much of each key's plan is used, and when it starts anew."
    )

    @Flag(help: "Ask the providers first.") var refresh = false
    @OptionGroup var options: GlobalOptions

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let (count, keys) = try await invocation.withDaemon(
            askingProviders: self.refresh, doing: self.refresh ? "asking the providers" : nil
        ) { daemon in
            let count = self.refresh ? try await daemon.refreshUsage(of: nil, provider: nil) : nil
            return (count, try await daemon.keys())
        }
        if let count { invocation.note("something was learned of \(count) of \(keys.count) keys.") }
        try invocation.show(HealthReport(keys: keys))
        return .success
    }
}
