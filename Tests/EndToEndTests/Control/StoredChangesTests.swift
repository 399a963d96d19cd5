import Foundation
import TestSupport
import Testing

@Suite("What a person changed, and a file that changes as well (contract 3)", .serialized, .timeLimit(.minutes(5)))
struct StoredChangesTests {
    /// Runs the steps one after the other, each with a daemon of its own in the same directory.
    private func runs(_ steps: [(TemporaryDirectory, Steering, DaemonProcess) async throws -> Void]) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration.threeKeys(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    for step in steps {
                        try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                            try await step(directory, Steering(bus: bus.address), $0)
                        }
                    }
                }
            }
        }
    }

    private func edit(_ directory: TemporaryDirectory, _ change: (String) -> String) throws {
        let text = try String(contentsOfFile: directory.path("kmi.toml"), encoding: .utf8)
        try directory.write("kmi.toml", change(text))
    }

    private func events(_ daemon: DaemonProcess, _ event: String) -> [String] {
        daemon.process.lines(.standardError).filter { $0.contains("\"\(event)\"") }
    }

    @Test("a change that the file has overtaken while no daemon ran does not come back when the file goes back")
    func overtakenStaysOvertaken() async throws {
        try await self.runs([
            { directory, steering, daemon in
                try await steering.succeed("mode", "sticky")
                daemon.process.send(SIGTERM)
                _ = try await daemon.process.waitForExit()
                try self.edit(directory) { $0.replacingOccurrences(of: "round-robin", with: "weighted") }
            },
            { directory, steering, _ in
                #expect(try await steering.show(Shown.Status.self, "status").rotationMode == "weighted")
                try self.edit(directory) { $0.replacingOccurrences(of: "weighted", with: "round-robin") }
                try await steering.succeed("reload")
                #expect(try await steering.show(Shown.Status.self, "status").rotationMode == "round-robin")
            },
            { _, steering, _ in
                let status = try await steering.show(Shown.Status.self, "status")
                #expect(status.rotationMode == "round-robin")
            },
        ])
    }

    @Test("a key of the file can be disabled although one of the same label was added before")
    func fileKeyOfSameLabel() async throws {
        try await self.runs([
            { directory, steering, daemon in
                let secret = try directory.write("work.txt", "sk-sim-work")
                try await steering.succeed("keys", "add", "work", "--provider", "sim", "--secret-file", secret)
                try self.edit(directory) {
                    $0 + "[[key]]\nlabel = \"work\"\nprovider = \"sim\"\nsecret = \"store:work\"\n"
                }
                try await steering.succeed("reload")
                try await steering.succeed("keys", "disable", "work")
                #expect(try await steering.keys()["work"]?.state == "disabled")
                for _ in 0..<4 { #expect(try await daemon.servingKey() != "work") }
            }
        ])
    }

    @Test("the secret of a removed key stays as long as the file refers to it")
    func referredSecretStays() async throws {
        try await self.runs([
            { directory, steering, _ in
                let secret = try directory.write("work.txt", "sk-sim-work")
                try await steering.succeed("keys", "add", "work", "--provider", "sim", "--secret-file", secret)
                try self.edit(directory) {
                    $0 + "[[key]]\nlabel = \"other\"\nprovider = \"sim\"\nsecret = \"store:work\"\n"
                }
                try await steering.succeed("reload")
                try await steering.succeed("keys", "remove", "work")
                try await steering.succeed("reload")
                #expect(try await steering.keys()["other"]?.state == "usable")
            },
            { _, steering, daemon in
                let keys = try await steering.keys()
                #expect(keys["other"]?.state == "usable")
                #expect(self.events(daemon, "secret_stray").isEmpty)
            },
        ])
    }

    @Test("a secret that no key has is told at the start, and one that can be no secret is not sent (K-009)")
    func straysAndSpoiltSecrets() async throws {
        try await self.runs([
            { directory, steering, _ in
                let secret = try directory.write("work.txt", "sk-sim-work")
                try await steering.succeed("keys", "add", "work", "--provider", "sim", "--secret-file", secret)
                try directory.write("state/secrets/work", "sk-sim-work\r\nX-Other: 1")
                try directory.write("state/secrets/stray", "sk-sim-stray")
            },
            { _, steering, daemon in
                #expect(try await steering.keys()["work"] == nil)
                #expect(self.events(daemon, "secret_unreadable").count == 1)
                #expect(self.events(daemon, "secret_stray").count == 1)
                #expect(self.events(daemon, "secret_stray").first?.contains("store:stray") == true)
                #expect(!daemon.process.text(.standardError).contains("sk-sim"))
                try await steering.succeed("keys", "remove", "work")
            },
        ])
    }
}
