import Foundation

/// A running daemon (`kmid`) in a temporary directory.
public struct DaemonProcess: Sendable {
    private struct ListeningLine: Decodable, Sendable {
        var message: String
        var listener: String
        var address: String
    }

    /// The process.
    public let process: ChildProcess
    /// Everything of the daemon lies here: configuration, keys, state, runtime files.
    public let directory: TemporaryDirectory
    /// The token that the configuration gives to callers.
    public let token: String
    /// Where it listens, by the kind of listener: `data`, `socket`, `admin`.
    public let listeners: [String: HTTPAddress]
    /// The service manager's end of its notifications.
    public let notifications: NotifySocket

    /// The path of the configuration file, which a test may rewrite.
    public var configurationPath: String { self.directory.path("kmi.toml") }

    /// Starts a daemon, waits until it says that it is ready, and stops it after the scope.
    ///
    /// `bus` is what `--bus` is given: `none` or the address of a private bus.
    public static func with<Value>(
        _ configuration: DaemonConfiguration,
        bus: String = "none",
        environment: [String: String] = [:],
        _ body: (DaemonProcess) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            try Self.write(configuration, to: directory)
            return try await Self.with(
                in: directory, token: configuration.token, bus: bus, environment: environment, body)
        }
    }

    /// Starts a daemon in a directory that holds its configuration already, with the state that another one left there.
    ///
    /// The scope may end the daemon itself, for instance by `SIGKILL`. `launcher` is a program with arguments that becomes
    /// the daemon, whose command follows. `listeners` tells its addresses if its log does not go to standard error. `sockets` are
    /// passed as a service manager does that holds them.
    public static func with<Value>(
        in directory: TemporaryDirectory,
        token: String,
        bus: String = "none",
        environment: [String: String] = [:],
        launcher: [String] = [],
        listeners told: (() async throws -> [String: HTTPAddress])? = nil,
        sockets: [HeldSocket] = [],
        _ body: (DaemonProcess) async throws -> Value
    ) async throws -> Value {
        let notifications = try NotifySocket(at: directory.path("notify-\(UInt32.random(in: .min ... .max))"))
        let command =
            try launcher + (sockets.isEmpty ? [] : HeldSocket.launcher) + [BuildProducts.path(of: "kmid")]
            + Self.arguments(in: directory, bus: bus)
        return try await ChildProcess.with(
            command[0],
            arguments: Array(command.dropFirst()),
            environment: try Self.environment(in: directory)
                // A test says itself when files are to be read again.
                .merging(["NOTIFY_SOCKET": notifications.path, "KMI_CONTROL_WATCH": "false"]) { $1 }
                .merging(HeldSocket.environment(of: sockets)) { $1 }
                .merging(environment) { $1 },
            passed: sockets.map(\.descriptor)
        ) { process in
            try await Self.waitForReady(process, notifications)
            let listeners = if let told { try await told() } else { try await Self.listeners(of: process) }
            return try await body(
                DaemonProcess(
                    process: process, directory: directory, token: token, listeners: listeners,
                    notifications: notifications))
        }
    }

    /// Writes the files of a configuration, for ``with(in:token:bus:environment:_:)``.
    public static func write(_ configuration: DaemonConfiguration, to directory: TemporaryDirectory) throws {
        try directory.write("kmi.toml", configuration.text)
        for (name, contents) in configuration.files { try directory.write(name, contents) }
    }

    /// Runs a daemon that is expected to end by itself, with other arguments if given.
    ///
    /// `arguments` may name the configuration as `CONFIG`.
    public static func run(
        configuration text: String,
        files: [String: String] = [:],
        arguments: [String]? = nil,
        environment: [String: String] = [:],
        within limit: Duration = .seconds(20)
    ) async throws -> FinishedProcess {
        try await TemporaryDirectory.with { directory in
            try directory.write("kmi.toml", text)
            for (name, contents) in files { try directory.write(name, contents) }
            return try await FinishedProcess.run(
                BuildProducts.path(of: "kmid"),
                arguments: arguments?.map { $0 == "CONFIG" ? directory.path("kmi.toml") : $0 }
                    ?? Self.arguments(in: directory),
                environment: try Self.environment(in: directory).merging(environment) { $1 },
                within: limit
            )
        }
    }

    /// The address of a listener.
    public func address(_ kind: String) throws -> HTTPAddress {
        guard let address = self.listeners[kind] else {
            throw TestFailure("kmid has no listener \(kind)\n\(self.process.report)")
        }
        return address
    }

    /// A client of the TCP data listener that sends the right token.
    public func client(limit: Duration = .seconds(20)) throws -> RawHTTPClient {
        RawHTTPClient(
            try self.address("data"),
            fields: [("Authorization", "Bearer \(self.token)")],
            limit: limit
        )
    }

    /// A client of the TCP data listener that sends no token.
    public func stranger() throws -> RawHTTPClient { RawHTTPClient(try self.address("data")) }

    /// A client of the admin listener.
    public func admin() throws -> RawHTTPClient { RawHTTPClient(try self.address("admin")) }

    /// The value of one series of `/metrics`; 0 when the series is not there.
    ///
    /// `labels` are those that must be equal; others of the series do not matter, and several series are added up.
    public func metric(_ name: String, _ labels: [String: String] = [:]) async throws -> Double {
        let response = try await self.admin().get("/metrics")
        guard response.status == 200 else { throw TestFailure("/metrics: \(response.status) \(response.text)") }
        return MetricsText(response.text).sum(name, labels)
    }

    /// Waits for a notification that holds an assignment such as `RELOADING=1`.
    public func waitForNotification(_ assignment: String, within limit: Duration = .seconds(10)) async throws {
        let notifications = self.notifications
        let found = try await onOwnThread {
            let deadline = Deadline.after(limit)
            while let lines = try notifications.receive(within: deadline.remaining) {
                if lines.contains(assignment) { return true }
            }
            return false
        }
        guard found else { throw TestFailure("kmid did not notify \(assignment)\n\(self.process.report)") }
    }

    private static func arguments(in directory: TemporaryDirectory, bus: String = "none") -> [String] {
        ["run", "--config", directory.path("kmi.toml"), "--state-dir", directory.path("state"), "--bus", bus]
    }

    private static func environment(in directory: TemporaryDirectory) throws -> [String: String] {
        [
            "HOME": try directory.makeDirectory("home"),
            "XDG_RUNTIME_DIR": try directory.makeDirectory("run"),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
        ]
    }

    private static func waitForReady(_ process: ChildProcess, _ notifications: NotifySocket) async throws {
        try await onOwnThread {
            let deadline = Deadline.after(.seconds(30))
            while process.exitStatus == nil, !deadline.hasPassed {
                // Short waits, so that a daemon that gives up is noticed at once.
                if let lines = try notifications.receive(within: .milliseconds(100)), lines.contains("READY=1") {
                    return
                }
            }
            throw TestFailure("kmid did not become ready\n\(process.report)")
        }
    }

    /// The listeners that the log names. The daemon logs them before it is ready, but the pipe may lag behind.
    private static func listeners(of process: ChildProcess) async throws -> [String: HTTPAddress] {
        let line: @Sendable (String) -> ListeningLine? = { text in
            let line = try? JSONDecoder().decode(ListeningLine.self, from: Data(text.utf8))
            return line?.message == "listening" ? line : nil
        }
        _ = try await process.firstMatch(on: .standardError, within: .seconds(5), "a listener", line)
        try await Task.sleep(for: .milliseconds(50))
        var listeners: [String: HTTPAddress] = [:]
        for entry in process.lines(.standardError).compactMap(line) {
            listeners[entry.listener] = try HTTPAddress(entry.address)
        }
        return listeners
    }
}
