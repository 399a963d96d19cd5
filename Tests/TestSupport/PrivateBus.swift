import Foundation
import Synchronization

/// A message bus (`dbus-daemon`) for one test, with nobody else on it.
///
/// Everything is allowed on it, listening in included, and nothing is started by it but what `serviceDirectory` says.
public final class PrivateBus: Sendable {
    /// Where it can be reached; the same after ``restart()``.
    public let address: String

    private let socket: String
    private let daemon: Daemon
    private let process: Mutex<ChildProcess?>

    /// How the daemon is started.
    private struct Daemon: Sendable {
        let executable: String
        let configuration: String
        let environment: [String: String]

        /// Starts it; returns once it accepts connections.
        func start() async throws -> ChildProcess {
            let process = try ChildProcess(
                self.executable,
                arguments: ["--nofork", "--print-address", "--config-file=\(self.configuration)"],
                environment: self.environment
            )
            // It prints its address once it listens.
            _ = try await process.firstMatch(on: .standardOutput, "its address") { $0.isEmpty ? nil : $0 }
            return process
        }
    }

    private init(_ directory: TemporaryDirectory, _ daemon: Daemon) {
        self.socket = Self.socket(in: directory)
        self.address = "unix:path=" + self.socket
        self.daemon = daemon
        self.process = Mutex(nil)
    }

    /// Starts a bus and stops it after the scope.
    ///
    /// - Parameters:
    ///   - serviceDirectory: holds the `.service` files of programs that the bus may start.
    ///   - environment: what those programs get, beside `PATH` and an empty `HOME`.
    ///   - body: the scope.
    /// - Throws: `TestFailure` when there is no `dbus-daemon` or it does not start.
    public static func with<Value>(
        serviceDirectory: String? = nil,
        environment: [String: String] = [:],
        _ body: (PrivateBus) async throws -> Value
    ) async throws -> Value {
        guard let executable = Tools.path(of: "dbus-daemon") else {
            throw TestFailure("there is no dbus-daemon; `make setup` installs it")
        }
        return try await TemporaryDirectory.with { directory in
            let configuration = self.configuration(
                socket: self.socket(in: directory),
                serviceDirectory: serviceDirectory
            )
            let daemon = Daemon(
                executable: executable,
                configuration: try directory.write("session.conf", configuration),
                environment: ["HOME": try directory.makeDirectory("home"), "PATH": "/usr/bin:/bin"]
                    .merging(environment) { $1 }
            )
            let bus = PrivateBus(directory, daemon)
            try await bus.restart()
            do {
                let value = try await body(bus)
                try await bus.stop()
                return value
            } catch {
                try await bus.stop()
                throw error
            }
        }
    }

    /// The process of the bus; `nil` while it is killed.
    public var processID: Int32? { self.process.withLock { $0?.pid } }

    /// Kills the bus (`SIGKILL`) and waits for its end.
    public func kill() async {
        guard let process = self.process.withLock({ $0 }) else { return }
        process.send(SIGKILL)
        do {
            try await process.waitForExit()
        } catch {
            // It stays where it is: the end of the scope fails on it.
            return
        }
        self.process.withLock { $0 = nil }
    }

    /// Starts the bus again at the same address; returns once it accepts connections.
    public func restart() async throws {
        await self.kill()
        guard self.process.withLock({ $0 == nil }) else { throw TestFailure("the bus cannot be killed") }
        // A killed bus leaves its socket behind.
        if FileManager.default.fileExists(atPath: self.socket) {
            try FileManager.default.removeItem(atPath: self.socket)
        }
        let process = try await self.daemon.start()
        self.process.withLock { $0 = process }
    }

    private func stop() async throws {
        let process = self.process.withLock { process in
            defer { process = nil }
            return process
        }
        try await process?.terminate()
    }

    private static func socket(in directory: TemporaryDirectory) -> String { directory.path("bus") }

    private static func configuration(socket: String, serviceDirectory: String?) -> String {
        let serviceDirectory = serviceDirectory.map { "<servicedir>\(self.escaped($0))</servicedir>" } ?? ""
        // The limits are those of the distribution's session bus, which are far above the built-in ones.
        return """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <keep_umask/>
              <listen>unix:path=\(self.escaped(socket))</listen>
              <auth>EXTERNAL</auth>
              \(serviceDirectory)
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
                <allow own="*"/>
              </policy>
              <limit name="max_incoming_bytes">1000000000</limit>
              <limit name="max_incoming_unix_fds">250000000</limit>
              <limit name="max_outgoing_bytes">1000000000</limit>
              <limit name="max_outgoing_unix_fds">250000000</limit>
              <limit name="max_message_size">1000000000</limit>
              <limit name="service_start_timeout">120000</limit>
              <limit name="auth_timeout">240000</limit>
              <limit name="pending_fd_timeout">150000</limit>
              <limit name="max_completed_connections">100000</limit>
              <limit name="max_incomplete_connections">10000</limit>
              <limit name="max_connections_per_user">100000</limit>
              <limit name="max_pending_service_starts">10000</limit>
              <limit name="max_names_per_connection">50000</limit>
              <limit name="max_match_rules_per_connection">50000</limit>
              <limit name="max_replies_per_connection">50000</limit>
            </busconfig>

            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
}
