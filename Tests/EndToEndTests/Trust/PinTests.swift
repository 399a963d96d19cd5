import Foundation
import TestSupport
import Testing

@Suite("Pins of a provider's key (K-038)", .serialized, .timeLimit(.minutes(5)))
struct PinTests {
    private static let wrong = "sha256//\(String(repeating: "A", count: 43))="
    private static let alsoWrong = "sha256//\(String(repeating: "E", count: 43))="

    /// The pin of the simulator's sound certificate, as the `openssl` command computes it.
    private static func pin(of address: String) async throws -> String {
        let script =
            "openssl s_client -connect \"$0\" </dev/null 2>/dev/null | openssl x509 -pubkey -noout "
            + "| openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"
        let result = try await FinishedProcess.run(
            "/bin/sh", arguments: ["-c", script, address], environment: ["PATH": "/usr/bin:/bin"])
        let digest = result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
        guard digest.count == 44 else { throw TestFailure("openssl: \(result.standardError)") }
        return "sha256//" + digest
    }

    private static func configuration(
        _ simulator: SimulatorProcess, pins: [String]
    ) throws -> DaemonConfiguration {
        let address = try #require(simulator.tls["good"])
        var configuration = DaemonConfiguration(providerBaseURL: "https://\(address)/v1")
        configuration.tables["upstream"] = "ca_file = \"\(try #require(simulator.caFile))\""
        configuration.pins = pins
        return configuration
    }

    @Test("a wrong one is 502 upstream_pin_mismatch and the server gets no byte of a request; a backup matches too")
    func holds() async throws {
        try await SimulatorProcess.with(tls: true) { simulator in
            let right = try await Self.pin(of: try #require(simulator.tls["good"]))
            let wrong = try Self.configuration(simulator, pins: [Self.wrong, Self.alsoWrong])
            try await DaemonProcess.with(wrong) { daemon in
                let response = try await daemon.client().chat()
                #expect(response.status == 502)
                #expect(response["X-KMI-Error"] == "upstream_pin_mismatch")
                let statistics = try #require(try await simulator.statistics().tls["good"])
                #expect(statistics.handshakesCompleted + statistics.handshakesFailed >= 1)
                #expect(statistics.requests == 0 && statistics.requestBodyBytes == 0)
            }
            for pins in [[Self.wrong, right], [right]] {
                try await DaemonProcess.with(try Self.configuration(simulator, pins: pins)) { daemon in
                    let response = try await daemon.client().chat()
                    #expect(response.status == 200, "\(response.text)")
                    let warned = daemon.process.text(.standardError).contains("has one pin only")
                    #expect(warned == (pins.count == 1))
                }
            }
        }
    }

    @Test("a reload puts other pins in force, for connections that stand already as well (T-014)")
    func applyAfterReload() async throws {
        try await SimulatorProcess.with(tls: true) { simulator in
            let right = try await Self.pin(of: try #require(simulator.tls["good"]))
            try await PrivateBus.with { bus in
                let steering = Steering(bus: bus.address)
                try await DaemonProcess.with(try Self.configuration(simulator, pins: []), bus: bus.address) { daemon in
                    #expect(try await daemon.client().chat().status == 200)
                    for (pins, status) in [([Self.wrong, Self.alsoWrong], 502), ([Self.wrong, right], 200)] {
                        let before = try await simulator.statistics().tls["good"]?.requests
                        try DaemonProcess.write(Self.configuration(simulator, pins: pins), to: daemon.directory)
                        try await steering.succeed("reload")
                        let response = try await daemon.client().chat()
                        #expect(response.status == status, "\(response.text)")
                        if status == 502 {
                            #expect(response["X-KMI-Error"] == "upstream_pin_mismatch")
                            #expect(try await simulator.statistics().tls["good"]?.requests == before)
                        }
                    }
                    // A key that is added while it runs is held to the same pins.
                    try DaemonProcess.write(
                        Self.configuration(simulator, pins: [Self.wrong, Self.alsoWrong]), to: daemon.directory)
                    try await steering.succeed("reload")
                    let secret = try daemon.directory.write("added", "sk-sim-added")
                    try await steering.succeed("keys", "add", "added", "--provider", "sim", "--secret-file", secret)
                    let pinned = try await daemon.client().chat(fields: [("X-KMI-Key", "added")])
                    #expect(pinned["X-KMI-Error"] == "upstream_pin_mismatch")
                    #expect(try await simulator.statistics().key("added").requests == 0)
                }
            }
        }
    }
}
