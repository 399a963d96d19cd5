import Foundation
import TestSupport
import Testing

@Suite(
    "The daemon on a system bus, and two users", .serialized, .timeLimit(.minutes(2)),
    .enabled(if: OtherUser.isAvailable, "root and setpriv are needed to be two users"))
struct SystemBusTests {
    private static let policy = BuildProducts.packageRoot + "/dbus/org.kmi.Proxy1.conf"
    private static let read = "org.kmi.proxy1.read"
    private static let control = "org.kmi.proxy1.control"

    private func with(_ body: (DaemonProcess, PrivateSystemBus) async throws -> Void) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateSystemBus.with(policies: [Self.policy]) { bus in
                try await DaemonProcess.with(
                    .threeKeys(simulator), bus: "system", environment: ["DBUS_SYSTEM_BUS_ADDRESS": bus.address]
                ) { daemon in
                    try await body(daemon, bus)
                }
            }
        }
    }

    private func busctl(_ bus: PrivateSystemBus, _ arguments: String...) async throws -> FinishedProcess {
        try await OtherUser.run(
            "/usr/bin/busctl", arguments: ["--address=\(bus.address)"] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
    }

    @Test("root steers it with kmictl --system, another user is refused without polkit and told what to do (T-001)")
    func withoutPolkit() async throws {
        try await self.with { daemon, bus in
            let status = try await FinishedProcess.run(
                BuildProducts.path(of: "kmictl"), arguments: ["--system", "status"],
                environment: ["PATH": "/usr/bin:/bin", "DBUS_SYSTEM_BUS_ADDRESS": bus.address])
            #expect(status.isSuccess, "\(status.standardError)")
            let refused = try await self.busctl(
                bus, "call", "org.kmi.Proxy1", "/org/kmi/Proxy1", "org.kmi.Proxy1.Manager", "Metrics")
            #expect(!refused.isSuccess)
            #expect(refused.standardError.contains("polkit is not there"), "\(refused.standardError)")
            _ = try await daemon.servingKey()
        }
    }

    @Test("another user may do what polkit allows, and a person is asked only if the caller lets it (T-001, L-010)")
    func withPolkit() async throws {
        try await self.with { _, bus in
            try await MockPolkit.with(on: bus.address, .asking([Self.read])) { polkit in
                let manager = ["org.kmi.Proxy1", "/org/kmi/Proxy1", "org.kmi.Proxy1.Manager"]
                let told = try await self.busctl(bus, "get-property", manager[0], manager[1], manager[2], "State")
                #expect(told.standardOutput == "s \"running\"", "\(told.standardError)")
                let refused = try await self.busctl(bus, "call", manager[0], manager[1], manager[2], "ResetKeys")
                #expect(refused.standardError.contains(Self.control), "\(refused.standardError)")
                #expect(Set(polkit.questions.map(\.allowsInteraction)) == [true])
                let silent = try await self.busctl(
                    bus, "--allow-interactive-authorization=no", "call", manager[0], manager[1], manager[2], "Metrics")
                #expect(!silent.isSuccess)
                #expect(polkit.questions.last?.allowsInteraction == false)
                polkit.behave(.allowing([Self.control]))
                let reset = try await self.busctl(bus, "call", manager[0], manager[1], manager[2], "ResetKeys")
                #expect(reset.standardOutput == "u 3", "\(reset.standardError)")
                let hidden = try await self.busctl(bus, "get-property", manager[0], manager[1], manager[2], "State")
                #expect(!hidden.isSuccess)
            }
        }
    }

    @Test("a bus that is given as an address is no system bus: another user is refused, polkit or not (T-001)")
    func address() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateSystemBus.with(policies: [Self.policy]) { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { _ in
                    try await MockPolkit.with(on: bus.address, .allowing([Self.read])) { polkit in
                        let refused = try await self.busctl(
                            bus, "call", "org.kmi.Proxy1", "/org/kmi/Proxy1", "org.kmi.Proxy1.Manager", "Metrics")
                        #expect(refused.standardError.contains("only the user that kmid runs as"))
                        #expect(polkit.questions == [])
                    }
                }
            }
        }
    }

    @Test("kmictl --system lets a person be asked (T-001)")
    func kmictlAsks() async throws {
        try await self.with { _, bus in
            try await TemporaryDirectory.with { directory in
                // Where the other user can start it.
                let program = directory.path("kmictl")
                try FileManager.default.copyItem(atPath: try BuildProducts.path(of: "kmictl"), toPath: program)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
                try await MockPolkit.with(on: bus.address, .asking([Self.read])) { polkit in
                    let environment = ["PATH": "/usr/bin:/bin", "DBUS_SYSTEM_BUS_ADDRESS": bus.address]
                    let status = try await OtherUser.run(
                        program, arguments: ["--system", "status"], environment: environment)
                    #expect(status.isSuccess, "\(status.standardError)")
                    let mode = try await OtherUser.run(
                        program, arguments: ["--system", "mode", "sticky"], environment: environment)
                    #expect(mode.status == .exited(4), "\(mode.standardError)")
                    #expect(Set(polkit.questions.map(\.allowsInteraction)) == [true])
                }
            }
        }
    }
}
