import Foundation
import TestSupport
import Testing

/// The daemon's HTTP/2 with callers of other makes (T-007, contract section 4).
@Suite("HTTP/2 towards callers", .serialized, .timeLimit(.minutes(5)))
struct HTTP2Tests {
    @Test("curl gets the same bytes as over HTTP/1.1", .enabled("curl speaks no HTTP/2") { try await Self.hasCurl() })
    func curl() async throws {
        try await Encrypted.with { encrypted in
            for body in [Chat.body(), Chat.body(model: "sim-events-50", stream: true)] {
                func ask(_ version: String) async throws -> (status: String, body: String) {
                    let answer = try await encrypted.curl(
                        Chat.target, "data", version, "--header", "Content-Type: application/json", "--data-binary",
                        body, "--write-out", "\n%{http_code} %{http_version}")
                    return (answer.status, answer.body)
                }
                let new = try await ask("--http2")
                let old = try await ask("--http1.1")
                #expect(new.status == "200 2")
                #expect(old.status == "200 1.1")
                #expect(new.body == old.body)
                #expect(new.body.count > 100)
            }
            #expect(try await encrypted.simulator.statistics().requests == 4)
        }
    }

    @Test(
        "httpx and h2: events, cancelling, large bodies, many streams, errors",
        .enabled(if: PythonEnvironment.isAvailable, "make setup makes .venv-test"),
        arguments: [
            ("events", ""),
            ("cancelled", ""),
            ("large", ""),
            ("many", ""),
            ("flood", ""),
            ("errors", "[server.limits]\nrequest_body = \"8MiB\""),
            ("crowded", "[server.limits]\nconnections = 1"),
            ("signatures", "[auth]\nhmac = \"required\""),
        ])
    func python(name: String, server: String) async throws {
        try await Encrypted.with(server: server) { encrypted in
            try await encrypted.simulator.setScenario(Self.held)
            let result = try await PythonEnvironment.run(
                "http2_cases.py",
                arguments: [
                    name, "--proxy", try encrypted.place(), "--simulator", encrypted.simulator.baseURL,
                    "--token", encrypted.daemon.token, "--ca", encrypted.authority.path,
                ])
            #expect(result.isSuccess, "\(result.standardError)")
            let abuses = name == "flood" ? 1 : 0
            #expect(encrypted.count("http2_abuse") == abuses)
            let metrics = MetricsText(try await encrypted.curl("/metrics", "admin").body)
            #expect(metrics.sum("kmi_http2_abuse_total", ["reason": "resets"]) == Double(abuses))
            #expect(metrics.sum("kmi_http2_abuse_total", [:]) == Double(abuses))
        }
    }

    /// Streams of the model `sim-held` stop after two events, and are kept alive by comments.
    private static let held = """
        {"rules": [{
            "match": {"model": "sim-held"}, "action": {"stall_after": 2, "stall_keep_alive_ms": 20}
        }]}
        """

    private static func hasCurl() async throws -> Bool {
        let result = try await FinishedProcess.run("/usr/bin/curl", arguments: ["--version"])
        return result.standardOutput.split(separator: "\n").contains {
            $0.hasPrefix("Features:") && $0.split(separator: " ").contains("HTTP2")
        }
    }
}
