import DBusKit
import Foundation
import TestSupport
import Testing

@Suite(
    "What the desktop is told, with a notification server of python-dbusmock (A-018, A-027)", .serialized,
    .timeLimit(.minutes(5)), .enabled(if: MockService.isAvailable, "make setup installs python3-dbusmock"))
struct NotificationTests {
    private static let able = #"{"capabilities": "body body-markup actions"}"#
    private static let refused = #"{"rules": [], "invalid_keys": ["sk-sim-alpha"]}"#
    private static let interface = "org.freedesktop.Notifications"

    private struct Status: Decodable {
        var state: String
        var degraded: [String]
        var warnings: [String]
    }

    private struct Row: Decodable {
        var check: String
        var result: String
        var message: String
    }

    /// A configuration whose first key is invalid soon after it was refused, and for long; the other one shows that the
    /// provider takes keys.
    private func configuration(_ simulator: SimulatorProcess) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
        configuration.tables["rotation"] = "mode = \"round-robin\"\naffinity = false"
        configuration.tables["cooldown"] = "auth = [\"50ms\", \"1h\"]"
        return configuration
    }

    /// Has the provider refuse the key until it is invalid: another request confirms what the first one met.
    private func spoil(_ daemon: DaemonProcess, _ steering: Steering) async throws {
        try await eventually("alpha is invalid", within: .seconds(20), every: .milliseconds(100)) {
            _ = try await daemon.client().chat()
            return try await steering.keys()["alpha"]?.state == "invalid"
        }
    }

    private func notified(_ server: MockService, _ summary: String) -> Int {
        server.calls("Notify").count { $0.contains("\"\(summary)\"") }
    }

    private func desktopRow(_ steering: Steering) async throws -> Row? {
        let result = try await steering.run(["doctor", "--json", "--offline"])
        return try JSONDecoder().decode([Row].self, from: Data(result.standardOutput.utf8)).first {
            $0.check == "desktop"
        }
    }

    @Test("a key that is refused is one message, which goes when the key is well; its buttons are obeyed")
    func tellsOfAKey() async throws {
        try await SimulatorProcess.with(scenario: Self.refused) { simulator in
            try await PrivateBus.with { bus in
                try await MockService.with(.notifications, on: bus.address, parameters: Self.able) { server in
                    try await DaemonProcess.with(self.configuration(simulator), bus: bus.address) { daemon in
                        let steering = Steering(bus: bus.address)
                        try await self.spoil(daemon, steering)
                        try await eventually("it is shown") {
                            self.notified(server, "Key alpha is refused") == 1
                        }
                        let call = try #require(server.calls("Notify").first)
                        #expect(call.contains(#""KMI" 0 "org.kmi.Proxy1""#))
                        #expect(call.contains(#"["check", "Check again", "mute", "Mute for an hour"]"#))
                        #expect(call.contains(#""desktop-entry": "org.kmi.Proxy1""#))
                        #expect(call.contains(#""urgency": 1"#))
                        #expect(!call.contains("sk-sim"))
                        #expect(!call.contains("127.0.0.1"))
                        #expect(try await self.desktopRow(steering)?.message == "shows what needs a person")

                        let asked = try await simulator.statistics().keys["sk-sim-alpha"]?.requests ?? 0
                        try await server.emit(Self.interface, "ActionInvoked", [.uint32(1), .string("check")])
                        try await eventually("the provider is asked again") {
                            try await simulator.statistics().keys["sk-sim-alpha"]?.requests ?? 0 > asked
                        }
                        try await eventually("it is shown anew") { self.notified(server, "Key alpha is refused") == 2 }

                        try await simulator.setScenario(#"{"rules": []}"#)
                        try await server.emit(Self.interface, "ActionInvoked", [.uint32(1), .string("check")])
                        try await eventually("it is taken away") { !server.calls("CloseNotification").isEmpty }
                        #expect(try await steering.keys()["alpha"]?.state == "usable")
                        #expect(server.calls("Notify").count == 2)
                    }
                }
            }
        }
    }

    @Test("five keys are one message; what is shown at the end of the daemon goes with it")
    func gathersKeys() async throws {
        let labels = ["alpha", "beta", "gamma", "delta", "epsilon"]
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(
                ContractWire.scenario(#"{"error": "kimi.exceeded_current_quota_error"}"#))
            try await PrivateBus.with { bus in
                try await MockService.with(.notifications, on: bus.address, parameters: Self.able) { server in
                    var configuration = DaemonConfiguration(
                        providerBaseURL: simulator.baseURL + "/coding/v1")
                    configuration.providerKind = "kimi"
                    configuration.keys = labels.map { .init($0) }
                    configuration.tables["retry"] = "base = \"1ms\"\nmax_attempts = 10"
                    try await DaemonProcess.with(configuration, bus: bus.address) { daemon in
                        // One request meets all of them.
                        _ = try await daemon.client().chat()
                        try await eventually("it is shown") { self.notified(server, "5 keys need attention") == 1 }
                        #expect(
                            server.calls("Notify").first?.contains(
                                "Without money or a plan: alpha, beta, delta, epsilon, gamma.")
                                ?? false)
                    }
                    try await eventually("it goes") { !server.calls("CloseNotification").isEmpty }
                    #expect(server.calls("Notify").count == 1)
                }
            }
        }
    }

    @Test("that no key can be used is told with the time at which the first one is back")
    func tellsOfExhaustion() async throws {
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(
                ContractWire.scenario(#"{"error": "kimi.access_terminated.weekly"}"#))
            try await PrivateBus.with { bus in
                try await MockService.with(.notifications, on: bus.address) { server in
                    var configuration = DaemonConfiguration(
                        providerBaseURL: simulator.baseURL + "/coding/v1")
                    configuration.providerKind = "kimi"
                    try await DaemonProcess.with(
                        configuration, bus: bus.address, environment: ["TZ": "Asia/Tokyo"]
                    ) { daemon in
                        _ = try await daemon.client().chat()
                        try await eventually("it is shown") { self.notified(server, "No key can be used") >= 1 }
                        let call = try #require(server.calls("Notify").first)
                        let usableAt = try #require(try await Steering(bus: bus.address).keys()["alpha"]?.usableAt)
                        let date = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(usableAt)
                        let japan = DateFormatter()
                        japan.dateFormat = "HH:mm"
                        japan.timeZone = TimeZone(identifier: "Asia/Tokyo")
                        // Rounded up to a whole minute.
                        let minutes = [0, 60].map { japan.string(from: date.addingTimeInterval($0)) }
                        #expect(minutes.contains { call.contains(" \($0).") }, "\(call) \(minutes)")
                        #expect(call.contains(#""urgency": 2"#))
                        // A server without buttons gets none.
                        #expect(call.contains("[]"))
                    }
                }
            }
        }
    }

    @Test("without a server nothing fails and nothing is said; one that comes later is told what holds")
    func waitsForAServer() async throws {
        try await SimulatorProcess.with(scenario: Self.refused) { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(self.configuration(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    try await self.spoil(daemon, steering)
                    try await eventually("it has looked") {
                        try await self.desktopRow(steering)?.message.contains("nobody on the bus") ?? false
                    }
                    #expect(try await self.desktopRow(steering)?.result == "ok")
                    let status = try await steering.show(Status.self, "status")
                    #expect(status.degraded == [])
                    #expect(!status.warnings.contains { $0.contains("notifications") })
                    #expect(!daemon.process.report.contains("notification_"))
                    try await MockService.with(.notifications, on: bus.address) { server in
                        try await eventually("it is shown") { self.notified(server, "Key alpha is refused") == 1 }
                    }
                    // Another server after that one.
                    try await MockService.with(.notifications, on: bus.address) { server in
                        try await eventually("it is shown") { self.notified(server, "Key alpha is refused") == 1 }
                        try await steering.succeed("keys", "disable", "alpha")
                        try await eventually("it goes") { !server.calls("CloseNotification").isEmpty }
                    }
                }
            }
        }
    }

    @Test("a bus that does not say who shows messages is asked again until it does")
    func asksAgain() async throws {
        func policy(_ verdict: String) -> String {
            let own = "<allow own=\"org.kmi.Proxy1\"/><allow send_destination=\"org.kmi.Proxy1\"/>"
            let bus = "org.freedesktop.DBus"
            let question = "send_destination=\"\(bus)\" send_interface=\"\(bus)\" send_member=\"ListActivatableNames\""
            return "<busconfig><policy context=\"default\">\(own)<\(verdict) \(question)/></policy></busconfig>"
        }
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let path = try directory.write("policy.conf", policy("deny"))
                try await PrivateSystemBus.with(policies: [path]) { bus in
                    var configuration = DaemonConfiguration(simulator)
                    configuration.tables["log"] = "level = \"debug\""
                    try await DaemonProcess.with(configuration, bus: bus.address) { daemon in
                        let steering = Steering(bus: bus.address)
                        try await eventually("it has asked in vain") {
                            daemon.process.report.contains("does not say who shows messages")
                        }
                        #expect(try await self.desktopRow(steering)?.message.contains("has not been asked") ?? false)
                        _ = try directory.write("policy.conf", policy("allow"))
                        bus.process.send(SIGHUP)
                        try await eventually("it has asked again") {
                            try await self.desktopRow(steering)?.message.contains("nobody on the bus") ?? false
                        }
                    }
                }
            }
        }
    }

    @Test("asked for in the file and nobody there, it is degraded until somebody is (A-027)")
    func isDegradedOnlyWhenAskedFor() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                var configuration = DaemonConfiguration(simulator)
                configuration.tables["notifications"] = "desktop = true"
                try await DaemonProcess.with(configuration, bus: bus.address) { _ in
                    let steering = Steering(bus: bus.address)
                    try await eventually("it is degraded") {
                        try await steering.show(Status.self, "status").degraded == ["notifications"]
                    }
                    #expect(
                        try await steering.show(Status.self, "status").warnings.contains {
                            $0.hasPrefix("notifications_absent: ")
                        })
                    #expect(try await self.desktopRow(steering)?.result == "warn")
                    try await MockService.with(.notifications, on: bus.address) { _ in
                        try await eventually("it is not any more") {
                            try await steering.show(Status.self, "status").degraded == []
                        }
                    }
                }
            }
        }
    }

    @Test("switched off nothing is shown; many failed requests are one warning and one message (A-018)")
    func tellsOfErrors() async throws {
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(ContractWire.scenario(#"{"status": 500}"#))
            try await PrivateBus.with { bus in
                try await MockService.with(.notifications, on: bus.address) { server in
                    try await BusRecording.with(bus) { recording in
                        var configuration = DaemonConfiguration(simulator)
                        configuration.tables["notifications"] = "desktop = false"
                        configuration.tables["retry"] = "max_attempts = 1"
                        configuration.tables["breaker"] = "failures = 1000"
                        try await DaemonProcess.with(configuration, bus: bus.address) { daemon in
                            let steering = Steering(bus: bus.address)
                            for _ in 0..<15 { _ = try await daemon.client().chat() }
                            try await eventually("it is warned of") {
                                daemon.process.report.contains("\"errors_frequent\"")
                            }
                            let lines = daemon.process.lines(.standardError).filter { $0.contains("errors_frequent") }
                            #expect(lines.count == 1)
                            #expect(lines.first?.contains("10 of 10 requests within five minutes had failed") ?? false)
                            #expect(
                                try await steering.show(Status.self, "status").warnings.contains {
                                    $0.hasPrefix("errors_frequent: ")
                                })
                            #expect(server.calls("Notify").isEmpty)
                            let text = try String(contentsOfFile: daemon.configurationPath, encoding: .utf8)
                            try text.replacingOccurrences(of: "desktop = false", with: "desktop = true")
                                .write(toFile: daemon.configurationPath, atomically: true, encoding: .utf8)
                            try await steering.succeed("reload")
                            try await eventually("it is shown") { self.notified(server, "Many requests fail") == 1 }
                        }
                        let warnings = try await recording.text().components(separatedBy: "member=Warning").count - 1
                        #expect(warnings == 1)
                    }
                }
            }
        }
    }
}
