import Foundation
import TestSupport
import Testing

@Suite("The bus starts kmid by its name", .serialized, .timeLimit(.minutes(5)))
struct ActivationTests {
    @Test("with the activation file that is installed, where no service manager is asked (A-017)")
    func startsByName() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                var configuration = DaemonConfiguration(simulator)
                configuration.tables["server"] = "socket = \"auto\""
                // Where the daemon looks without being told.
                try directory.write("config/kmi/kmi.toml", configuration.text)
                for (name, contents) in configuration.files { try directory.write("config/kmi/" + name, contents) }
                let program = try directory.makeDirectory("bin") + "/kmid"
                try FileManager.default.createSymbolicLink(
                    atPath: program, withDestinationPath: BuildProducts.path(of: "kmid"))
                let file = try String(
                    contentsOfFile: BuildProducts.packageRoot + "/dbus/org.kmi.Proxy1.service.in", encoding: .utf8
                ).replacing("@bindir@", with: directory.path("bin"))
                try directory.write("services/org.kmi.Proxy1.service", file, mode: 0o644)
                let environment = [
                    "XDG_CONFIG_HOME": directory.path("config"), "XDG_STATE_HOME": directory.path("local"),
                    "XDG_RUNTIME_DIR": try directory.makeDirectory("run"),
                ]
                try await PrivateBus.with(serviceDirectory: directory.path("services"), environment: environment) {
                    try await self.useIt(at: $0, directory)
                }
            }
        }
    }

    private func useIt(at bus: PrivateBus, _ directory: TemporaryDirectory) async throws {
        // A call of any client is enough, and is answered once the daemon serves.
        let called = try await FinishedProcess.run(
            try #require(Tools.path(of: "busctl")),
            arguments: [
                "--address=" + bus.address, "get-property", "org.kmi.Proxy1", "/org/kmi/Proxy1",
                "org.kmi.Proxy1.Manager", "KeysUsable",
            ],
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(called.isSuccess, "\(called.standardError)")
        #expect(called.standardOutput == "u 1")
        let client = RawHTTPClient(try HTTPAddress("unix:" + directory.path("run/kmi/proxy.sock")))
        let response = try await client.chat()
        #expect(response.status == 200)
        #expect(response["X-KMI-Key"] == "alpha")
        #expect(FileManager.default.fileExists(atPath: directory.path("local/kmi/state.sqlite")))
        let ended = try await Steering(bus: bus.address).run(["drain", "--yes"])
        #expect(ended.isSuccess, "\(ended.standardError)")
        // Whoever asks only to look starts nothing.
        #expect(try await Steering(bus: bus.address).run(["status"]).status == .exited(8))
    }
}
