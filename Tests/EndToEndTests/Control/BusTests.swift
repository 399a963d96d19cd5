import DBusKit
import Foundation
import TestSupport
import Testing

@Suite("The daemon on its bus", .serialized, .timeLimit(.minutes(5)))
struct BusTests {
    @Test("a key that answers one 429 with Retry-After: 2 emits KeyStateChanged exactly twice")
    func announcesTwice() async throws {
        try await SimulatorProcess.with(scenario: Scenarios.alphaLimitedOnce) { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(5))
                    let signals = try await connection.signals(
                        SignalRule(interface: "org.kmi.Proxy1.Manager", member: "KeyStateChanged"))
                    async let changes = self.states(of: signals)
                    for _ in 0..<4 { _ = try await daemon.servingKey() }
                    // The rest ends by itself, without a request that asks.
                    try await eventually("alpha is back", within: .seconds(10)) {
                        try await Steering(bus: bus.address).keys()["alpha"]?.state == "usable"
                    }
                    for _ in 0..<6 { _ = try await daemon.servingKey() }
                    // All that the daemon has said before its answer to this call has arrived by then.
                    _ = try await connection.call(
                        "org.kmi.Proxy1", path: "/org/kmi/Proxy1", interface: "org.freedesktop.DBus.Peer",
                        member: "Ping", timeout: .seconds(5))
                    await connection.close()
                    #expect(try await changes == ["usable>cooling", "cooling>usable"])
                }
            }
        }
    }

    private func states(of signals: SignalSubscription) async throws -> [String] {
        var changes: [String] = []
        for await signal in signals {
            #expect(signal.missed == 0)
            guard signal.arguments.count == 5, signal.arguments[0].asPath == "/org/kmi/Proxy1/key/alpha" else {
                throw TestFailure("\(signal.arguments)")
            }
            changes.append("\(signal.arguments[1].asString ?? "?")>\(signal.arguments[2].asString ?? "?")")
        }
        return changes
    }

    @Test("the bus is killed and started again under traffic: no request fails, and the objects come back")
    func busRestarts() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        let client = try daemon.client()
                        for _ in 0..<4 {
                            group.addTask {
                                var count = 0
                                while !Task.isCancelled {
                                    let response = try await client.chat()
                                    guard response.status == 200 else { throw TestFailure("\(response.status)") }
                                    count += 1
                                }
                                return count
                            }
                        }
                        for _ in 0..<2 {
                            await bus.kill()
                            try await eventually("the daemon notices", within: .seconds(10)) {
                                daemon.process.text(.standardError).contains("\"bus_lost\"")
                            }
                            #expect(try await steering.run(["status"]).status == .exited(8))
                            try await bus.restart()
                            try await eventually("the objects are back", within: .seconds(20)) {
                                try await steering.run(["keys", "show", "alpha"]).isSuccess
                            }
                            #expect(try await steering.show(Shown.Status.self, "status").degraded.isEmpty)
                        }
                        group.cancelAll()
                        var total = 0
                        for try await count in group { total += count }
                        #expect(total > 0)
                    }
                }
            }
        }
    }

    @Test("without a bus the daemon starts, serves, and appears when there is one")
    func startsWithoutBus() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                await bus.kill()
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    _ = try await daemon.servingKey()
                    try await bus.restart()
                    let steering = Steering(bus: bus.address)
                    try await eventually("the daemon appears", within: .seconds(40)) {
                        try await steering.run(["status"]).isSuccess
                    }
                    _ = try await daemon.servingKey()
                }
            }
        }
    }

    @Test(
        "a name that is taken away while connected ends the daemon with an error (contract, start and bus)",
        .enabled(if: PythonEnvironment.isAvailable, "make setup makes the environment"))
    func endsWhenNameIsLost() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let socket = directory.path("taking")
                    let proxy = try ChildProcess(
                        PythonEnvironment.interpreter,
                        arguments: [
                            BuildProducts.packageRoot + "/Tests/SDK/bus_taking_names.py", socket,
                            String(bus.address.dropFirst("unix:path=".count)), "org.kmi.Proxy1",
                        ],
                        environment: ["PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"])
                    _ = try await proxy.firstMatch(on: .standardOutput, "that it listens") {
                        $0 == "listening" ? true : nil
                    }
                    try await DaemonProcess.with(.threeKeys(simulator), bus: "unix:path=" + socket) { daemon in
                        #expect(try await Steering(bus: bus.address).run(["status"]).isSuccess)
                        _ = try await daemon.servingKey()
                        proxy.send(SIGUSR1)
                        #expect(try await daemon.process.waitForExit() == .exited(1))
                        #expect(daemon.process.text(.standardError).contains("gave org.kmi.Proxy1 to somebody else"))
                    }
                    try await proxy.terminate()
                }
            }
        }
    }

    @Test(
        "a second daemon with the same state directory or on the same bus ends within 2 s, before it listens; the first one serves on (K-002)",
        arguments: ["state", "bus"])
    func secondDaemon(shares what: String) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let other = try daemon.directory.makeDirectory("other-run")
                    let start = ContinuousClock.now
                    let second = try await FinishedProcess.run(
                        BuildProducts.path(of: "kmid"),
                        arguments: [
                            "run", "--config", daemon.configurationPath,
                            "--state-dir", daemon.directory.path(what == "state" ? "state" : "other"),
                            "--bus", what == "bus" ? bus.address : "none",
                        ],
                        environment: [
                            "HOME": daemon.directory.path("home"), "XDG_RUNTIME_DIR": other, "PATH": "/usr/bin:/bin",
                        ])
                    #expect(second.status == .exited(1))
                    #expect(ContinuousClock.now - start < .seconds(2))
                    #expect(!second.standardError.contains("\"listening\""))
                    #expect(second.standardError.contains("another kmid"))
                    _ = try await daemon.servingKey()
                    #expect(try await Steering(bus: bus.address).run(["status"]).isSuccess)
                }
            }
        }
    }

    @Test("after kill -9 a new daemon is up without any clean-up (K-030)")
    func nothingToCleanUp() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    for _ in 0..<3 {
                        try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                            _ = try await $0.servingKey()
                            try await $0.killHard()
                        }
                    }
                }
            }
        }
    }
}
