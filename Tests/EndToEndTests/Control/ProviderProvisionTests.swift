import Foundation
import TestSupport
import Testing

/// What `kmictl providers` tells.
private struct ShownProvider: Decodable {
    var name: String
    var kind: String
    var baseUrl: String
    var keys: [String]
}

@Suite("Providers that are added at run time (K-013, K-046, K-048)", .serialized, .timeLimit(.minutes(5)))
struct ProviderProvisionTests {
    private func withSite(
        upstream: String = "",
        _ steps: [(SimulatorProcess, TemporaryDirectory, Steering, DaemonProcess) async throws -> Void]
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    var configuration = DaemonConfiguration(simulator)
                    configuration.tables["upstream"] = upstream
                    try DaemonProcess.write(configuration, to: directory)
                    for step in steps {
                        try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                            try await step(simulator, directory, Steering(bus: bus.address), $0)
                        }
                    }
                }
            }
        }
    }

    private func names(_ steering: Steering) async throws -> [String] {
        try await steering.show([ShownProvider].self, "providers", "list").map(\.name)
    }

    @Test("a provider and a key are added, a request is served, and all of it survives a kill")
    func adds() async throws {
        try await self.withSite([
            { simulator, directory, steering, daemon in
                try await steering.succeed(
                    "providers", "add", "lab", "--kind", "compatible", "--base", simulator.baseURL + "/v1")
                #expect(try await self.names(steering) == ["lab", "sim"])
                // The secret of another provider's key is another key here.
                let secret = try directory.write("lab.txt", "sk-sim-alpha")
                try await steering.succeed("keys", "add", "lab-key", "--provider", "lab", "--secret-file", secret)
                let answer = try await daemon.client().post("/p/lab" + Chat.target, Chat.body())
                #expect(answer.status == 200)
                #expect(answer["X-KMI-Provider"] == "lab" && answer["X-KMI-Key"] == "lab-key")
                #expect(try await daemon.servingKey() == "alpha", "the default provider stays")
                let refused = try await steering.run(["providers", "remove", "lab"])
                #expect(refused.status == .exited(1))
                #expect(refused.standardError.contains("lab-key"))
                try await daemon.killHard()
            },
            { simulator, _, steering, daemon in
                let lab = try await steering.show([ShownProvider].self, "providers").first { $0.name == "lab" }
                #expect(lab?.name == "lab" && lab?.kind == "compatible" && lab?.keys == ["lab-key"])
                #expect(lab?.baseUrl == simulator.baseURL + "/v1")
                #expect(try await daemon.client().post("/p/lab" + Chat.target, Chat.body()).status == 200)
                try await steering.succeed("keys", "remove", "lab-key")
                try await steering.succeed("providers", "remove", "lab")
                #expect(try await self.names(steering) == ["sim"])
                #expect(try await daemon.client().post("/p/lab" + Chat.target, Chat.body()).status == 404)
                #expect(try await steering.run(["providers", "remove", "lab"]).status == .exited(3))
                try await daemon.killHard()
            },
            { _, _, steering, _ in
                let names = try await self.names(steering)
                #expect(names == ["sim"])
            },
        ])
    }

    @Test("what the file would refuse is refused here, and nothing changes")
    func refuses() async throws {
        try await self.withSite(
            upstream: "allow_hosts = [\"127.0.0.1\", \"*.example.org\"]",
            [
                { simulator, _, steering, _ in
                    let own = simulator.baseURL + "/v1"
                    let refusals: [([String], Int32, String)] = [
                        (["lab", "--kind", "compatible", "--base", "http://api.example.org/v1"], 64, "https"),
                        (["lab", "--kind", "compatible", "--base", "https://me:pw@api.example.org"], 64, "password"),
                        (["lab", "--kind", "compatible"], 64, "base_url"),
                        (["lab", "--kind", "magic", "--base", own], 64, "compatible"),
                        ([".lab", "--kind", "local", "--base", own], 64, "expected 1 to 64"),
                        (["lab", "--kind", "compatible", "--base", "https://example.net/v1"], 1, "allow_hosts"),
                        (["lab", "--kind", "openai"], 1, "api.openai.com"),
                        (["sim", "--kind", "compatible", "--base", own], 1, "already"),
                        (["kimi", "--kind", "kimi", "--base", own], 1, "known without"),
                        (["alpha", "--kind", "local", "--base", own], 1, "key \"alpha\""),
                    ]
                    for (words, status, reason) in refusals {
                        let refused = try await steering.run(["providers", "add"] + words)
                        #expect(refused.status == .exited(status), "\(words): \(refused.standardError)")
                        #expect(refused.standardError.contains(reason), "\(words): \(refused.standardError)")
                        #expect(!refused.standardError.contains("me:pw"))
                    }
                    #expect(try await self.names(steering) == ["sim"])
                    let file = try await steering.run(["providers", "remove", "sim"])
                    #expect(file.status == .exited(1) && file.standardError.contains("kmi.toml:"))
                }
            ])
    }

    @Test("a provider of the same name that comes into the file wins, and what was added can be removed")
    func fileWins() async throws {
        try await self.withSite([
            { simulator, directory, steering, daemon in
                try await steering.succeed(
                    "providers", "add", "lab", "--kind", "compatible", "--base", "https://127.0.0.1:1/v1")
                let secret = try directory.write("lab.txt", "sk-sim-lab")
                try await steering.succeed("keys", "add", "lab-key", "--provider", "lab", "--secret-file", secret)
                let text = try String(contentsOfFile: daemon.configurationPath, encoding: .utf8)
                let entry = "name = \"lab\"\nkind = \"compatible\"\nbase_url = \"\(simulator.baseURL)/v1\"\n"
                try directory.write("kmi.toml", text + "[[provider]]\n" + entry)
                try await steering.succeed("reload")
                #expect(daemon.process.text(.standardError).contains("kmictl providers remove lab"))
                #expect(try await daemon.client().post("/p/lab" + Chat.target, Chat.body()).status == 200)
                try await steering.succeed("providers", "remove", "lab")
                #expect(try await self.names(steering) == ["lab", "sim"])
                #expect(try await daemon.client().post("/p/lab" + Chat.target, Chat.body()).status == 200)
                #expect(try await steering.run(["providers", "remove", "lab"]).status == .exited(1))
            }
        ])
    }
}
