import Foundation
import TestSupport
import Testing

@Suite("A planted secret", .serialized, .timeLimit(.minutes(3)))
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

        func found(in text: String) -> [String] { self.found(in: Data(text.utf8)) }
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

                    var planted = Planted(secrets: [added, refused, configured, daemon.token])
                    var seen: [(String, String)] = []
                    let steering = Steering(bus: bus.address)
                    func look(_ arguments: [String], input: String = "/dev/null") async throws {
                        let result = try await steering.run(arguments, input: input)
                        seen.append(("kmictl \(arguments)", result.standardOutput + "\n" + result.standardError))
                    }
                    try directory.write("added", added + "\n")
                    try directory.write("refused", refused + "\nsecond line\n")
                    try directory.write("again", added)
                    try await look(["keys", "add", "planted", "--provider", "sim"], input: directory.path("added"))
                    try await look(["keys", "add", "twolines", "--provider", "sim"], input: directory.path("refused"))
                    try await look(["keys", "add", "again", "--provider", "sim"], input: directory.path("again"))
                    try await look(["keys", "add", "nowhere", "--provider", "none"], input: directory.path("again"))
                    try await look(["keys", "rekey", "planted"], input: directory.path("again"))
                    // The token is shown here, and nowhere else.
                    let token = try await steering.succeed("clients", "create", "planted")
                        .trimmingCharacters(in: .newlines)
                    #expect(token.hasPrefix("kmi_"))
                    planted.secrets.append(token)

                    let client = try daemon.client()
                    for _ in 0..<4 { _ = try await client.chat() }
                    for model in ["sim-ok", "sim-unknown"] { _ = try await client.chat(model: model, stream: true) }
                    let wrong = RawHTTPClient(
                        try daemon.address("data"),
                        fields: [("Authorization", "Bearer \(token)x"), ("x-api-key", added)])
                    _ = try await wrong.chat()
                    let own = RawHTTPClient(try daemon.address("data"), fields: [("Authorization", "Bearer \(token)")])
                    #expect(try await own.chat().status == 200)

                    for command in [
                        ["status"], ["keys", "list"], ["keys", "show", "planted"], ["health"], ["requests"], ["usage"],
                        ["explain", "sim-ok"], ["clients", "list"], ["prices", "show"], ["metrics"], ["reload"],
                        ["rotate", "planted"], ["keys", "probe", "planted"], ["keys", "show", "none"],
                        ["config", "show"], ["config", "check"], ["audit"], ["doctor"], ["log-level"],
                    ] {
                        try await look(command)
                        try await look(["--json"] + command)
                    }
                    let arguments = Self.commandLines(of: [daemon.process.pid, simulator.process.pid, monitor.pid])
                    seen.append(("the argument lists of our programs", arguments))
                    seen.append(("/metrics", try await daemon.admin().get("/metrics").text))
                    try await look(["clients", "revoke", "planted", "--yes"])
                    try await look(["keys", "remove", "planted", "--yes"])
                    // A last call that the monitor must have recorded before it is looked at.
                    try await look(["mode", "sticky"])
                    try await eventually("the last call is recorded") {
                        Self.data(recording).range(of: Data("sticky".utf8)) != nil
                    }
                    try await monitor.terminate()

                    let recorded = Self.data(recording)
                    for member in ["AddKey", "CreateClient", "InterfacesAdded", "GetManagedObjects"] {
                        // Of a recording that lacks them nothing would follow.
                        #expect(recorded.range(of: Data(member.utf8)) != nil, "\(member)")
                    }
                    #expect(planted.found(in: recorded) == [], "in a message on the bus")
                    seen.append(("the log", daemon.process.text(.standardError) + daemon.process.text(.standardOutput)))
                    for (what, text) in seen { #expect(planted.found(in: text) == [], "in \(what)") }
                    // The files of secrets apart, which the key's own end has removed.
                    for name in ["state.sqlite", "state.sqlite-wal"] {
                        #expect(planted.found(in: Self.data(directory.path("state/" + name))) == [], "in \(name)")
                    }
                }
            }
        }
    }

    private static func data(_ path: String) -> Data { FileManager.default.contents(atPath: path) ?? Data() }

    private static func commandLines(of processes: [Int32]) -> String {
        processes.map { String(decoding: Self.data("/proc/\($0)/cmdline"), as: UTF8.self) }.joined(separator: "\n")
    }
}
