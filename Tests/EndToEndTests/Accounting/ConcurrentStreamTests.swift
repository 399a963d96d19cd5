import Foundation
import TestSupport
import Testing

@Suite("Many streams at once (A-030, T-009)", .serialized, .timeLimit(.minutes(Tools.isSoak ? 6 : 3)))
struct ConcurrentStreamTests {
    private static let streams = Tools.isSoak ? 2_000 : 100
    /// An event a second, for a minute or for five seconds.
    private static let model = Tools.isSoak ? "sim-events-60-delay-1000" : "sim-events-5-delay-1000"
    private static let bytesPerStream = 48 << 10
    /// Milliseconds. The promise of 50 is held against optimised programs, which `KMI_TEST_BIN_DIR` names; others take their
    /// time when the events of all streams come within the same tenth of a second.
    private static let addedLatency: Double = {
        if ProcessInfo.processInfo.environment["KMI_TEST_BIN_DIR"] != nil { return 50 }
        return Tools.isSoak ? 1_000 : 250
    }()

    private static var arguments: [String] {
        [
            "--requests", "\(self.streams)", "--connections", "\(self.streams)", "--streamed", "100", "--asking", "0",
            "--model", self.model, "--probes", Tools.isSoak ? "500" : "60", "--probe-interval",
            Tools.isSoak ? "60" : "25",
        ]
    }

    @Test("none is cut, each takes under 48 KiB of memory, and a new one gets its first event as soon as ever")
    func holdsManyStreams() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration.accounting(simulator, keys: 1)
            configuration.tables["server.limits"] = "connections = 8192"
            configuration.tables["limits"] = "in_flight = 6000"
            configuration.tables["upstream"] = "max_connections = 6000"
            try await DaemonProcess.with(configuration) { daemon in
                let limit = Tools.isSoak ? 150 : 45
                let direct = try await LoadReport.run(
                    simulator.address, token: "sk-sim-alpha", limit: limit, Self.arguments)
                #expect(direct.complete == Self.streams)
                // What is made once and kept: threads, tables, the first connections.
                _ = try await LoadReport.run(
                    daemon.address("data"), token: daemon.token, limit: 30,
                    ["--requests", "200", "--connections", "20", "--streamed", "100"])
                let before = try ProcessResources.residentBytes(of: daemon.process.pid)
                async let load = LoadReport.run(
                    daemon.address("data"), token: daemon.token, limit: limit, Self.arguments)
                try await eventually("all streams run", within: .seconds(45), every: .milliseconds(200)) {
                    try await daemon.metric("kmi_active_streams") >= Double(Self.streams)
                }
                let resident = try ProcessResources.residentBytes(of: daemon.process.pid)
                let report = try await load
                #expect(report.complete == Self.streams)
                #expect(report.cut == 0 && report.failed == 0 && report.unfinished == 0 && report.refused.isEmpty)
                #expect(report.failedProbes == 0)
                let perStream = (resident - before) / Self.streams
                #expect(perStream < Self.bytesPerStream, "\(perStream) bytes for each stream")
                let added = try #require(report.probes.p99Ms) - (try #require(direct.probes.p99Ms))
                #expect(added < Self.addedLatency, "\(added) ms more at the 99th percentile")
                #expect(try await daemon.metric("kmi_streams_cut_total") == 0)
                try await eventually("all is over") { try await daemon.metric("kmi_active_streams") == 0 }
                let count = Self.streams + 200 + report.probes.count
                try await eventually("every request has a row", within: .seconds(30)) {
                    try await daemon.database.requestCount() == count
                }
            }
        }
    }
}
