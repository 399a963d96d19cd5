import Foundation
import TestSupport
import Testing

@Suite(
    "The daemon on a system bus, and two users", .serialized, .timeLimit(.minutes(5)),
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

    private static let manager = ["org.kmi.Proxy1", "/org/kmi/Proxy1", "org.kmi.Proxy1.Manager"]

    /// Calls a method of the manager as the other user, who lets a person be asked; `busctl` says so in its messages.
    private func busctl(_ bus: PrivateSystemBus, _ method: String, _ options: String...) async throws -> FinishedProcess
    {
        try await OtherUser.run(
            "/usr/bin/busctl",
            arguments: ["--address=\(bus.address)"] + options + ["call"] + Self.manager + [method],
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
    }

    /// Calls a method of the manager as the other user; `gdbus` shows errors as they are, and lets nobody be asked.
    private func gdbus(_ bus: PrivateSystemBus, _ method: String) async throws -> FinishedProcess {
        try await OtherUser.run(
            "/usr/bin/gdbus",
            arguments: [
                "call", "--address", bus.address, "--dest", Self.manager[0], "--object-path", Self.manager[1],
                "--method",
                "\(Self.manager[2]).\(method)",
            ], environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
    }

    @Test("root steers it with kmictl --system, another user is refused without polkit and told what to do (T-001)")
    func withoutPolkit() async throws {
        try await self.with { daemon, bus in
            let status = try await FinishedProcess.run(
                BuildProducts.path(of: "kmictl"), arguments: ["--system", "status"],
                environment: ["PATH": "/usr/bin:/bin", "DBUS_SYSTEM_BUS_ADDRESS": bus.address])
            #expect(status.isSuccess, "\(status.standardError)")
            let refused = try await self.gdbus(bus, "Metrics")
            #expect(!refused.isSuccess)
            #expect(refused.standardError.contains("AccessDenied: polkit is not there"), "\(refused.standardError)")
            _ = try await daemon.servingKey()
        }
    }

    @Test("another user may do what polkit allows, and a person is asked only if the caller lets it (T-001, L-010)")
    func withPolkit() async throws {
        try await self.with { _, bus in
            try await MockPolkit.with(on: bus.address, .asking([Self.read])) { polkit in
                let told = try await self.busctl(bus, "Metrics")
                #expect(told.standardOutput.contains("kmi_"), "\(told.standardError)")
                #expect(try await !self.busctl(bus, "ResetKeys").isSuccess)
                #expect(polkit.questions.map(\.action) == [Self.read, Self.control])
                #expect(Set(polkit.questions.map(\.allowsInteraction)) == [true])
                let silent = try await self.gdbus(bus, "Metrics")
                #expect(silent.standardError.contains("InteractiveAuthorizationRequired"), "\(silent.standardError)")
                #expect(polkit.questions.last?.allowsInteraction == false)
                polkit.behave(.allowing([Self.control]))
                let reset = try await self.gdbus(bus, "ResetKeys")
                #expect(reset.standardOutput == "(uint32 0,)", "\(reset.standardError)")
                let refused = try await self.gdbus(bus, "Metrics")
                #expect(refused.standardError.contains("AccessDenied: polkit refuses org.kmi.proxy1.read"))
            }
        }
    }

    @Test("a bus that is given as an address is no system bus: another user is refused, polkit or not (T-001)")
    func address() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateSystemBus.with(policies: [Self.policy]) { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { _ in
                    try await MockPolkit.with(on: bus.address, .allowing([Self.read])) { polkit in
                        let refused = try await self.gdbus(bus, "Metrics")
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
