import Foundation
import TestSupport
import Testing

@Suite("A daemon that is killed", .serialized, .timeLimit(.minutes(5)))
struct KillTests {
    @Test(
        "20 kills under load: the database is whole each time, no count goes back, and no rest is lost (K-021, K-013, A-031)"
    )
    func killsUnderLoad() async throws {
        let rounds = Tools.isSoak ? 100 : 20
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(
                ContractWire.scenario(
                    #"{"status": 429, "retry_after": {"seconds": 80000}}"#, match: #"{"key": "sk-sim-gamma"}"#))
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    let steering = Steering(bus: bus.address)
                    var former: [String: Int] = [:]
                    var rest: Date?
                    for round in 0..<rounds {
                        try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                            let keys = try await steering.keys()
                            let gamma = keys["gamma"]
                            let end = gamma?.state == "cooling" ? gamma?.usableAt.flatMap(Self.date) : nil
                            // Once it was on the disk, no start is without it.
                            if let rest { #expect(end.map { abs($0.timeIntervalSince(rest)) < 1 } ?? false) }
                            rest = rest ?? end
                            let present = keys.mapValues(\.requests)
                            for (label, count) in former { #expect(present[label, default: 0] >= count) }
                            try await self.loadAndKill($0, round: round)
                            former = present
                        }
                        let database = StoredDatabase(directory: directory.path("state"))
                        #expect(try await database.integrity() == "ok")
                    }
                    // What was committed was really asked: never more than the provider has seen.
                    let statistics = try await simulator.statistics()
                    for (label, count) in former { #expect(count <= statistics.key(label).requests) }
                    #expect(former.values.reduce(0, +) > 0)
                    #expect(rest != nil)
                }
            }
        }
    }

    private static func date(_ text: String) -> Date? {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions.insert(.withFractionalSeconds)
        return formatter.date(from: text)
    }

    /// Kills the daemon in the middle of its work, at a moment that depends on the round.
    private func loadAndKill(_ daemon: DaemonProcess, round: Int) async throws {
        let client = try daemon.client(limit: .seconds(5))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    // The first worker kills after so many answers of its own; the others lose their connection then.
                    var answers = 0
                    while daemon.process.exitStatus == nil {
                        do {
                            guard try await client.chat().status == 200 else { return }
                        } catch {
                            return
                        }
                        answers += 1
                        if number == 0, answers == 5 + round * 3 % 40 { daemon.process.send(SIGKILL) }
                    }
                }
            }
        }
        _ = try await daemon.process.waitForExit()
    }

    @Test("a request that was answered before SIGTERM is there after the restart (K-028)")
    func keepsWhatWasFinished() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    var id = ""
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        id = try #require(try await $0.client().chat()["X-Request-Id"])
                        $0.process.send(SIGTERM)
                        #expect(try await $0.process.waitForExit() == .exited(0))
                    }
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) { _ in
                        let steering = Steering(bus: bus.address)
                        let request = try await steering.show(Shown.Request.self, "request", id)
                        #expect(request.status == 200)
                        #expect(request.outcome == "complete")
                        #expect(request.attempts.map(\.key) == [request.key])
                    }
                }
            }
        }
    }

    @Test("a disk that takes no more fails no request, shows in status and readiness, and refuses changes (T-011)")
    func fullDisk() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    _ = try await daemon.servingKey()
                    // No file of the daemon can grow any more.
                    try await self.limitFiles(of: daemon, to: "0")
                    for _ in 0..<20 { _ = try await daemon.servingKey() }
                    try await eventually("the trouble shows") {
                        try await steering.show(Shown.Status.self, "status").degraded == ["storage"]
                    }
                    #expect(try await daemon.admin().get("/readyz").status == 503)
                    let refused = try await steering.run(["keys", "disable", "alpha"])
                    #expect(refused.status == .exited(1))
                    #expect(refused.standardError.contains("cannot be saved"))
                    #expect(try await steering.keys()["alpha"]?.state == "usable")
                    try await self.limitFiles(of: daemon, to: "unlimited")
                    try await eventually("the disk is used again", within: .seconds(20)) {
                        try await steering.show(Shown.Status.self, "status").degraded.isEmpty
                    }
                    try await steering.succeed("keys", "disable", "alpha")
                    let total = try await steering.keys().values.reduce(0) { $0 + $1.requests }
                    #expect(total == 21)
                }
            }
        }
    }

    private func limitFiles(of daemon: DaemonProcess, to size: String) async throws {
        let result = try await FinishedProcess.run(
            "/usr/bin/prlimit", arguments: ["--pid", "\(daemon.process.pid)", "--fsize=\(size):unlimited"])
        guard result.isSuccess else { throw TestFailure(result.standardError) }
    }
}
