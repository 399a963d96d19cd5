import DBusKit
import Foundation
import TestSupport
import Testing

@Suite(
    "Sleep, network and battery, with services of python-dbusmock on a system bus", .serialized,
    .timeLimit(.minutes(5)), .enabled(if: MockService.isAvailable, "make setup installs python3-dbusmock"))
struct SystemSurroundingsTests {
    private static let login = "org.freedesktop.login1.Manager"
    private static let network = "org.freedesktop.NetworkManager"

    /// A system bus on which these services may be played and asked.
    private func withSystemBus(_ body: (String) async throws -> Void) async throws {
        let names = ["org.freedesktop.login1", Self.network, "org.freedesktop.UPower", "org.freedesktop.network1"]
        let rules = names.map { "<allow own=\"\($0)\"/><allow send_destination=\"\($0)\"/>" }.joined()
        try await TemporaryDirectory.with { directory in
            let policy = try directory.write(
                "policy.conf", "<busconfig><policy context=\"default\">\(rules)</policy></busconfig>")
            try await PrivateSystemBus.with(policies: [policy]) { try await body($0.address) }
        }
    }

    /// A daemon that has a connection to its provider, a key that the provider refuses, and no reason to ask it soon.
    private func withDaemon(
        on systemBus: String, _ body: (DaemonProcess, SimulatorProcess) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with(scenario: #"{"rules": [], "invalid_keys": ["sk-sim-beta"]}"#, tls: true) {
            simulator in
            var configuration = DaemonConfiguration(
                providerBaseURL: "https://\(try #require(simulator.tls["good"]))/v1")
            configuration.tables["upstream"] = "ca_file = \"\(try #require(simulator.caFile))\""
            configuration.tables["cooldown"] = "auth = [\"1h\"]"
            configuration.tables["log"] = "level = \"debug\""
            configuration.keys = [.init("alpha"), .init("beta")]
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(
                    configuration, bus: bus.address, environment: ["DBUS_SYSTEM_BUS_ADDRESS": systemBus]
                ) { daemon in
                    let steering = Steering(bus: bus.address)
                    _ = try await steering.run(["keys", "probe", "beta"])
                    let state = try await steering.keys()["beta"]?.state
                    #expect(state == "suspect" || state == "invalid")
                    // Its calls end in their order, so that connections are used one after the other.
                    for _ in 0..<3 { #expect(try await daemon.client().chat().status == 200) }
                    try await body(daemon, simulator)
                }
            }
        }
    }

    private func handshakes(_ simulator: SimulatorProcess) async throws -> Int {
        try await simulator.statistics().tls["good"]?.handshakesCompleted ?? 0
    }

    /// Does something after which connections are made anew and keys are checked.
    private func expectNewBeginning(
        _ daemon: DaemonProcess, _ simulator: SimulatorProcess, event: String, _ happening: () async throws -> Void
    ) async throws {
        let asked = try await simulator.statistics().keys["sk-sim-beta"]?.requests ?? 0
        let former = try await self.handshakes(simulator)
        for _ in 0..<3 { #expect(try await daemon.client().chat().status == 200) }
        #expect(try await self.handshakes(simulator) == former, "connections are used again until then")
        try await happening()
        try await eventually("it is noticed") { daemon.process.report.contains("\"\(event)\"") }
        try await eventually("the refused key is checked") {
            try await simulator.statistics().keys["sk-sim-beta"]?.requests ?? 0 > asked
        }
        for _ in 0..<3 { #expect(try await daemon.client().chat().status == 200) }
        #expect(try await self.handshakes(simulator) > former)
    }

    @Test("woken up, connections are made anew and keys are checked")
    func resumes() async throws {
        try await self.withSystemBus { address in
            try await MockService.with(.logind, on: address) { logind in
                try await self.withDaemon(on: address) { daemon, simulator in
                    try await self.expectNewBeginning(daemon, simulator, event: "resumed") {
                        try await logind.emit(Self.login, "PrepareForSleep", [.boolean(true)])
                        try await logind.emit(Self.login, "PrepareForSleep", [.boolean(false)])
                    }
                }
            }
        }
    }

    @Test("on another network likewise; a service that comes late is heard")
    func followsTheNetwork() async throws {
        try await self.withSystemBus { address in
            try await self.withDaemon(on: address) { daemon, simulator in
                try await MockService.with(.networkManager, on: address) { manager in
                    try await eventually("it was asked") { !manager.calls("GetAll").isEmpty }
                    try await self.expectNewBeginning(daemon, simulator, event: "network_changed") {
                        try await manager.set(Self.network, ["State": .uint32(20)])
                        try await manager.set(Self.network, ["State": .uint32(70)])
                    }
                }
            }
        }
    }

    @Test("on a metered network and on battery usage is asked for more seldom, until neither is so")
    func slowsDown() async throws {
        try await self.withSystemBus { address in
            try await MockService.with(.networkManager, on: address) { manager in
                try await manager.add(Self.network, "Metered", .uint32(1))
                try await SimulatorProcess.with { simulator in
                    var configuration = DaemonConfiguration(providerBaseURL: simulator.baseURL + "/coding/v1")
                    configuration.providerKind = "kimi"
                    try await TemporaryDirectory.with { directory in
                        try DaemonProcess.write(configuration, to: directory)
                        try directory.write(
                            "kmi.toml",
                            configuration.text.replacingOccurrences(
                                of: "default = true", with: "default = true\nusage_refresh = \"500ms\""))
                        try await DaemonProcess.with(
                            in: directory, token: configuration.token,
                            environment: ["DBUS_SYSTEM_BUS_ADDRESS": address]
                        ) { daemon in
                            try await self.expectSlowRefreshes(daemon, simulator, manager)
                        }
                    }
                }
            }
        }
    }

    private func expectSlowRefreshes(
        _ daemon: DaemonProcess, _ simulator: SimulatorProcess, _ manager: MockService
    ) async throws {
        func lines(_ factor: Int) -> Int {
            daemon.process.lines(.standardError).count {
                $0.contains("\"background_pace\"") && $0.contains("\"factor\":\"\(factor)\"")
            }
        }
        func refreshes() async throws -> Int {
            try await simulator.requests().count { $0.target.hasSuffix("/usages") }
        }
        try await eventually("it is slowed down") { lines(4) == 1 }
        // The first wait after that may have begun before.
        let first = try await refreshes()
        try await eventually("it goes on", within: .seconds(20)) { try await refreshes() > first + 1 }
        let begun = ContinuousClock.now
        let before = try await refreshes()
        try await eventually("it goes on", within: .seconds(30)) { try await refreshes() >= before + 3 }
        // At least two whole waits of four times half a second, less the jitter; a slow machine makes them longer only.
        #expect(begun.duration(to: .now) > .milliseconds(3_400))
        try await manager.set(Self.network, ["Metered": .uint32(2)])
        try await eventually("it is as usual again") { lines(1) == 1 }
    }

    @Test("a system bus that is missing, and one that hangs, hold nothing up and are hardly spoken of")
    func doesWithout() async throws {
        try await TemporaryDirectory.with { directory in
            let listener = try HangingSocket(at: directory.path("bus"))
            for address in ["unix:path=/nonexistent/bus", "unix:path=\(listener.path)"] {
                try await SimulatorProcess.with { simulator in
                    try await DaemonProcess.with(
                        DaemonConfiguration(simulator), environment: ["DBUS_SYSTEM_BUS_ADDRESS": address]
                    ) { daemon in
                        let response = try await daemon.client().chat()
                        #expect(response.status == 200)
                        daemon.process.send(SIGTERM)
                        #expect(try await daemon.process.waitForExit() == .exited(0))
                        // All that it said, to its end.
                        #expect(!daemon.process.text(.standardError).contains("bus_unheard"))
                    }
                }
            }
        }
    }
}

/// A socket at which connections are let in and never answered.
private final class HangingSocket {
    let path: String
    private let descriptor: Int32

    init(at path: String) throws {
        self.path = path
        self.descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard self.descriptor >= 0, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw TestFailure("no socket at \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, listen(self.descriptor, 16) == 0 else { throw TestFailure("no socket at \(path): \(errno)") }
    }

    deinit {
        close(self.descriptor)
    }
}
