import Foundation
import TestSupport
import Testing

@Suite(
    "The vendors' own clients see the same objects as without the proxy",
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: PythonEnvironment.isAvailable, "make setup makes .venv-test")
)
struct StockClientTests {
    @Test(
        "openai, anthropic (T-029, X-042, X-057)",
        arguments: [
            ("openai_cases.py", nil), ("openai_cases.py", "openai-1"), ("anthropic_cases.py", nil),
        ] as [(String, String?)])
    func areTheSame(script: String, modules: String?) async throws {
        try await SimulatorProcess.with { simulator in
            // Many keys, since each case of a 429 puts some of them to rest.
            let labels = (1...32).map { "key\($0)" }
            var configuration = DaemonConfiguration(simulator, keys: labels)
            configuration.tables["rotation"] = "affinity = false"
            configuration.tables["breaker"] = "failures = 1000"
            try await DaemonProcess.with(configuration) { daemon in
                let result = try await PythonEnvironment.run(
                    script,
                    arguments: [
                        "--direct", simulator.baseURL, "--proxy", try daemon.address("data").baseURL,
                        "--key", "sk-sim-key1", "--token", daemon.token,
                    ],
                    modules: modules
                )
                #expect(result.isSuccess, "\(result.standardOutput)\n\(result.standardError)")
            }
        }
    }
}
