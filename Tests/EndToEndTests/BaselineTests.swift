import Foundation
import TestSupport
import Testing

@Suite("Nothing is left behind", .serialized, .timeLimit(.minutes(5)))
struct BaselineTests {
    @Test("descriptors, threads and gauges return to their baseline after a mix of ends (K-025, A-008)")
    func returnsToBaseline() async throws {
        let rounds = Tools.isSoak ? 1000 : 50
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta", "gamma"])
            configuration.tables["breaker"] = "failures = 100000"
            try await DaemonProcess.with(configuration) { daemon in
                let pid = daemon.process.pid
                try await Self.round(daemon)
                try await Self.settle(daemon)
                let descriptors = try ProcessResources.openDescriptors(of: pid)
                let threads = try ProcessResources.threads(of: pid)
                for _ in 0..<rounds { try await Self.round(daemon) }
                try await Self.settle(daemon)
                // Idle connections to the provider may be kept, a handful of them.
                try await eventually("the descriptors are back near \(descriptors)", within: .seconds(5)) {
                    try ProcessResources.openDescriptors(of: pid) <= descriptors + 4
                }
                #expect(try ProcessResources.threads(of: pid) <= threads + 1)
            }
        }
    }

    /// A success, a stream, a refusal, a provider's error, a cut and a caller that leaves.
    private static func round(_ daemon: DaemonProcess) async throws {
        let client = try daemon.client()
        _ = try await client.chat()
        _ = try await client.chat(stream: true)
        _ = try await daemon.stranger().chat()
        _ = try await client.chat(model: "sim-status-400")
        _ = try await client.chat(model: "sim-cut-5", stream: true)
        try await onOwnThread {
            let connection = try client.connect()
            try connection.write(Chat.request(client, model: "sim-events-2000-delay-5", stream: true))
            _ = try connection.readHead()
            connection.resetOnClose()
        }
    }

    private static func settle(_ daemon: DaemonProcess) async throws {
        try await eventually("no request runs", within: .seconds(5)) {
            try await daemon.metric("kmi_in_flight_requests") == 0
        }
    }
}
