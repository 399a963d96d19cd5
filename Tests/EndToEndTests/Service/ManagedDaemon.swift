import Foundation
import TestSupport

/// What a service manager gives a daemon, without one: directories, credentials, and a socket for notifications.
struct ManagedDaemon {
    /// Where everything lies.
    let directory: TemporaryDirectory
    /// The manager's end of the notifications.
    let notifications: NotifySocket
    /// What the daemon is started with.
    var environment: [String: String]

    /// Lays out directories as `DynamicUser=` does, the state behind a symbolic link, and a configuration whose keys are
    /// credentials.
    init(
        _ directory: TemporaryDirectory, _ simulator: SimulatorProcess, keys: [String], credentials: [String]
    ) throws {
        self.directory = directory
        self.notifications = try NotifySocket(at: directory.path("notify"))
        var configuration = DaemonConfiguration(simulator, keys: [])
        configuration.tables["server"] = "socket = \"auto\""
        configuration.tables["rotation"] = "affinity = false"
        configuration.appendix = keys.map {
            "[[key]]\nlabel = \"\($0)\"\nprovider = \"sim\"\nsecret = \"credential:key_\($0)\"\n"
        }.joined()
        try DaemonProcess.write(configuration, to: directory)
        // Read-only even for their user, as the manager leaves them.
        for name in credentials { try directory.write("credentials/key_\(name)", "sk-sim-\(name)\n", mode: 0o400) }
        _ = try directory.makeDirectory("private/kmi")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("state"), withDestinationPath: "private/kmi")
        self.environment = [
            "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8",
            "NOTIFY_SOCKET": self.notifications.path, "INVOCATION_ID": "0123456789abcdef0123456789abcdef",
            "STATE_DIRECTORY": directory.path("state"), "RUNTIME_DIRECTORY": try directory.makeDirectory("run/daemon"),
            "CREDENTIALS_DIRECTORY": directory.path("credentials"), "KMI_CONTROL_WATCH": "false",
        ]
    }

    /// The arguments of the program.
    var arguments: [String] { ["run", "--config", self.directory.path("kmi.toml"), "--bus", "none"] }

    /// A client of the socket in the runtime directory, whose callers need no token if they are the daemon's user.
    var client: RawHTTPClient {
        get throws { RawHTTPClient(try HTTPAddress("unix:" + self.directory.path("run/daemon/proxy.sock"))) }
    }

    /// Starts it, with a program in front that becomes it, as long as a scope.
    func with<Value>(
        launcher: [String] = [], _ body: (ChildProcess) async throws -> Value
    ) async throws -> Value {
        let command = try launcher + [BuildProducts.path(of: "kmid")] + self.arguments
        return try await ChildProcess.with(
            command[0], arguments: Array(command.dropFirst()), environment: self.environment, body)
    }

    /// The next message that holds an assignment, those before it are passed over; fails if the daemon ends without it.
    func message(with assignment: String, of process: ChildProcess) async throws -> [String] {
        let notifications = self.notifications
        return try await onOwnThread {
            let deadline = Deadline.after(.seconds(30))
            while !deadline.hasPassed {
                let hasEnded = process.exitStatus != nil
                if let lines = try notifications.receive(within: .milliseconds(100)), lines.contains(assignment) {
                    return lines
                }
                if hasEnded { break }
            }
            throw TestFailure("kmid did not notify \(assignment)\n\(process.report)")
        }
    }
}
