import Foundation
import TestSupport
import Testing

@Suite("The daemon can be ended over the bus (K-028, T-026)", .serialized, .timeLimit(.minutes(5)))
struct DrainTests {
    @Test("under load no request is lost: each is answered whole or refused, and the daemon ends well")
    func losesNothing() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    let client = try daemon.client()
                    let streams = try await withThrowingTaskGroup(of: String.self) { group in
                        for _ in 0..<8 {
                            group.addTask {
                                try await onOwnThread {
                                    let connection = try client.connect()
                                    try connection.write(
                                        Chat.request(client, model: "sim-events-100-delay-20", stream: true))
                                    _ = try connection.readHead()
                                    var body: [UInt8] = []
                                    while let piece = try connection.readPiece() { body += piece }
                                    return String(decoding: body, as: UTF8.self)
                                }
                            }
                        }
                        try await eventually("the streams run", within: .seconds(10)) {
                            try await simulator.statistics().inFlight == 8
                        }
                        // The reply is there before the bus connection closes, and the command ends with the daemon.
                        let result = try await steering.run(["drain", "--yes", "--json"])
                        #expect(result.isSuccess, "\(result.standardError)")
                        #expect(result.standardOutput.contains("\"ended\":true"))
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(streams.count == 8)
                    #expect(streams.allSatisfy { $0.contains("[DONE]") })
                    #expect(try await daemon.process.waitForExit() == .exited(0))
                    let log = daemon.process.text(.standardError)
                    #expect(log.contains("\"drain_asked\"") && !log.contains("\"drain_aborted\""))
                }
            }
        }
    }

    @Test("a first signal while it drains cuts no request: as the service manager's stop after a drain")
    func outlivesOneSignal() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    let stream = try await daemon.runningStream(of: "sim-events-100-delay-20", at: simulator)
                    try await steering.succeed("drain", "--no-wait")
                    daemon.process.send(SIGTERM)
                    #expect(try await stream.value.contains("[DONE]"))
                    #expect(try await daemon.process.waitForExit() == .exited(0))
                    #expect(!daemon.process.text(.standardError).contains("ending_now"))
                }
            }
        }
    }

    @Test("while it drains the state is told, new requests find nobody, and a second signal ends it at once")
    func tellsItsState() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    let stream = try await daemon.runningStream(of: "sim-events-2000-delay-50", at: simulator)
                    try await steering.succeed("drain", "--no-wait")
                    // Asked twice is asked once.
                    try await steering.succeed("drain", "--no-wait")
                    #expect(try await steering.show(Shown.Status.self, "status").state == "draining")
                    try await eventually("it is not ready any more", within: .seconds(5)) {
                        try await daemon.admin().get("/readyz").status == 503
                    }
                    let refused = Task { try await daemon.client().chat().status }
                    switch await refused.result {
                    case .success(let status): #expect(status == 503)
                    case .failure: break
                    }
                    #expect(try await steering.run(["reload"]).isSuccess == false)
                    // Two of a kind could become one on their way.
                    daemon.process.send(SIGTERM)
                    daemon.process.send(SIGINT)
                    #expect(try await daemon.process.waitForExit() == .exited(0))
                    #expect(daemon.process.text(.standardError).contains("ending_now"))
                    _ = await stream.result
                }
            }
        }
    }

    @Test("an idle daemon answers before it ends, again and again")
    func repliesFirst() async throws {
        try await SimulatorProcess.with { simulator in
            for _ in 0..<5 {
                try await PrivateBus.with { bus in
                    try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                        let result = try await FinishedProcess.run(
                            "/usr/bin/busctl",
                            arguments: [
                                "--address=\(bus.address)", "call", "org.kmi.Proxy1", "/org/kmi/Proxy1",
                                "org.kmi.Proxy1.Manager", "Drain",
                            ], environment: ["PATH": "/usr/bin:/bin"])
                        #expect(result.isSuccess, "\(result.standardError)")
                        #expect(try await daemon.process.waitForExit() == .exited(0))
                    }
                }
            }
        }
    }
}
