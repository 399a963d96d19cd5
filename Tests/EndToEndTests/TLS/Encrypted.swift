import Foundation
import TestSupport

/// A daemon whose TCP listeners speak TLS, with the authority of its certificate and the provider behind it.
struct Encrypted {
    let daemon: DaemonProcess
    let directory: TemporaryDirectory
    let authority: OpenSSLAuthority
    let simulator: SimulatorProcess

    /// The lines of `[server.tls]` that name the daemon's pair.
    static let pair = "certificate = \"server.pem\"\nprivate_key = \"server.key\"\n"

    /// Starts a simulator and a daemon before it; `prepare` may make further certificates.
    static func with(
        server: String = "", tls: String = "", bus: String = "none", environment: [String: String] = [:],
        prepare: (OpenSSLAuthority) async throws -> Void = { _ in },
        _ body: (Encrypted) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let authority = try await OpenSSLAuthority(in: directory)
                try await authority.issue("server")
                try await prepare(authority)
                let configuration = Self.configuration(simulator, server: server, tls: tls)
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(
                    in: directory, token: configuration.token, bus: bus, environment: environment
                ) { daemon in
                    try await body(
                        Encrypted(daemon: daemon, directory: directory, authority: authority, simulator: simulator))
                }
            }
        }
    }

    static func configuration(
        _ simulator: SimulatorProcess, server: String = "", tls: String = ""
    ) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator)
        configuration.tables["server"] = server
        configuration.tables["server.tls"] = Self.pair + tls
        return configuration
    }

    /// `HOST:PORT` of a listener, on loopback.
    func place(_ listener: String = "data") throws -> String {
        "\(try self.daemon.address(listener))".replacingOccurrences(of: "0.0.0.0", with: "127.0.0.1")
    }

    /// Asks with curl: its exit status, the status of the answer, and its body.
    func curl(
        _ path: String, _ listener: String = "data", scheme: String = "https", showing name: String? = nil,
        _ further: String...
    ) async throws -> (exit: ChildProcess.ExitStatus, status: String, body: String) {
        var arguments = [
            "--silent", "--max-time", "20", "--cacert", self.authority.path, "--write-out", "\n%{http_code}",
            "--header", "Authorization: Bearer \(self.daemon.token)",
        ]
        if let name {
            arguments += ["--cert", self.directory.path(name + ".pem"), "--key", self.directory.path(name + ".key")]
        }
        let result = try await FinishedProcess.run(
            "/usr/bin/curl", arguments: arguments + further + ["\(scheme)://\(try self.place(listener))\(path)"],
            environment: ["PATH": "/usr/bin:/bin"])
        var lines = result.standardOutput.components(separatedBy: "\n")
        let status = lines.popLast() ?? ""
        return (result.status, status, lines.joined(separator: "\n"))
    }

    /// Waits until the log tells of the so-manieth event.
    func wait(for event: String, count: Int = 1) async throws {
        _ = try await self.daemon.process.firstMatch(on: .standardError, "\(event) no. \(count)") { _ in
            self.count(event) >= count ? true : nil
        }
    }

    /// How many lines of the log tell of an event.
    func count(_ event: String) -> Int {
        self.daemon.process.lines(.standardError).count { $0.contains("\"event\":\"\(event)\"") }
    }
}
