import Foundation
import TestSupport
import Testing

@Suite(
    "Trouble on the bus, which requests do not notice", .serialized, .timeLimit(.minutes(Tools.isSoak ? 10 : 4)),
    .enabled(if: PythonEnvironment.isAvailable, "make setup makes the environment"))
struct BusTroubleTests {
    private func with(
        _ body: (DaemonProcess, PrivateBus) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    _ = try await daemon.servingKey()
                    try await body(daemon, bus)
                }
            }
        }
    }

    /// Waits until so many more requests have been answered.
    private func requests(_ count: Double, by daemon: DaemonProcess) async throws {
        let before = try await daemon.metric("kmi_requests_total")
        try await eventually("\(count) requests are answered", within: .seconds(300), every: .milliseconds(200)) {
            try await daemon.metric("kmi_requests_total") >= before + count
        }
    }

    @Test("callers that flood the daemon: each request succeeds, and other callers are answered")
    func floods() async throws {
        try await self.with { daemon, bus in
            let before = try Footprint(of: daemon.process.pid)
            let served = try await daemon.serving {
                try await Trouble.with("flood", on: bus.address) { _ in
                    try await Trouble.with("flood", on: bus.address) { _ in
                        try await self.requests(Tools.isSoak ? 500 : 20, by: daemon)
                        for _ in 0..<3 { try await Steering(bus: bus.address).succeed("--timeout", "20s", "status") }
                    }
                }
            }
            #expect(served > 0)
            try await self.expectUnharmed(daemon, since: before)
        }
    }

    // The bus itself, which looks for each answer among all that are still expected, is busy with such a caller; what
    // other callers get through it meanwhile is not the daemon's to decide.
    @Test("callers that read no answer: each request succeeds, and other callers are answered once they are gone")
    func mutes() async throws {
        try await self.with { daemon, bus in
            let before = try Footprint(of: daemon.process.pid)
            let served = try await daemon.serving {
                try await Trouble.with("mute", on: bus.address) { _ in
                    try await Trouble.with("mute", on: bus.address) { _ in
                        try await self.requests(Tools.isSoak ? 500 : 20, by: daemon)
                    }
                }
            }
            #expect(served > 0)
            try await eventually("others are answered", within: .seconds(120)) {
                try await Steering(bus: bus.address).run(["--timeout", "20s", "status"]).isSuccess
            }
            try await self.expectUnharmed(daemon, since: before)
        }
    }

    private func expectUnharmed(_ daemon: DaemonProcess, since before: Footprint) async throws {
        #expect(daemon.process.exitStatus == nil, "\(daemon.process.report)")
        #expect(!daemon.process.text(.standardError).contains("\"bus_lost\""))
        let after = try Footprint(of: daemon.process.pid)
        #expect(after.memory - before.memory < 64 << 20, "\(after.memory) after \(before.memory)")
        // Connections to the provider and to the database are kept for those who come; calls came by the thousand.
        try await eventually("no descriptor is left open") {
            try Footprint(of: daemon.process.pid).descriptors <= before.descriptors + 16
        }
    }

    @Test("answers that nobody asked for, signals that pretend, and the largest messages: the daemon stays on the bus")
    func wrongMessages() async throws {
        try await self.with { daemon, bus in
            let served = try await daemon.serving {
                try await Trouble.with("wrong", on: bus.address) { trouble in
                    let status = try await trouble.process.waitForExit(within: .seconds(60))
                    #expect(status == .exited(0), "\(trouble.process.report)")
                }
                try await Steering(bus: bus.address).succeed("status")
            }
            #expect(served > 0)
            #expect(!daemon.process.text(.standardError).contains("\"bus_lost\""))
            #expect(daemon.process.exitStatus == nil)
        }
    }

    @Test(
        "a message that is larger than any that is received ends the connection: the daemon comes back with all objects"
    )
    func hugeMessage() async throws {
        try await self.with { daemon, bus in
            let before = try await daemon.objects(on: bus.address)
            let served = try await daemon.serving {
                try await Trouble.with("huge", on: bus.address) { _ in
                    _ = try await daemon.process.firstMatch(on: .standardError, within: .seconds(30), "that it is back")
                    {
                        $0.contains("\"bus_back\"") ? true : nil
                    }
                }
            }
            #expect(served > 0)
            #expect(try await daemon.objects(on: bus.address) == before)
        }
    }

    @Test("a bus that is killed while callers flood it: requests go on, and the name and all objects come back")
    func busIsKilled() async throws {
        try await self.with { daemon, bus in
            let before = try await daemon.objects(on: bus.address)
            #expect(before.isSuperset(of: ["alpha", "beta", "gamma"].map { "/org/kmi/Proxy1/key/\($0)" }))
            let served = try await daemon.serving {
                for round in 1...(Tools.isSoak ? 10 : 2) {
                    try await Trouble.with("flood", on: bus.address) { _ in await bus.kill() }
                    try await eventually("the daemon notices", within: .seconds(20)) {
                        daemon.process.lines(.standardError).count { $0.contains("\"bus_lost\"") } == round
                    }
                    try await self.requests(5, by: daemon)
                    try await bus.restart()
                    try await eventually("the daemon is back", within: .seconds(40)) {
                        daemon.process.lines(.standardError).count { $0.contains("\"bus_back\"") } == round
                    }
                    #expect(try await daemon.objects(on: bus.address) == before)
                }
            }
            #expect(served > 0)
        }
    }

    @Test("requests as fast as they go and a subscriber that reads nothing: daemon and bus do not grow by 16 MiB")
    func subscriberThatReadsNothing() async throws {
        try await self.with { daemon, bus in
            let address = try #require(daemon.listeners["data"]).description
            func load(_ seconds: Int) async throws {
                let result = try await FinishedProcess.run(
                    BuildProducts.path(of: "kmi-sim"),
                    arguments: [
                        "load", "--token", daemon.token, "--requests", "1000000", "--limit", "\(seconds)",
                        "--streamed", "0", "--model", "sim-ok", address,
                    ], environment: ["PATH": "/usr/bin:/bin"], within: .seconds(seconds + 30))
                guard !result.standardOutput.isEmpty else { throw TestFailure(result.standardError) }
            }
            // Everything that requests alone need is there afterwards.
            try await load(Tools.isSoak ? 60 : 4)
            let bus = (address: bus.address, process: bus.processID)
            let before = (try Footprint(of: daemon.process.pid), try Footprint(of: try #require(bus.process)))
            try await Trouble.with("subscriber", on: bus.address) { _ in try await load(Tools.isSoak ? 60 : 4) }
            let after = (try Footprint(of: daemon.process.pid), try Footprint(of: try #require(bus.process)))
            let growth = (after.0.memory - before.0.memory, after.1.memory - before.1.memory)
            #expect(growth.0 < 16 << 20, "the daemon grew by \(growth.0) bytes")
            #expect(growth.1 < 16 << 20, "the bus grew by \(growth.1) bytes")
        }
    }
}
