import Foundation
import TestSupport
import Testing

@Suite("TLS towards the provider", .serialized, .timeLimit(.minutes(5)))
struct UpstreamTLSTests {
    @Test("a certificate of the configured authority is trusted (K-023)")
    func trusted() async throws {
        try await Self.with(certificate: "good") { simulator, daemon in
            let response = try await daemon.client().chat()
            #expect(response.status == 200)
            #expect(try await simulator.statistics().key("alpha").requests == 1)
        }
    }

    @Test(
        "any other certificate is 502 upstream_tls, and no byte of a request is sent (K-023)",
        arguments: [
            "self-signed", "expired", "wrong-host",
        ])
    func refused(certificate: String) async throws {
        try await Self.with(certificate: certificate) { simulator, daemon in
            let response = try await daemon.client().chat()
            #expect(response.status == 502)
            #expect(response["X-KMI-Error"] == "upstream_tls")
            let error = try #require(try response.json()["error"] as? [String: Any])
            #expect(error["code"] as? String == "upstream_tls")
            #expect(error["type"] as? String == "server_error")
            let statistics = try await simulator.statistics()
            #expect(statistics.requests == 0)
            // It was that listener that was asked. The name is checked once a handshake of TLS 1.3 is over for the server.
            let listener = try #require(statistics.tls[certificate])
            #expect(listener.handshakesFailed + listener.handshakesCompleted >= 1)
            #expect(listener.requests == 0)
            #expect(listener.requestBodyBytes == 0)
            #expect(!response.text.contains(daemon.directory.path))
        }
    }

    private static func with(
        certificate: String,
        _ body: (SimulatorProcess, DaemonProcess) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with(tls: true) { simulator in
            let address = try #require(simulator.tls[certificate])
            let authority = try #require(simulator.caFile)
            var configuration = DaemonConfiguration(providerBaseURL: "https://\(address)/v1")
            configuration.tables["upstream"] = "ca_file = \"\(authority)\""
            try await DaemonProcess.with(configuration) { daemon in try await body(simulator, daemon) }
        }
    }
}
