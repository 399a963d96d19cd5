import Foundation
import TestSupport
import Testing

@Suite("A planted secret", .serialized, .timeLimit(.minutes(5)))
struct PlantedSecretTests {
    /// What must not be seen, with what would show a part of it as it is told elsewhere.
    private struct Planted {
        var secrets: [String]

        /// Which of them some bytes hold, in the plain or in Base64.
        func found(in data: Data) -> [String] {
            self.secrets.filter { secret in
                let bytes = Data(secret.utf8)
                let coded = Data(bytes.base64EncodedString().prefix(20).utf8)
                return data.range(of: bytes) != nil || data.range(of: coded) != nil
            }
        }
    }

    @Test(
        "is in no message on the bus, no argument list, no log, no table, no JSON, no metrics and no database (K-009, T-001)",
        .enabled(if: Tools.path(of: "dbus-monitor") != nil, "make setup installs dbus-monitor"))
    func isNowhere() async throws {
        let added = "sk-planted-added-Zm9vYmFy0123456789"
        let refused = "sk-planted-refused-Q2Fyb2xhIQ987654"
        let configured = "sk-planted-configured-5YmF6cXV4MTIz"
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                var configuration = DaemonConfiguration.threeKeys(simulator)
                configuration.keys[0] = .init("alpha", secret: configured)
                try await DaemonProcess.with(configuration, bus: bus.address) { daemon in
                    let directory = daemon.directory
                    let recording = directory.path("recorded")
                    // Whole messages, as they pass: the monitor asks the bus for all of them (BecomeMonitor).
                    let monitor = try ChildProcess(
                        "/bin/sh",
                        arguments: [
                            "-c", "exec dbus-monitor --address \"$0\" --binary >\"$1\"", bus.address, recording,
                        ],
                        environment: ["PATH": "/usr/bin:/bin"])
                    try await eventually("the monitor records") { Self.data(recording).count > 0 }

                    let sightings = Sightings(steering: Steering(bus: bus.address))
                    try await self.addKeys(sightings, directory, added: added, refused: refused)
                    // The token is shown here, and nowhere else.
                    let token = try await sightings.steering.succeed("clients", "create", "planted")
                        .trimmingCharacters(in: .newlines)
                    #expect(token.hasPrefix("kmi_"))
                    try await self.sendRequests(to: daemon, token: token, key: added)
                    try await self.list(sightings)
                    sightings.add(
                        "the argument lists of our programs",
                        Self.commandLines(of: [daemon.process.pid, simulator.process.pid, monitor.pid]))
                    sightings.add("/metrics", try await daemon.admin().get("/metrics").text)
                    try await sightings.look(["clients", "revoke", "planted", "--yes"])
                    try await sightings.look(["keys", "remove", "planted", "--yes"])
                    // A last call that the monitor must have recorded before it is looked at.
                    try await sightings.look(["mode", "sticky"])
                    try await eventually("the last call is recorded") {
                        Self.data(recording).range(of: Data("sticky".utf8)) != nil
                    }
                    try await monitor.terminate()
                    sightings.add("the log", daemon.process.text(.standardError) + daemon.process.text(.standardOutput))

                    let planted = Planted(secrets: [added, refused, configured, daemon.token, token])
                    let recorded = Self.data(recording)
                    for member in ["AddKey", "CreateClient", "InterfacesAdded", "GetManagedObjects"] {
                        // Of a recording that lacks them nothing would follow.
                        #expect(recorded.range(of: Data(member.utf8)) != nil, "\(member)")
                    }
                    #expect(planted.found(in: recorded) == [], "in a message on the bus")
                    for (what, text) in sightings.seen {
                        #expect(planted.found(in: Data(text.utf8)) == [], "in \(what)")
                    }
                    // The files of secrets apart, which the key's own end has removed.
                    for name in ["state.sqlite", "state.sqlite-wal"] {
                        #expect(planted.found(in: Self.data(directory.path("state/" + name))) == [], "in \(name)")
                    }
                }
            }
        }
    }

    /// What was shown, and where.
    private final class Sightings {
        let steering: Steering
        private(set) var seen: [(String, String)] = []

        init(steering: Steering) {
            self.steering = steering
        }

        func add(_ what: String, _ text: String) { self.seen.append((what, text)) }

        /// Runs a command of kmictl, which may fail, and keeps all that it prints.
        func look(_ arguments: [String], input: String = "/dev/null") async throws {
            let result = try await self.steering.run(arguments, input: input)
            self.add("kmictl \(arguments)", result.standardOutput + "\n" + result.standardError)
        }
    }

    private func addKeys(
        _ sightings: Sightings, _ directory: TemporaryDirectory, added: String, refused: String
    ) async throws {
        let good = try directory.write("added", added + "\n")
        let bad = try directory.write("refused", refused + "\nsecond line\n")
        try await sightings.look(["keys", "add", "planted", "--provider", "sim"], input: good)
        try await sightings.look(["keys", "add", "twolines", "--provider", "sim"], input: bad)
        try await sightings.look(["keys", "add", "again", "--provider", "sim"], input: good)
        try await sightings.look(["keys", "add", "nowhere", "--provider", "none"], input: good)
        try await sightings.look(["keys", "rekey", "planted"], input: good)
    }

    private func sendRequests(to daemon: DaemonProcess, token: String, key: String) async throws {
        let client = try daemon.client()
        for _ in 0..<4 { _ = try await client.chat() }
        for model in ["sim-ok", "sim-unknown"] { _ = try await client.chat(model: model, stream: true) }
        let data = try daemon.address("data")
        _ = try await RawHTTPClient(
            data, fields: [("Authorization", "Bearer \(token)x"), ("x-api-key", key)]
        ).chat()
        let own = try await RawHTTPClient(data, fields: [("Authorization", "Bearer \(token)")]).chat()
        #expect(own.status == 200)
    }

    private func list(_ sightings: Sightings) async throws {
        for command in [
            ["status"], ["keys", "list"], ["keys", "show", "planted"], ["health"], ["requests"], ["usage"],
            ["explain", "sim-ok"], ["clients", "list"], ["prices", "show"], ["metrics"], ["reload"],
            ["rotate", "planted"], ["keys", "probe", "planted"], ["keys", "show", "none"],
            ["config", "show"], ["config", "check"], ["audit"], ["doctor"], ["log-level"],
        ] {
            try await sightings.look(command)
            try await sightings.look(["--json"] + command)
        }
    }

    private static func data(_ path: String) -> Data { FileManager.default.contents(atPath: path) ?? Data() }

    private static func commandLines(of processes: [Int32]) -> String {
        processes.map { String(decoding: Self.data("/proc/\($0)/cmdline"), as: UTF8.self) }.joined(separator: "\n")
    }
}
