import DBusKit
import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite(
    "Keys that are added while GNOME's keyring is there (K-009, T-025)", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: Keyring.executable != nil, "make setup installs gnome-keyring"))
struct AddedKeyTests {
    private static let planted = "sk-planted-abcdefghijklmnop-0123456789"
    private static let second = "sk-planted-second-0123456789-abcdefgh"

    /// What `status --json` tells of it.
    private struct Status: Decodable {
        var degraded: [String]
        var keysUsable: Int
    }

    /// A keyring, a daemon's directory and everything that is said on the bus.
    private struct Scene {
        let simulator: SimulatorProcess
        let bus: PrivateBus
        let directory: TemporaryDirectory
        let keyring: Keyring
        let recording: BusRecording

        var steering: Steering { Steering(bus: self.bus.address) }

        /// Runs a daemon in the directory.
        func daemon(_ body: (DaemonProcess) async throws -> Void) async throws {
            let configuration = DaemonConfiguration(self.simulator, keys: ["beta"])
            try DaemonProcess.write(configuration, to: self.directory)
            try await DaemonProcess.with(
                in: self.directory, token: configuration.token, bus: self.bus.address,
                environment: ["DBUS_SESSION_BUS_ADDRESS": self.bus.address]
            ) { daemon in
                try await body(daemon)
                for secret in [AddedKeyTests.planted, AddedKeyTests.second] {
                    #expect(!daemon.process.report.contains(secret))
                }
            }
        }

        /// The secrets of the key "gamma" that the keyring has.
        func kept() async throws -> [Result<Secret, SecretServiceFailure>] {
            await SecretService(address: .address(self.bus.address)).read(
                [
                    SecretService.Query(
                        attributes: ["xdg:schema": "org.kmi.Key", "label": "gamma"], maximum: 4096, isOwn: false)
                ], within: .seconds(10))
        }

        /// The names in `secrets/`.
        func files() throws -> [String] {
            try SecretDirectory(stateDirectory: self.directory.path("state")).labels().map(\.text).sorted()
        }

        /// Adds the key "gamma".
        func add(_ options: String...) async throws -> FinishedProcess {
            try await self.steering.run(
                ["keys", "add", "gamma", "--provider", "sim", "--priority", "1", "--secret-file", "-"] + options,
                input: try self.directory.write("planted", AddedKeyTests.planted))
        }
    }

    private func with(_ body: (Scene) async throws -> Void) async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    try await Keyring.with(on: bus, in: directory) { keyring in
                        try await BusRecording.with(bus) { recording in
                            try await body(
                                Scene(
                                    simulator: simulator, bus: bus, directory: directory, keyring: keyring,
                                    recording: recording))
                            let recorded = try await recording.text()
                            #expect(recorded.contains("member=AddKey"))
                            #expect(!BusRecording.holds(recorded, Self.planted))
                            #expect(!BusRecording.holds(recorded, Self.second))
                        }
                    }
                }
            }
        }
    }

    @Test(
        "the secret lies in the keyring alone, comes back after a restart once that is unlocked, and goes with the key")
    func inKeyring() async throws {
        try await self.with { scene in
            try await scene.daemon { daemon in
                let added = try await scene.add()
                #expect(added.isSuccess, "\(added.standardError)")
                #expect(try scene.files() == [])
                #expect(try await scene.kept().first?.get() == Secret(bytes: Array(Self.planted.utf8)))
                #expect(try await daemon.servingKey() == "gamma")
            }
            try await scene.keyring.lock()
            try await scene.daemon { daemon in
                #expect(try await scene.steering.show(Status.self, "status").degraded == ["secrets"])
                #expect(try await daemon.servingKey() == "beta")
                try await scene.keyring.unlock()
                try await eventually("the key comes in") {
                    try await scene.steering.show(Status.self, "status").keysUsable == 2
                }
                #expect(try await daemon.servingKey() == "gamma")

                let input = try scene.directory.write("second", Self.second)
                try await scene.steering.succeed("keys", "rekey", "gamma", "--secret-file", "-", input: input)
                #expect(try await scene.kept().first?.get() == Secret(bytes: Array(Self.second.utf8)))
                #expect(try await daemon.servingKey() == "gamma")
                #expect(try await scene.simulator.statistics().keys[Self.second]?.requests == 1)

                try await scene.steering.succeed("keys", "remove", "gamma", "--yes")
                let kept = try await scene.kept()
                #expect(throws: SecretServiceFailure.self) { try kept.first?.get() }
                #expect(try scene.files() == [])
            }
        }
    }

    @Test("while the keyring is locked the secret lies in a file, or nowhere if only the keyring will do")
    func locked() async throws {
        try await self.with { scene in
            try await scene.keyring.lock()
            try await scene.daemon { daemon in
                let refused = try await scene.add("--store", "secret-service")
                #expect(!refused.isSuccess)
                #expect(refused.standardError.contains("unlock the keyring"), "\(refused.standardError)")
                #expect(try scene.files() == [])
                #expect(try await scene.add().isSuccess)
                #expect(try scene.files() == ["gamma"])
                #expect(try await daemon.servingKey() == "gamma")
                #expect(try await scene.steering.show(Status.self, "status").degraded == [])
            }
            try await scene.keyring.unlock()
            try await scene.daemon { daemon in
                #expect(try await daemon.servingKey() == "gamma")
                try await scene.steering.succeed("keys", "remove", "gamma", "--yes")
                #expect(try scene.files() == [])
            }
        }
    }

    @Test("a key that is removed while the keyring is locked takes its secret along once that is unlocked")
    func removedBeforeUnlock() async throws {
        try await self.with { scene in
            try await scene.daemon { daemon in
                let added = try await scene.add()
                #expect(added.isSuccess, "\(added.standardError)")
                try await scene.keyring.lock()
                let removal = try await scene.steering.run(["keys", "remove", "gamma", "--yes"])
                #expect(
                    removal.standardError.contains("when the Secret Service may let it"), "\(removal.standardError)")
                try await eventually("it was tried again") { daemon.process.report.contains("secret_kept") }
                try await scene.keyring.unlock()
                try await eventually("the secret is removed") {
                    if case .failure(let failure) = try await scene.kept().first {
                        failure.code == .missing
                    } else {
                        false
                    }
                }
            }
        }
    }

    @Test("a key that is removed while the keyring is locked takes its secret along at a later start")
    func removedWhileLocked() async throws {
        try await self.with { scene in
            try await scene.daemon { _ in
                let added = try await scene.add()
                #expect(added.isSuccess, "\(added.standardError)")
                try await scene.keyring.lock()
                let removal = try await scene.steering.run(["keys", "remove", "gamma", "--yes"])
                #expect(removal.standardError.contains("unlock the keyring"), "\(removal.standardError)")
            }
            try await scene.keyring.unlock()
            #expect(try await scene.kept().first?.get() == Secret(bytes: Array(Self.planted.utf8)))
            try await scene.daemon { _ in
                try await eventually("the secret is removed") {
                    if case .failure(let failure) = try await scene.kept().first {
                        failure.code == .missing
                    } else {
                        false
                    }
                }
            }
        }
    }
}
