import Foundation
import TestSupport
import Testing

@Suite("The end of a daemon that is steered", .serialized, .timeLimit(.minutes(5)))
struct SteeredEndTests {
    @Test("one SIGTERM is never taken for two, however fast the draining begins: no request is cut (K-028, T-026)")
    func oneSignalIsOne() async throws {
        try await SimulatorProcess.with { simulator in
            for _ in 0..<5 {
                try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                    let client = try daemon.client()
                    let text = try await onOwnThread {
                        let connection = try client.connect()
                        try connection.write(Chat.request(client, model: "sim-events-50-delay-10", stream: true))
                        _ = try connection.readHead()
                        // A reload keeps whoever hears the signals busy, while the draining begins elsewhere.
                        daemon.process.send(SIGHUP)
                        daemon.process.send(SIGTERM)
                        var body: [UInt8] = []
                        while let piece = try connection.readPiece() { body += piece }
                        return String(decoding: body, as: UTF8.self)
                    }
                    #expect(text.contains("[DONE]"))
                    let status = try await daemon.process.waitForExit()
                    #expect(status == .exited(0))
                    #expect(!daemon.process.text(.standardError).contains("ending_now"))
                }
            }
        }
    }

    @Test("a service manager that reads nothing any more keeps neither changes nor the end waiting")
    func managerIsStuck() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    // The kernel keeps so many messages of each reload for a while only.
                    for _ in 0..<10 { try await steering.succeed("--timeout", "3s", "reload") }
                    try await steering.succeed("mode", "sticky")
                    daemon.process.send(SIGTERM)
                    #expect(try await daemon.process.waitForExit() == .exited(0))
                }
            }
        }
    }

    @Test("while the daemon drains it answers on the bus, and refuses to read its configuration")
    func refusesReload() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    let stream = try await daemon.runningStream(of: "sim-events-2000-delay-50", at: simulator)
                    daemon.process.send(SIGTERM)
                    try await eventually("the daemon drains", within: .seconds(5)) {
                        try await steering.show(Shown.Status.self, "status").state == "draining"
                    }
                    let refused = try await steering.run(["reload"])
                    #expect(refused.status == .exited(1))
                    #expect(refused.standardError.contains("ending"))
                    // What a person changes is still kept.
                    try await steering.succeed("mode", "sticky")
                    daemon.process.send(SIGTERM)
                    #expect(try await daemon.process.waitForExit() == .exited(0))
                    _ = await stream.result
                }
            }
        }
    }
}
