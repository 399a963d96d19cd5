import Foundation
import TestSupport
import Testing

@Suite(
    "Calls that nobody should make", .serialized, .timeLimit(.minutes(Tools.isSoak ? 30 : 4)),
    .enabled(if: PythonEnvironment.isAvailable, "make setup makes the environment"))
struct BusFuzzTests {
    /// What `dbus_fuzz.py` tells.
    private struct Report: Decodable {
        var calls: Int
        var outcomes: [String: Int]
        var failures: [String]
    }

    private static let seeds = Tools.isSoak ? [1, 2, 3, Int.random(in: 4..<1_000_000)] : [1]

    @Test(
        "calls made up from the introspection: each is answered, nothing crashes, hangs or leaks (L-010, T-001)",
        arguments: seeds)
    func fuzz(seed: Int) async throws {
        let seconds = Tools.isSoak ? 300 : 8
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    _ = try await daemon.servingKey()
                    // What is made once only, such as pools of memory, is made now.
                    _ = try await self.run(seed: seed + 1, seconds: 2, on: bus.address)
                    let before = try Footprint(of: daemon.process.pid)
                    let report = try await self.run(seed: seed, seconds: seconds, on: bus.address)
                    #expect(report.failures.isEmpty, "seed \(seed)")
                    #expect(report.calls > 100 * seconds, "seed \(seed): \(report.outcomes)")
                    // Whatever is wrong has one of the names for it, and is no fault of the daemon.
                    #expect(report.outcomes["ok", default: 0] > 0)
                    #expect(report.outcomes["org.freedesktop.DBus.Error.InvalidArgs", default: 0] > 0)
                    #expect(report.outcomes["org.freedesktop.DBus.Error.Failed"] == nil)
                    #expect(daemon.process.exitStatus == nil, "seed \(seed)\n\(daemon.process.report)")
                    #expect(!daemon.process.text(.standardError).contains("\"bus_lost\""), "seed \(seed)")
                    // Connections to the database are kept for those who come; calls came by the thousand.
                    try await eventually("no descriptor is left open", within: .seconds(30)) {
                        try Footprint(of: daemon.process.pid).descriptors <= before.descriptors + 16
                    }
                    let after = try Footprint(of: daemon.process.pid)
                    #expect(after.memory - before.memory < 128 << 20, "\(after.memory) after \(before.memory)")
                    // The keys are those of before, and usable.
                    let keys = try await Steering(bus: bus.address).keys()
                    #expect(Set(keys.keys).isSuperset(of: ["alpha", "beta", "gamma"]))
                    try await Steering(bus: bus.address).succeed("mode", "round-robin")
                    _ = try await daemon.servingKey()
                }
            }
        }
    }

    private func run(seed: Int, seconds: Int, on bus: String) async throws -> Report {
        let result = try await PythonEnvironment.run(
            "dbus_fuzz.py", arguments: [bus, "\(seconds)", "\(seed)"], within: .seconds(seconds + 120))
        guard let report = try? JSONDecoder().decode(Report.self, from: Data(result.standardOutput.utf8)) else {
            throw TestFailure("seed \(seed): \(result.standardError)")
        }
        return report
    }
}
