import Foundation
import TestSupport
import Testing

@Suite("The sandbox of the units", .serialized, .timeLimit(.minutes(5)))
struct SandboxTests {
    /// Whether the kernel's means can be used without a service manager; namespaces of mounts need root.
    private static let hasFilters = Tools.path(of: "systemd-analyze") != nil && PythonEnvironment.isAvailable
    private static let mayMount = Self.hasFilters && SmallDisk.isPermitted

    @Test(
        "kmid works in what its user unit enforces, and sees that it is in force (A-017, T-022)",
        .enabled(if: Self.hasFilters, "needs systemd-analyze; make setup installs it"))
    func worksInTheUserUnit() async throws { try await self.works(in: "user/kmid.service", parts: 3) }

    @Test(
        "kmid works in what its system unit enforces, and sees that it is in force (A-017, T-022)",
        .enabled(if: Self.mayMount, "needs systemd-analyze and the right to mount"))
    func worksInTheSystemUnit() async throws { try await self.works(in: "system/kmid-system.service", parts: 10) }

    @Test("what is promised and not in force is told once, with what to do (A-017)")
    func tellsWhatIsMissing() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(
                    DaemonConfiguration(simulator), bus: bus.address,
                    environment: ["KMI_SANDBOX": "MemoryDenyWriteExecute Moat"]
                ) { daemon in
                    let lines = daemon.process.lines(.standardError).filter { $0.contains("\"sandbox_incomplete\"") }
                    #expect(lines.count == 1)
                    #expect(lines.first?.contains("\"missing\":\"MemoryDenyWriteExecute\"") == true, "\(lines)")
                    #expect(lines.first?.contains("\"unknown\":\"Moat\"") == true)
                    #expect(!daemon.process.text(.standardError).contains("unknown variable"))
                    let doctor = try await Steering(bus: bus.address).run(["doctor", "--offline", "--json"])
                    #expect(doctor.standardOutput.contains("\"subject\":\"MemoryDenyWriteExecute\""))
                    #expect(doctor.standardOutput.contains("\"subject\":\"Moat\""))
                }
            }
        }
    }

    /// Starts the daemon in the sandbox that a unit asks for, and has it serve, reload and end.
    private func works(in unit: String, parts: Int) async throws {
        // TLS to the provider, plain HTTP from the caller, the database, and the look for the caller.
        try await SimulatorProcess.with(tls: true) { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    var configuration = DaemonConfiguration(simulator)
                    configuration.providerBaseURL = "https://\(try #require(simulator.tls["good"]))/v1"
                    configuration.tables["upstream"] = "ca_file = \"\(try #require(simulator.caFile))\""
                    try DaemonProcess.write(configuration, to: directory)
                    // What else the daemon has to reach lies where a `/tmp` of its own would hide it.
                    let others = try [
                        #require(simulator.caFile), String(bus.address.dropFirst("unix:path=".count)),
                        BuildProducts.path(of: "kmid"),
                    ]
                    let kept = [directory.path] + others.map { ($0 as NSString).deletingLastPathComponent }
                    let launcher = [
                        PythonEnvironment.interpreter, BuildProducts.packageRoot + "/Tests/SDK/sandboxed.py",
                        BuildProducts.packageRoot + "/systemd/" + unit, kept.joined(separator: ":"), "--",
                    ]
                    try await DaemonProcess.with(
                        in: directory, token: configuration.token, bus: bus.address, launcher: launcher
                    ) { daemon in
                        let client = try daemon.client()
                        #expect(try await client.chat().status == 200)
                        #expect(try await client.chat(model: "sim-events-20-delay-1", stream: true).status == 200)
                        #expect(try await daemon.admin().get("/readyz").status == 200)
                        try await Steering(bus: bus.address).succeed("reload")
                        let doctor = try await Steering(bus: bus.address).run(["doctor", "--offline", "--json"])
                        let rows = try JSONDecoder().decode(
                            [[String: String]].self, from: Data(doctor.standardOutput.utf8))
                        let sandbox = rows.filter { $0["check"] == "sandbox" }
                        #expect(sandbox.map { $0["result"] } == ["ok"], "\(sandbox)")
                        #expect(sandbox.first?["message"]?.split(separator: ",").count == parts)
                        daemon.process.send(SIGTERM)
                        #expect(try await daemon.process.waitForExit() == .exited(0))
                        let log = daemon.process.text(.standardError)
                        for event in ["sandbox_incomplete", "descriptor_limit", "state_write_failed", "failed"] {
                            #expect(!log.contains("\"event\":\"\(event)\""), "\(log)")
                        }
                        #expect(!log.contains("the memory is not kept"))
                    }
                }
            }
        }
    }
}
