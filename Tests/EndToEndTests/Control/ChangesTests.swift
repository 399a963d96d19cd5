import Foundation
import TestSupport
import Testing

@Suite(
    "What a person changes is in force for the next request and survives a kill (K-013)", .serialized,
    .timeLimit(.minutes(5)))
struct ChangesTests {
    /// Runs `change` on a daemon, kills that, and runs `later` on the next one in the same directory.
    private func acrossKill(
        scenario: String? = nil,
        _ change: (DaemonProcess, Steering) async throws -> Void,
        later: (DaemonProcess, Steering) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with(scenario: scenario) { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    let steering = Steering(bus: bus.address)
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        try await change($0, steering)
                        try await $0.killHard()
                    }
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        try await later($0, steering)
                    }
                }
            }
        }
    }

    @Test("rotate: the next request uses the key that is reported, also when the daemon is killed in between")
    func rotates() async throws {
        try await self.acrossKill { daemon, steering in
            for _ in 0..<4 {
                let rotation = try await steering.show(Shown.Rotation.self, "rotate")
                #expect(try await steering.show(Shown.Status.self, "status").activeKey == rotation.key)
                #expect(try await daemon.servingKey() == rotation.key)
            }
            for label in ["gamma", "alpha", "alpha", "beta"] {
                #expect(try await steering.show(Shown.Rotation.self, "rotate", label).key == label)
                #expect(try await daemon.servingKey() == label)
            }
            #expect(try await steering.show(Shown.Rotation.self, "rotate", "alpha").key == "alpha")
        } later: { daemon, _ in
            let served = [try await daemon.servingKey(), try await daemon.servingKey()]
            #expect(served == ["alpha", "beta"], "the rotation goes on behind it")
        }
    }

    @Test("mode: sticky holds for the next request and after the kill")
    func changesMode() async throws {
        try await self.acrossKill { daemon, steering in
            try await steering.succeed("mode", "sticky")
            try await steering.succeed("rotate", "beta")
            for _ in 0..<3 { #expect(try await daemon.servingKey() == "beta") }
        } later: { daemon, steering in
            #expect(try await steering.show(Shown.Status.self, "status").rotationMode == "sticky")
            for _ in 0..<3 { #expect(try await daemon.servingKey() == "beta") }
            try await steering.succeed("mode", "round-robin")
            #expect(Set([try await daemon.servingKey(), try await daemon.servingKey()]).count == 2)
        }
    }

    @Test("keys disable and enable")
    func disables() async throws {
        try await self.acrossKill { daemon, steering in
            try await steering.succeed("keys", "disable", "beta")
            for _ in 0..<4 { #expect(try await daemon.servingKey() != "beta") }
        } later: { daemon, steering in
            #expect(try await steering.keys()["beta"]?.state == "disabled")
            for _ in 0..<4 { #expect(try await daemon.servingKey() != "beta") }
            try await steering.succeed("keys", "enable", "beta")
            var used: Set<String> = []
            for _ in 0..<3 { used.insert(try await daemon.servingKey()) }
            #expect(used.contains("beta"))
        }
    }

    @Test("reset ends a rest at once; a rest that was not reset outlives the kill (A-031)")
    func resets() async throws {
        let limited = """
            {"rules": [{
                "match": {"key": "sk-sim-alpha", "requests": 1},
                "action": {"status": 429, "retry_after": {"seconds": 600}}
            }, {
                "match": {"key": "sk-sim-beta", "requests": 1},
                "action": {"status": 429, "retry_after": {"seconds": 600}}
            }]}
            """
        try await self.acrossKill(scenario: limited) { daemon, steering in
            for _ in 0..<2 { _ = try await daemon.servingKey() }
            let keys = try await steering.keys()
            #expect(keys["alpha"]?.state == "cooling")
            #expect(keys["beta"]?.state == "cooling")
            #expect(keys["alpha"]?.errors == ["provider_rate_limited": 1])
            try await steering.succeed("keys", "reset", "alpha")
            try await steering.succeed("rotate", "alpha")
            #expect(try await daemon.servingKey() == "alpha")
        } later: { daemon, steering in
            let keys = try await steering.keys()
            #expect(keys["alpha"]?.state == "usable")
            #expect(keys["alpha"]?.errors == [:])
            #expect(keys["beta"]?.state == "cooling")
            for _ in 0..<4 { #expect(try await daemon.servingKey() != "beta") }
            try await steering.succeed("keys", "reset", "--all")
            #expect(try await steering.keys()["beta"]?.state == "usable")
        }
    }

    @Test("a change of the file wins over what was changed before, and only there (contract 3)")
    func fileWinsWhenItChanges() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(.threeKeys(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    try await steering.succeed("mode", "sticky")
                    try await steering.succeed("keys", "disable", "beta")
                    try await steering.succeed("reload")
                    #expect(try await steering.show(Shown.Status.self, "status").rotationMode == "sticky")
                    let text = try String(contentsOfFile: daemon.configurationPath, encoding: .utf8)
                    try daemon.directory.write(
                        "kmi.toml", text.replacingOccurrences(of: "round-robin", with: "weighted"))
                    try await steering.succeed("reload")
                    #expect(try await steering.show(Shown.Status.self, "status").rotationMode == "weighted")
                    #expect(try await steering.keys()["beta"]?.state == "disabled")
                    try daemon.directory.write("kmi.toml", text + "\n[nonsense]\n")
                    let refused = try await steering.run(["reload"])
                    #expect(refused.status == .exited(1))
                    #expect(refused.standardError.contains("nonsense"))
                    #expect(try await steering.show(Shown.Status.self, "status").rotationMode == "weighted")
                }
            }
        }
    }
}
