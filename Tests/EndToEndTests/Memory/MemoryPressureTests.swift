import Foundation
import TestSupport
import Testing

/// Memory that is short, as the kernel tells it (L-009).
@Suite(
    "Memory pressure", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: PressureFile.obstacle == nil, "\(PressureFile.obstacle ?? "")"))
struct MemoryPressureTests {
    private struct Status: Decodable {
        var state: String
        var degraded: [String]
    }

    @Test(
        "new requests are refused, while streams, cancelling, health, metrics and control go on; then it heals by itself"
    )
    func shedsNewWork() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    let pressure = try PressureFile(in: directory)
                    try await DaemonProcess.with(
                        in: directory, token: configuration.token, bus: bus.address, launcher: pressure.launcher
                    ) { daemon in
                        try await self.play(daemon, simulator, pressure, Steering(bus: bus.address))
                    }
                }
            }
        }
    }

    private func play(
        _ daemon: DaemonProcess, _ simulator: SimulatorProcess, _ pressure: PressureFile, _ steering: Steering
    ) async throws {
        let client = try daemon.client()
        #expect(try await client.chat().status == 200)
        async let stream = client.chat(model: "sim-events-400-delay-10", stream: true)
        let leave = DispatchSemaphore(value: 0)
        async let leaving: Void = onOwnThread {
            let connection = try client.connect()
            try connection.write(Chat.request(client, model: "sim-events-2000-delay-10", stream: true))
            _ = try connection.readHead()
            _ = leave.wait(timeout: .now() + 30)
        }
        try await eventually("both streams run", within: .seconds(5)) {
            try await daemon.metric("kmi_active_streams") == 2
        }
        try pressure.set(60)
        try await eventually("requests are refused", within: .seconds(10), every: .milliseconds(50)) {
            try await daemon.metric("kmi_shedding") == 1
        }
        let seen = try await simulator.statistics().requests
        let refused = try await client.chat()
        #expect(refused.status == 503)
        #expect(refused["X-KMI-Error"] == "overloaded")
        let wait = try #require(refused["Retry-After"].flatMap { Int($0) })
        #expect((1...61).contains(wait))
        #expect(try await client.get("/v1/models").status == 503)
        #expect(try await simulator.statistics().requests == seen)
        // What lets people see and steer goes on.
        #expect(try await daemon.admin().get("/healthz").status == 200)
        #expect(try await daemon.admin().get("/readyz").status == 200)
        #expect(try await daemon.metric("kmi_memory_pressure_ratio") == 0.6)
        let status = try await steering.show(Status.self, "status")
        #expect(status.state == "degraded")
        #expect(status.degraded == ["memory"])
        try await steering.succeed("keys", "disable", "alpha")
        try await steering.succeed("keys", "enable", "alpha")
        // Somebody leaves, somebody stays to the end.
        leave.signal()
        try await leaving
        try await eventually("the provider hears that the caller has left", within: .seconds(5)) {
            try await simulator.statistics().key("alpha").aborted == 1
        }
        let complete = try await stream
        #expect(complete.status == 200)
        #expect(complete.text.contains("[DONE]"))
        try pressure.set(0)
        try await eventually("requests are let in", within: .seconds(wait + 5), every: .milliseconds(200)) {
            try await client.chat().status == 200
        }
        #expect(try await daemon.metric("kmi_shedding") == 0)
        #expect(try await steering.show(Status.self, "status").degraded.isEmpty)
        let log = daemon.process.text(.standardError)
        #expect(log.components(separatedBy: #""memory_pressure""#).count == 2)
        #expect(log.components(separatedBy: #""memory_relaxed""#).count == 2)
    }
}
