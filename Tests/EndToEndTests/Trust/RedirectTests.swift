import Foundation
import TestSupport
import Testing

@Suite("A key goes to its own provider's host only (K-048)", .serialized, .timeLimit(.minutes(5)))
struct RedirectTests {
    /// Two simulators, of which the first one sends everybody on to the second one.
    private static func with(
        status: Int, kind: String = "compatible", path: String = "/v1",
        _ body: (SimulatorProcess, SimulatorProcess, DaemonProcess, Steering) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await SimulatorProcess.with { other in
                try await simulator.setScenario(
                    """
                    {"rules": [{"match": {}, "action": {"status": \(status), "headers": {
                        "Location": "\(other.baseURL)/v1/chat/completions", "Refresh": "0; url=\(other.baseURL)",
                        "Content-Location": "\(other.baseURL)", "Alt-Svc": "h3=\\"\(other.address)\\""
                    }, "body": "moved"}}]}
                    """)
                var configuration = DaemonConfiguration(providerBaseURL: simulator.baseURL + path)
                configuration.providerKind = kind
                try await PrivateBus.with { bus in
                    try await DaemonProcess.with(configuration, bus: bus.address) {
                        try await body(simulator, other, $0, Steering(bus: bus.address))
                    }
                }
            }
        }
    }

    @Test("a redirect goes to the caller as it is, and nobody follows it", arguments: [300, 301, 302, 303, 307, 308])
    func isPassedOn(status: Int) async throws {
        try await Self.with(status: status) { simulator, other, daemon, _ in
            for stream in [false, true] {
                let response = try await daemon.client().chat(stream: stream)
                #expect(response.status == status)
                #expect(response["Location"] == "\(other.baseURL)/v1/chat/completions")
                #expect(response.text == "moved")
                #expect(response["Alt-Svc"] == nil)
            }
            let direct = try await daemon.client().get("/p/sim/files/x")
            #expect(direct.status == status)
            #expect(try await other.statistics().requests == 0)
            #expect(try await simulator.statistics().key("alpha").requests == 3)
        }
    }

    @Test("the daemon's own questions about usage and models follow none either", arguments: [302, 307])
    func isNotFollowed(status: Int) async throws {
        try await Self.with(status: status, kind: "kimi", path: "/coding/v1") { simulator, other, daemon, steering in
            // What came out is not the point.
            _ = try await steering.run(["keys", "probe", "alpha"])
            try await eventually("the usage is asked for") {
                try await simulator.requests().contains { $0.target == "/coding/v1/usages" }
            }
            _ = try await daemon.client().get("/v1/models")
            #expect(try await simulator.requests().contains { $0.target == "/coding/v1/models" })
            #expect(try await other.statistics().requests == 0)
        }
    }
}
