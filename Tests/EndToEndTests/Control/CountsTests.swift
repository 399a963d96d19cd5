import Foundation
import Logging
import ProxyCore
import StateStore
import TestSupport
import Testing

@Suite("Counts agree wherever they are shown", .serialized, .timeLimit(.minutes(5)))
struct CountsTests {
    private let labels = ["alpha", "beta", "gamma"]

    @Test(
        "300 requests over three keys are 100 each for the provider, in the database, on D-Bus, in kmictl and in /metrics, also after a restart (K-013, K-035, X-042)"
    )
    func hundredEach() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        try await self.ask(300, of: $0)
                        try await self.expectHundred($0, bus)
                    }
                    try self.expectHundredStored(directory)
                    // The one that was killed and the one that ended by itself leave the same.
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        try await self.expectHundred($0, bus)
                        try await $0.killHard()
                    }
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        try await self.expectHundred($0, bus)
                    }
                    let statistics = try await simulator.statistics()
                    for label in self.labels { #expect(statistics.key(label).requests == 100) }
                }
            }
        }
    }

    private func ask(_ count: Int, of daemon: DaemonProcess) async throws {
        let client = try daemon.client()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    for _ in 0..<(count / 6) {
                        guard try await client.chat().status == 200 else { throw TestFailure("a request failed") }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func expectHundred(_ daemon: DaemonProcess, _ bus: PrivateBus) async throws {
        let keys = try await Steering(bus: bus.address).keys()
        for label in self.labels {
            #expect(keys[label]?.requests == 100)
            #expect(try await daemon.metric("kmi_key_requests_total", ["key": label]) == 100)
            let property = try await FinishedProcess.run(
                "/usr/bin/busctl",
                arguments: [
                    "--address=\(bus.address)", "get-property", "org.kmi.Proxy1", "/org/kmi/Proxy1/key/\(label)",
                    "org.kmi.Proxy1.Key", "Requests",
                ], environment: ["PATH": "/usr/bin:/bin"])
            #expect(property.standardOutput == "t 100")
        }
    }

    private func expectHundredStored(_ directory: TemporaryDirectory) throws {
        let store = try StateStore.open(
            directory: directory.path("state"), logger: Logger(label: "test"), now: WallTime(microseconds: 1))
        let counts = try store.load().counts.keys
        for label in self.labels {
            let entry = counts.first { $0.key.label.text == label }
            #expect(entry?.value.outcomes == ["ok": 100])
        }
    }

    @Test(
        "per-key counters equal the requests sent while kmictl changes keys and modes in parallel, and the database is whole (K-003)"
    )
    func underChanges() async throws {
        let clients = Tools.isSoak ? 100 : 40
        let each = Tools.isSoak ? 100 : 25
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<clients {
                            group.addTask {
                                let client = try daemon.client(limit: .seconds(60))
                                for _ in 0..<each {
                                    let response = try await client.chat()
                                    guard response.status == 200 else {
                                        throw TestFailure("\(response.status) \(response.text)")
                                    }
                                }
                            }
                        }
                        group.addTask {
                            for round in 0..<6 {
                                try await steering.succeed(
                                    "keys", round.isMultiple(of: 2) ? "disable" : "enable", "beta")
                                try await steering.succeed(
                                    "mode", ["weighted", "least-in-flight", "round-robin"][round % 3])
                                try await steering.succeed("rotate")
                            }
                        }
                        try await group.waitForAll()
                    }
                    let statistics = try await simulator.statistics()
                    #expect(statistics.requests == clients * each)
                    let keys = try await steering.keys()
                    for label in self.labels { #expect(keys[label]?.requests == statistics.key(label).requests) }
                    #expect(try await daemon.database.integrity() == "ok")
                }
            }
        }
    }
}
