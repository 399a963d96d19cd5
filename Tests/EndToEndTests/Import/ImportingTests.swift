import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import kmictl

@Suite("Keys of KMI Manager and of the Kimi clients are imported into a running daemon", .timeLimit(.minutes(5)))
struct ImportingTests {
    /// What `kmictl import --json` tells, as far as it is looked at.
    private struct Imported: Decodable {
        struct Entry: Decodable {
            var file: String
            var result: String
            var label: String?
            var provider: String?
            var reason: String?
        }
        var entries: [Entry]
    }

    private func decode(_ result: FinishedProcess) throws -> [String: Imported.Entry] {
        let decoded = try JSONDecoder().decode(Imported.self, from: Data(result.standardOutput.utf8))
        return Dictionary(
            decoded.entries.map { (($0.file as NSString).lastPathComponent, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    @Test(
        "adds keys to the provider that has their address, and the next request may use them; a second run adds nothing"
    )
    func imports() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(DaemonConfiguration(simulator), bus: bus.address) { daemon in
                    try await TemporaryDirectory.with { directory in
                        let base = simulator.baseURL + "/v1"
                        let secret = "sk-planted-0123456789"
                        try directory.write(
                            "beta.env", "KMI_API_KEY=\(secret)\nKMI_UPSTREAM_BASE_URL=\(base)/\nKMI_KEY_PRIORITY=9")
                        try directory.write(
                            "alpha_config.json",
                            #"{"providers":{"kimi-for-coding":{"api_key":"sk-sim-alpha","base_url":"\#(base)"}}}"#)
                        try directory.write("open.env", "KMI_API_KEY=\(secret)2", mode: 0o644)
                        let steering = Steering(bus: bus.address)

                        let dry = try await steering.run(["import", directory.path, "--dry-run", "--json"])
                        #expect(try self.decode(dry)["beta.env"]?.result == "add")
                        #expect(try await steering.keys().count == 1)

                        let first = try await steering.run(["import", directory.path, "--json"])
                        #expect(first.status == .exited(1), "one file is open to others")
                        let rows = try self.decode(first)
                        #expect(rows["beta.env"]?.result == "added")
                        #expect(rows["beta.env"]?.provider == "sim")
                        #expect(rows["alpha_config.json"]?.result == "present")
                        #expect(rows["open.env"]?.result == "refused")
                        #expect(try await steering.keys()["beta"]?.masked == "sk-p***6789")
                        // Its priority is the higher one.
                        #expect(try await daemon.servingKey() == "beta")
                        for text in [dry, first].map({ $0.standardOutput + $0.standardError }) {
                            #expect(!text.contains(secret))
                        }

                        let second = try await steering.run(["keys", "import", directory.path("beta.env"), "--json"])
                        #expect(second.isSuccess, "\(second.standardError)")
                        #expect(try self.decode(second)["beta.env"]?.result == "present")
                        #expect(try await steering.keys().count == 2)
                    }
                }
            }
        }
    }

    @Test("adds the provider of an address that the daemon does not know")
    func addsProviders() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(DaemonConfiguration(simulator), bus: bus.address) { _ in
                    try await TemporaryDirectory.with { directory in
                        // The same server under another name.
                        let base = simulator.baseURL.replacing("127.0.0.1", with: "localhost") + "/v1"
                        try directory.write(
                            "gamma.toml",
                            "[providers.near]\ntype = \"openai\"\nbase_url = \"\(base)\"\napi_key = \"sk-sim-gamma\"")
                        let steering = Steering(bus: bus.address)
                        let result = try await steering.run(["import", directory.path, "--json"])
                        #expect(result.isSuccess, "\(result.standardOutput)\(result.standardError)")
                        #expect(try self.decode(result)["gamma.toml"]?.provider == "near")
                        #expect(try await steering.keys()["gamma"]?.provider == "near")
                        #expect(try await steering.keys()["gamma"]?.state == "usable")
                    }
                }
            }
        }
    }

    @Test("knows the same services at the same addresses as the daemon")
    func knowsServices() {
        for kind in ProviderKind.allCases {
            let base = kind.knownBases.flatMap { $0.openAI ?? $0.anthropic }?.description
            #expect(KnownProvider(rawValue: kind.rawValue)?.base == base)
        }
        #expect(ProviderKind(rawValue: KnownProvider.compatible) != nil)
    }
}
