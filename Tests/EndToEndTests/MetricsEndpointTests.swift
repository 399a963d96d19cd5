import Foundation
import TestSupport
import Testing

@Suite("The admin listener", .serialized, .timeLimit(.minutes(5)))
struct MetricsEndpointTests {
    @Test("promtool accepts /metrics after a mix of requests (T-019)", .enabled(if: Tools.path(of: "promtool") != nil))
    func promtool() async throws {
        let promtool = try #require(Tools.path(of: "promtool"))
        try await Self.withTraffic { daemon in
            let response = try await daemon.admin().get("/metrics")
            #expect(response.status == 200)
            #expect(response["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            let file = try daemon.directory.write("metrics.txt", response.text)
            let result = try await FinishedProcess.run(promtool, arguments: ["check", "metrics"], input: file)
            #expect(result.isSuccess, "\(result.standardOutput)\n\(result.standardError)")
            // It warns on standard error and ends in 0 for some faults.
            #expect(result.standardError == "")
        }
    }

    @Test(
        "the strict parsers of prometheus_client accept both formats (T-019, X-047)",
        .enabled(if: PythonEnvironment.isAvailable, "make setup makes .venv-test")
    )
    func strictParsers() async throws {
        try await Self.withTraffic { daemon in
            let url = try daemon.address("admin").baseURL + "/metrics"
            let result = try await PythonEnvironment.run("metrics_check.py", arguments: [url])
            #expect(result.isSuccess, "\(result.standardOutput)\n\(result.standardError)")
        }
    }

    @Test("health and readiness answer, other methods and foreign hosts do not (T-006)")
    func healthAndGuards() async throws {
        try await Self.withTraffic(limited: false) { daemon in
            let admin = try daemon.admin()
            #expect(try await admin.get("/healthz").status == 200)
            let ready = try await admin.get("/readyz")
            #expect(ready.status == 200)
            #expect(!ready.text.contains("alpha"))
            #expect(try ready.json()["checks"] is [String: Any])
            #expect(try await admin.send("HEAD", "/metrics").status == 200)
            #expect(try await admin.post("/metrics", "{}").status == 405)
            #expect(try await admin.get("/metrics", fields: [("Host", "attacker.example")]).status == 403)
            #expect(try await admin.get("/metrics", fields: [("Origin", "https://attacker.example")]).status == 403)
            #expect(try await admin.get("/nothing").status == 404)
            // The data plane has none of it.
            #expect(try await daemon.client().get("/metrics").status == 404)
        }
    }

    @Test("a daemon whose keys are all at rest is healthy but not ready (contract 6)")
    func notReady() async throws {
        try await Self.withTraffic { daemon in
            let ready = try await daemon.admin().get("/readyz")
            #expect(ready.status == 503)
            #expect(!ready.text.contains("alpha"))
            #expect(try await daemon.admin().get("/healthz").status == 200)
        }
    }

    /// A daemon that has seen successes, refusals, provider errors and a stream, and at last limits on all its keys.
    private static func withTraffic(
        limited: Bool = true,
        _ body: (DaemonProcess) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator, keys: ["alpha", "beta"])) { daemon in
                let client = try daemon.client()
                _ = try await client.chat()
                _ = try await client.chat(stream: true)
                _ = try await client.chat(model: "sim-status-400")
                _ = try await daemon.stranger().chat()
                if limited { _ = try await client.chat(model: "sim-status-429") }
                try await body(daemon)
            }
        }
    }
}
