import DBusKit
import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite(
    "GNOME's keyring as the Secret Service (K-009, T-025)", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: Keyring.executable != nil, "make setup installs gnome-keyring"))
struct KeyringTests {
    private static let planted = "sk-planted-0123456789abcdefghijklmnop"

    /// What `status --json` tells of it.
    private struct Status: Decodable {
        var degraded: [String]
        var warnings: [String]
        var keysTotal: Int
        var keysUsable: Int
    }

    private let attributes = ["service": "kmi-test", "account": "alpha"]

    private func store(_ secret: String, on bus: PrivateBus) async throws {
        try await SecretService(address: .address(bus.address)).store(
            Secret(bytes: Array(secret.utf8)), label: "test", attributes: self.attributes, within: .seconds(10))
    }

    @Test("a secret is stored, replaced, read, locked away, unlocked and removed, and no message holds it")
    func realService() async throws {
        try await PrivateBus.with { bus in
            try await TemporaryDirectory.with { directory in
                try await BusRecording.with(bus) { recording in
                    try await Keyring.with(on: bus, in: directory) { keyring in
                        let service = SecretService(address: .address(bus.address))
                        let query = SecretService.Query(attributes: self.attributes, maximum: 4096, isOwn: true)
                        func read() async -> Result<Secret, SecretServiceFailure>? {
                            await service.read([query], within: .seconds(10)).first
                        }
                        #expect(await read()?.code == .missing)
                        try await self.store(Self.planted, on: bus)
                        #expect(try await read()?.get() == Secret(bytes: Array(Self.planted.utf8)))
                        let long = String(repeating: "sk-long-", count: 400)
                        try await self.store(long, on: bus)
                        #expect(try await read()?.get() == Secret(bytes: Array(long.utf8)))
                        try await self.store(Self.planted, on: bus)

                        try await keyring.lock()
                        #expect(await read()?.code == .locked)
                        await #expect(throws: SecretServiceFailure.locked) { try await self.store("sk-b", on: bus) }
                        await #expect(throws: SecretServiceFailure.locked) {
                            try await service.remove(self.attributes, within: .seconds(10))
                        }
                        try await keyring.unlock()
                        #expect(try await read()?.get() == Secret(bytes: Array(Self.planted.utf8)))

                        try await service.remove(self.attributes, within: .seconds(10))
                        #expect(await read()?.code == .missing)
                        let recorded = try await recording.text()
                        #expect(BusRecording.holds(recorded, Keyring.password), "what is not encrypted is seen")
                        #expect(!BusRecording.holds(recorded, Self.planted))
                        #expect(!BusRecording.holds(recorded, "sk-long-sk-long-"))
                        #expect(!recorded.contains("member=Prompt"), "nobody was asked")
                    }
                }
            }
        }
    }

    @Test("a key whose secret is locked at the start comes in when it is unlocked, and stays when it is locked again")
    func comesInLater() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    try await Keyring.with(on: bus, in: directory) { keyring in
                        try await self.store(Self.planted, on: bus)
                        try await keyring.lock()
                        try await BusRecording.with(bus) { recording in
                            try await DaemonProcess.with(
                                self.configuration(simulator), bus: bus.address,
                                environment: ["DBUS_SESSION_BUS_ADDRESS": bus.address]
                            ) { daemon in
                                try await self.expectLateKey(daemon, simulator, Steering(bus: bus.address), keyring)
                            }
                            let recorded = try await recording.text()
                            #expect(!BusRecording.holds(recorded, Self.planted))
                            #expect(recorded.contains("secrets_awaited"))
                        }
                    }
                }
            }
        }
    }

    private func configuration(_ simulator: SimulatorProcess) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator, keys: ["beta"])
        configuration.appendix = """
            [[key]]
            label = "alpha"
            provider = "sim"
            secret = "secret-service:service=kmi-test,account=alpha"
            priority = 1
            """
        return configuration
    }

    private func expectLateKey(
        _ daemon: DaemonProcess, _ simulator: SimulatorProcess, _ steering: Steering, _ keyring: Keyring
    ) async throws {
        let atStart = try await steering.show(Status.self, "status")
        #expect(atStart.degraded == ["secrets"])
        #expect(atStart.keysTotal == 1)
        #expect(atStart.warnings.contains { $0.contains("the key \"alpha\"") && $0.contains("unlock the keyring") })
        #expect(try await daemon.servingKey() == "beta")

        try await keyring.unlock()
        try await eventually("the key comes in") {
            try await steering.show(Status.self, "status").keysUsable == 2
        }
        #expect(try await steering.show(Status.self, "status").degraded == [])
        #expect(try await daemon.servingKey() == "alpha")
        #expect(try await simulator.statistics().keys[Self.planted]?.requests == 1)

        // Whoever has the secret keeps it, also over a reload.
        try await keyring.lock()
        try await steering.succeed("reload")
        #expect(try await daemon.servingKey() == "alpha")
        #expect(try await steering.show(Status.self, "status").degraded == [])
        #expect(!daemon.process.report.contains(Self.planted))
        #expect(daemon.process.report.contains("secret_arrived"))
    }

    @Test("a keyring that is started later, and an entry that is made later, are noticed")
    func appearsLater() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(
                    self.configuration(simulator), bus: bus.address,
                    environment: ["DBUS_SESSION_BUS_ADDRESS": bus.address]
                ) { daemon in
                    let steering = Steering(bus: bus.address)
                    let atStart = try await steering.show(Status.self, "status")
                    #expect(atStart.degraded == ["secrets"])
                    #expect(atStart.warnings.contains { $0.contains("there is no Secret Service") })
                    try await TemporaryDirectory.with { directory in
                        try await Keyring.with(on: bus, in: directory) { _ in
                            try await eventually("the entry is what is missing") {
                                try await steering.show(Status.self, "status").warnings
                                    .contains { $0.contains("no entry of the Secret Service") }
                            }
                            try await self.store(Self.planted, on: bus)
                            try await eventually("the key comes in") {
                                try await steering.show(Status.self, "status").keysUsable == 2
                            }
                            #expect(try await daemon.servingKey() == "alpha")
                        }
                    }
                }
            }
        }
    }
}

extension Result<Secret, SecretServiceFailure> {
    /// The code of the failure.
    fileprivate var code: SecretServiceFailure.Code? {
        if case .failure(let failure) = self { failure.code } else { nil }
    }
}
