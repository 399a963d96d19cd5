import Foundation
import TestSupport
import Testing

@Suite("Background jobs of a running daemon (A-009, T-012)", .serialized, .timeLimit(.minutes(5)))
struct BackgroundJobsTests {
    private struct Status: Decodable {
        struct Job: Decodable {
            var name: String
            var running: Bool
            var lastStart: String?
            var lastSuccess: String?
            var lastError: String?
            var consecutiveFailures: Int
            var failures: Int
            var nextRun: String?
        }

        var jobs: [Job]
        var warnings: [String]

        func job(_ name: String) throws -> Job { try #require(self.jobs.first { $0.name == name }) }
    }

    private struct Row: Decodable {
        var check: String
        var subject: String
        var result: String
        var message: String
    }

    /// What doctor says of jobs, whatever it says of all else.
    private func jobRows(_ steering: Steering) async throws -> [Row] {
        let result = try await steering.run(["--json", "doctor", "--offline"])
        let rows = try JSONDecoder().decode([Row].self, from: Data(result.standardOutput.utf8))
        return rows.filter { $0.check == "jobs" }
    }

    @Test("all of them are on the bus and in the metrics, and a copy that was made shows there")
    func tells() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon async throws in
                    let steering = Steering(bus: bus.address)
                    // The first copy is made at once.
                    try await eventually("a copy was made") {
                        try await steering.show(Status.self, "status").job("backup").lastSuccess != nil
                    }
                    let status = try await steering.show(Status.self, "status")
                    #expect(
                        status.jobs.map(\.name) == [
                            "backup", "config_watch", "memory", "retention", "secrets", "usage",
                        ])
                    let backup = try status.job("backup")
                    #expect(!backup.running && backup.failures == 0 && backup.lastError == nil)
                    #expect(backup.lastStart != nil && backup.nextRun != nil)
                    for name in status.jobs.map(\.name) {
                        #expect(try await daemon.metric("kmi_job_consecutive_failures", ["job": name]) == 0)
                        #expect(try await daemon.metric("kmi_job_failures_total", ["job": name]) == 0)
                    }
                    let now = Date().timeIntervalSince1970
                    for family in ["last_start", "last_success"] {
                        let time = try await daemon.metric("kmi_job_\(family)_timestamp_seconds", ["job": "backup"])
                        #expect(abs(time - now) < 120, "\(family)")
                    }
                    #expect(
                        try await daemon.metric("kmi_job_next_run_timestamp_seconds", ["job": "backup"]) > now)
                    #expect(try await self.jobRows(steering).map(\.result) == ["ok"])
                }
            }
        }
    }

    /// How far the failure of a job is followed.
    enum Course: Sendable {
        /// Until it is told.
        case told
        /// Until it is over, which takes up to a minute.
        case over
    }

    @Test(
        "one that fails hinders nobody and is told with its reason; over, it works again within a minute of the remedy",
        .enabled(if: geteuid() == 0, "gives a directory to another user"),
        arguments: Tools.isSoak ? [.told, .over] : [Course.told])
    func recovers(course: Course) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    let copies = try directory.makeDirectory("state/backups")
                    #expect(chown(copies, 65534, 65534) == 0)
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        daemon async throws in
                        let steering = Steering(bus: bus.address)
                        try await self.expectFailure(of: daemon, steering)
                        for _ in 0..<3 { #expect(try await daemon.client().chat().status == 200) }
                        guard course == .over else { return }
                        #expect(chown(copies, 0, 0) == 0)
                        try await self.expectRecovery(steering)
                    }
                }
            }
        }
    }

    private func expectFailure(of daemon: DaemonProcess, _ steering: Steering) async throws {
        try await eventually("the failure is told") {
            try await steering.show(Status.self, "status").job("backup").failures > 0
        }
        let failed = try await steering.show(Status.self, "status").job("backup")
        #expect(failed.consecutiveFailures == failed.failures)
        #expect(failed.lastError?.contains("belongs to another user") == true)
        #expect(failed.lastSuccess == nil && failed.nextRun != nil)
        #expect(try await daemon.metric("kmi_job_failures_total", ["job": "backup"]) > 0)
        #expect(try await daemon.metric("kmi_job_consecutive_failures", ["job": "backup"]) > 0)
        #expect(try await self.jobRows(steering).contains { $0.subject == "backup" })
    }

    private func expectRecovery(_ steering: Steering) async throws {
        try await eventually("a copy was made", within: .seconds(75)) {
            try await steering.show(Status.self, "status").job("backup").lastSuccess != nil
        }
        let mended = try await steering.show(Status.self, "status").job("backup")
        #expect(mended.consecutiveFailures == 0)
        #expect(mended.lastError?.contains("belongs to another user") == true)
    }
}
