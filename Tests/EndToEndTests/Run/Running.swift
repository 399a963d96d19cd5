import Foundation
import TestSupport

/// `kmictl run` and `kmictl env` on a bus, with a runtime directory.
struct Running {
    /// The bus.
    let bus: String
    /// The runtime directory, and whatever else a test keeps.
    let directory: TemporaryDirectory

    /// What every command starts with.
    static let variables = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "UNTOUCHED": "yes"]

    var environment: [String: String] {
        Self.variables.merging(["XDG_RUNTIME_DIR": self.directory.path, "ANTHROPIC_API_KEY": "sk-real"]) { $1 }
    }

    /// The words in front of the command.
    func words(_ options: [String] = []) -> [String] { ["--address", self.bus, "run"] + options + ["--"] }

    /// Runs a command to its end.
    func run(_ command: String..., options: [String] = []) async throws -> FinishedProcess {
        try await FinishedProcess.run(
            BuildProducts.path(of: "kmictl"), arguments: self.words(options) + command, environment: self.environment,
            within: .seconds(120))
    }

    /// Starts a script of the shell, which has to print `ready` first.
    func start(_ script: String) async throws -> ChildProcess {
        let process = try ChildProcess(
            BuildProducts.path(of: "kmictl"), arguments: self.words() + ["/bin/sh", "-c", script],
            environment: self.environment)
        _ = try await process.firstMatch(on: .standardOutput, "that it is ready") { $0 == "ready" ? true : nil }
        return process
    }

    /// The names of the clients.
    func clients() async throws -> [String] {
        try await Steering(bus: self.bus).show([Shown.Client].self, "clients").map(\.name)
    }

    /// Gives `body` a daemon with a simulated provider, and this.
    static func with(
        prices: String = "", _ body: (DaemonProcess, Running) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    var configuration = DaemonConfiguration(simulator)
                    configuration.appendix = prices
                    try await DaemonProcess.with(configuration, bus: bus.address) {
                        try await body($0, Running(bus: bus.address, directory: directory))
                    }
                }
            }
        }
    }
}
