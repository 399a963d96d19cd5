import Foundation
import TestSupport
import Testing

@Suite("The tools that people have for D-Bus", .serialized, .timeLimit(.minutes(5)))
struct BusToolsTests {
    private static let environment = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]

    private func run(_ tool: String, _ arguments: String...) async throws -> FinishedProcess {
        try await FinishedProcess.run("/usr/bin/" + tool, arguments: arguments, environment: Self.environment)
    }

    @Test("busctl, gdbus and dbus-send work on the daemon's objects")
    func worksWithTools() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    _ = try await daemon.servingKey()
                    let busctl = try await self.run(
                        "busctl", "--address=\(bus.address)", "introspect", "org.kmi.Proxy1", "/org/kmi/Proxy1")
                    #expect(busctl.isSuccess, "\(busctl.standardError)")
                    for member in ["AddKey", "Rotate", "ListRequests", "RotationMode", "KeyStateChanged"] {
                        #expect(busctl.standardOutput.contains(".\(member) "))
                    }
                    let gdbus = try await self.run(
                        "gdbus", "introspect", "--address", bus.address, "--dest", "org.kmi.Proxy1", "--object-path",
                        "/org/kmi/Proxy1", "--recurse")
                    #expect(gdbus.isSuccess, "\(gdbus.standardError)")
                    #expect(gdbus.standardOutput.contains("interface org.kmi.Proxy1.Key"))
                    let send = try await self.run(
                        "dbus-send", "--bus=\(bus.address)", "--print-reply", "--dest=org.kmi.Proxy1",
                        "/org/kmi/Proxy1", "org.freedesktop.DBus.Properties.Set", "string:org.kmi.Proxy1.Manager",
                        "string:RotationMode", "variant:string:sticky")
                    #expect(send.isSuccess, "\(send.standardError)")
                    let rotate = try await self.run(
                        "gdbus", "call", "--address", bus.address, "--dest", "org.kmi.Proxy1", "--object-path",
                        "/org/kmi/Proxy1", "--method", "org.kmi.Proxy1.Manager.Rotate", "{'key': <'gamma'>}")
                    #expect(rotate.isSuccess, "\(rotate.standardError)")
                    #expect(rotate.standardOutput.contains("'gamma'"))
                    for _ in 0..<3 { #expect(try await daemon.servingKey() == "gamma") }
                    let unknown = try await self.run(
                        "busctl", "--address=\(bus.address)", "call", "org.kmi.Proxy1", "/org/kmi/Proxy1",
                        "org.kmi.Proxy1.Manager", "Rotate", "a{sv}", "1", "colour", "s", "blue")
                    #expect(!unknown.isSuccess)
                    #expect(unknown.standardError.contains("colour"))
                }
            }
        }
    }

    @Test(
        "Python's clients add a key through a pipe, and the secret is in no message that a monitor records (K-009)",
        .enabled(if: PythonEnvironment.isAvailable, "make setup makes the environment"))
    func worksWithPython() async throws {
        let secret = "sk-planted-0123456789abcdefghijklmnop"
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let monitor = try ChildProcess(
                        "/usr/bin/dbus-monitor", arguments: ["--address", bus.address, "--monitor"],
                        environment: Self.environment)
                    _ = try await monitor.firstMatch(on: .standardOutput, "its own name") {
                        $0.contains("NameLost") ? true : nil
                    }
                    _ = try await daemon.servingKey()
                    let result = try await PythonEnvironment.run(
                        "dbus_cases.py", arguments: [bus.address, secret], within: .seconds(60))
                    #expect(result.standardOutput == "ok", "\(result.standardError)")
                    // A last call that the monitor must have seen before it is asked.
                    try await Steering(bus: bus.address).succeed("mode", "sticky")
                    _ = try await monitor.firstMatch(on: .standardOutput, "the last call") {
                        $0.contains("\"sticky\"") ? true : nil
                    }
                    let recorded = monitor.text(.standardOutput)
                    _ = try await monitor.terminate()
                    #expect(recorded.contains("AddKey"))
                    #expect(!recorded.contains(secret))
                    #expect(!daemon.process.report.contains(secret))
                    // Nor does it lie in the database.
                    for name in ["state.sqlite", "state.sqlite-wal"] {
                        let path = daemon.directory.path("state/" + name)
                        guard let data = FileManager.default.contents(atPath: path) else { continue }
                        #expect(data.range(of: Data(secret.utf8)) == nil)
                    }
                }
            }
        }
    }

    @Test("without any configuration: start, kmictl keys add, first request over the same-user socket")
    func startsFromNothing() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    // The one thing that a test has to say is where the provider is.
                    try directory.write(
                        "kmi.toml",
                        """
                        [server]
                        listen = []
                        admin_listen = "off"
                        [[provider]]
                        name = "sim"
                        kind = "compatible"
                        base_url = "\(simulator.baseURL)/v1"
                        """)
                    try await DaemonProcess.with(in: directory, token: "", bus: bus.address) { daemon in
                        let steering = Steering(bus: bus.address)
                        let socket = RawHTTPClient(try daemon.address("socket"))
                        #expect(try await socket.chat().status == 503)
                        try directory.write("secret", "sk-sim-first\n")
                        try await steering.succeed(
                            "keys", "add", "first", "--provider", "sim", input: directory.path("secret"))
                        let response = try await socket.chat()
                        #expect(response.status == 200)
                        #expect(response["X-KMI-Key"] == "first")
                        #expect(try await simulator.statistics().key("first").requests == 1)
                        // What is listed is on the disk.
                        #expect(try await steering.show([Shown.Request].self, "requests").count == 2)
                        try await daemon.killHard()
                    }
                    // The key is still there, and so is what it has done.
                    try await DaemonProcess.with(in: directory, token: "", bus: bus.address) { daemon in
                        let steering = Steering(bus: bus.address)
                        #expect(try await steering.keys()["first"]?.requests == 1)
                        #expect(try await RawHTTPClient(try daemon.address("socket")).chat().status == 200)
                        try await steering.succeed("keys", "remove", "first", "--yes")
                        #expect(try await steering.keys().isEmpty)
                        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path("state/secrets"))
                        #expect(left.isEmpty)
                    }
                }
            }
        }
    }

    @Test("a client that was made gets a token that works at once and after a kill, until it is revoked (K-022)")
    func clients() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    let steering = Steering(bus: bus.address)
                    var token = ""
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        daemon in
                        token = try await steering.succeed("clients", "create", "editor")
                            .trimmingCharacters(in: .newlines)
                        #expect(try await self.status(daemon, token) == 200)
                        // What is listed is on the disk.
                        #expect(try await steering.show([Shown.Request].self, "requests").count == 1)
                        try await daemon.killHard()
                    }
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        daemon in
                        #expect(try await self.status(daemon, token) == 200)
                        #expect(try await self.status(daemon, token + "x") == 401)
                        let clients = try await steering.show([Shown.Client].self, "clients", "list")
                        #expect(clients.first { $0.name == "editor" }?.requests == 2)
                        try await steering.succeed("clients", "revoke", "editor", "--yes")
                        #expect(try await self.status(daemon, token) == 401)
                        #expect(try await steering.run(["clients", "revoke", "test", "--yes"]).status == .exited(1))
                    }
                }
            }
        }
    }

    private func status(_ daemon: DaemonProcess, _ token: String) async throws -> Int {
        try await RawHTTPClient(try daemon.address("data"), fields: [("Authorization", "Bearer \(token)")]).chat()
            .status
    }
}
