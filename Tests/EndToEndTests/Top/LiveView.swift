import Foundation
import TestSupport

/// A terminal beside a daemon with two keys, on a bus of their own.
struct LiveView: Sendable {
    let terminal: TerminalSession
    let daemon: DaemonProcess
    /// What shows the live view.
    let command: String
    private let bus: String

    /// Starts everything, but not the view, and ends everything after the scope.
    static func with(
        environment: [String: String] = [:], _ body: (LiveView) async throws -> Void
    ) async throws {
        let kmictl = try BuildProducts.path(of: "kmictl")
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
            configuration.tables["rotation"] = "mode = \"round-robin\"\naffinity = false"
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    try DaemonProcess.write(configuration, to: directory)
                    let token = configuration.token
                    try await DaemonProcess.with(in: directory, token: token, bus: bus.address) { daemon in
                        try await TerminalSession.with(environment: environment) { terminal in
                            let view = LiveView(
                                terminal: terminal, daemon: daemon,
                                command: "\(kmictl) --address \(bus.address) top", bus: bus.address)
                            try await body(view)
                        }
                    }
                }
            }
        }
    }

    /// Shows the view; returns when it shows the daemon.
    func start() async throws {
        try await self.terminal.enter(self.command)
        try await self.terminal.wait("the daemon is shown") { $0[0].hasPrefix("kmid running") }
    }

    /// Starts another daemon with the state of the first one, which has ended.
    func restart(_ body: (DaemonProcess) async throws -> Void) async throws {
        try await DaemonProcess.with(
            in: self.daemon.directory, token: self.daemon.token, bus: self.bus, body)
    }
}
