import DBusKit
import Foundation
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite("The Secret Service: there, away, locked, refusing and silent (T-025)", .serialized, .timeLimit(.minutes(5)))
struct SecretServiceTests {
    private static let planted = "sk-planted-9876543210"
    private let attributes = ["xdg:schema": "org.kmi.Key", "installation": "0011", "label": "alpha"]

    private func query(_ attributes: [String: String], isOwn: Bool = false) -> SecretService.Query {
        SecretService.Query(attributes: attributes, maximum: 100, isOwn: isOwn)
    }

    /// The code of what a step fails with.
    private func failure(_ step: () async throws -> Void) async -> SecretServiceFailure.Code? {
        let error = await #expect(throws: SecretServiceFailure.self) { try await step() }
        #expect(error.map { $0.message.contains("sk-") } != true, "no secret stands in an error")
        return error?.code
    }

    /// Each operation, with a deadline.
    private func perform(_ operation: String, _ service: SecretService, _ patience: Duration = .seconds(10))
        async throws
    {
        switch operation {
        case "store":
            try await service.store(
                Secret(Self.planted), label: "KMI key alpha", attributes: self.attributes, within: patience)
        case "read":
            _ = try await service.read([self.query(self.attributes, isOwn: true)], within: patience).first?.get()
        default: try await service.remove(self.attributes, within: patience)
        }
    }

    /// A mock on a bus of its own, and the daemon's view of it.
    private func withMock(_ body: (MockSecretService, SecretService) async throws -> Void) async throws {
        try await PrivateBus.with { bus in
            try await MockSecretService.with(on: bus) { mock in
                try await body(mock, SecretService(address: .address(bus.address)))
            }
        }
    }

    @Test("a secret is stored, replaced, read and removed (K-009)")
    func success() async throws {
        try await self.withMock { mock, service in
            try await self.perform("store", service)
            #expect(
                mock.items == [
                    .init(label: "KMI key alpha", attributes: self.attributes, secret: Self.planted)
                ])
            try await service.store(
                Secret("sk-second"), label: "KMI key alpha", attributes: self.attributes, within: .seconds(10))
            #expect(mock.items.map(\.secret) == ["sk-second"])
            try mock.add(.init(label: "other", attributes: ["label": "alpha"], secret: "sk-other"))
            let results = await service.read(
                [self.query(self.attributes), self.query(["label": "beta"]), self.query(["label": "alpha"])],
                within: .seconds(10))
            #expect(results.count == 3)
            #expect(try results[0].get() == Secret("sk-second"))
            #expect(await self.failure { _ = try results[1].get() } == .missing)
            #expect(await self.failure { _ = try results[2].get() } == .ambiguous)
            try await self.perform("remove", service)
            try await self.perform("remove", service)
            #expect(mock.items.map(\.secret) == ["sk-other"])
        }
    }

    @Test("a secret that lies in an older collection as well is removed there when it is replaced")
    func replacesElsewhere() async throws {
        try await self.withMock { mock, service in
            var older = self.attributes
            older["collection"] = "old"
            try mock.add(.init(label: "KMI key alpha", attributes: older, secret: "sk-older"))
            try await self.perform("store", service)
            #expect(mock.items.map(\.secret) == [Self.planted])
        }
    }

    @Test("nobody is there: no bus, no service, no collection", arguments: ["store", "read", "remove"])
    func absence(_ operation: String) async throws {
        try await PrivateBus.with { bus in
            let service = SecretService(address: .address(bus.address))
            #expect(await self.failure { try await self.perform(operation, service) } == .absent)
            await bus.kill()
            #expect(await self.failure { try await self.perform(operation, service) } == .absent)
            try await bus.restart()
            try await MockSecretService.with(on: bus) { mock in
                mock.setCollection(exists: false)
                guard operation == "store" else { return }
                #expect(await self.failure { try await self.perform(operation, service) } == .absent)
            }
        }
    }

    @Test("the bus does not start the service for the daemon")
    func doesNotStart() async throws {
        try await TemporaryDirectory.with { directory in
            let mark = directory.path("started")
            try directory.write(
                "org.freedesktop.secrets.service",
                "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/usr/bin/touch \(mark)\n")
            try await PrivateBus.with(serviceDirectory: directory.path) { bus in
                let service = SecretService(address: .address(bus.address))
                #expect(await self.failure { try await self.perform("store", service) } == .absent)
                // The bus starts programs in the order of the calls: it would have started one by now.
                let connection = try await BusConnection.open(.address(bus.address), timeout: .seconds(10))
                #expect(try await !connection.hasOwner(SecretServiceNames.bus, timeout: .seconds(10)))
                await connection.close()
                #expect(!FileManager.default.fileExists(atPath: mark))
            }
        }
    }

    @Test("a service of another user gets no secret", arguments: ["store", "read", "remove"])
    func otherUser(_ operation: String) async throws {
        try await PrivateBus.with { bus in
            try await MockSecretService.with(on: bus) { mock in
                let service = SecretService(address: .address(bus.address), userID: geteuid() + 1)
                #expect(await self.failure { try await self.perform(operation, service) } == .denied)
                #expect(mock.calls == [])
            }
        }
    }

    @Test("what is locked is told as such, at once and without a question", arguments: ["store", "read", "remove"])
    func locked(_ operation: String) async throws {
        try await self.withMock { mock, service in
            for hasEntry in [false, true] {
                if hasEntry {
                    try mock.add(
                        .init(label: "KMI key alpha", attributes: self.attributes, secret: Self.planted))
                }
                mock.isLocked = true
                #expect(await self.failure { try await self.perform(operation, service) } == .locked)
                #expect(!mock.calls.contains("Unlock") && !mock.calls.contains("Prompt"))
                mock.isLocked = false
                if hasEntry { try await self.perform(operation, service) }
            }
        }
    }

    @Test("a question to a person is taken back", arguments: [("store", "CreateItem"), ("remove", "Delete")])
    func prompts(_ operation: String, _ method: String) async throws {
        try await self.withMock { mock, service in
            try mock.add(.init(label: "KMI key alpha", attributes: self.attributes, secret: Self.planted))
            mock.misbehave(method, .prompts)
            #expect(await self.failure { try await self.perform(operation, service) } == .locked)
            #expect(mock.calls.last == "Dismiss")
        }
    }

    /// The methods that each operation calls.
    private static let methods = [
        ("store", "OpenSession"), ("store", "ReadAlias"), ("store", "CreateItem"), ("store", "SearchItems"),
        ("read", "OpenSession"), ("read", "SearchItems"), ("read", "GetSecret"),
        ("remove", "OpenSession"), ("remove", "SearchItems"), ("remove", "Delete"),
    ]

    @Test("what is denied or fails is told without the words of the service", arguments: Self.methods)
    func denial(_ operation: String, _ method: String) async throws {
        try await self.withMock { mock, service in
            try mock.add(.init(label: "KMI key alpha", attributes: self.attributes, secret: Self.planted))
            for (name, code) in [
                (ErrorName.accessDenied, SecretServiceFailure.Code.denied),
                (SecretServiceNames.isLocked, .locked), (.failed, .unusable),
                ("org.freedesktop.Secret.Error.NoSession", .unusable),
            ] {
                mock.misbehave(method, .fails(name))
                #expect(await self.failure { try await self.perform(operation, service) } == code, "\(name)")
            }
            // Only a session that is not encrypted is offered.
            mock.misbehave("OpenSession", .fails(SecretServiceNames.notSupported))
            #expect(await self.failure { try await self.perform(operation, service) } == .unusable)
        }
    }

    @Test("a service that does not answer is waited for until the deadline", arguments: Self.methods)
    func silence(_ operation: String, _ method: String) async throws {
        try await self.withMock { mock, service in
            try mock.add(.init(label: "KMI key alpha", attributes: self.attributes, secret: Self.planted))
            mock.misbehave(method, .hangs)
            let start = ContinuousClock.now
            #expect(
                await self.failure { try await self.perform(operation, service, .milliseconds(300)) } == .timedOut)
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }

    @Test("a key or a secret that is none is refused", arguments: ["OpenSession", "GetSecret"])
    func lies(_ method: String) async throws {
        try await self.withMock { mock, service in
            // Two whole blocks: what is changed of the second one is its padding.
            try mock.add(.init(label: "KMI key alpha", attributes: self.attributes, secret: Self.planted))
            mock.misbehave(method, .lies)
            let code = await self.failure { try await self.perform("read", service) }
            #expect(code == .unusable)
        }
    }

    @Test("a secret that is longer than allowed is refused, and a query of several gets an answer each")
    func long() async throws {
        try await self.withMock { mock, service in
            try mock.add(
                .init(label: "long", attributes: ["a": "long"], secret: String(repeating: "s", count: 200)))
            try mock.add(.init(label: "good", attributes: ["a": "good"], secret: "sk-good"))
            try mock.add(.init(label: "bad", attributes: ["a": "bad"], secret: "sk with spaces"))
            let holders = try ["long", "good", "bad"].map { SecretHolder.key(try #require(KeyLabel($0))) }
            let answers = await service.answers(
                to: Dictionary(
                    uniqueKeysWithValues: zip(holders, ["long", "good", "bad"].map { self.query(["a": $0]) })),
                within: .seconds(10))
            #expect(await self.failure { _ = try answers[holders[0]]?.result.get() } == .unusable)
            #expect(try answers[holders[1]]?.result.get() == Secret("sk-good"))
            #expect(await self.failure { _ = try answers[holders[2]]?.result.get() } == .unusable)
        }
    }

    @Test(
        "no message on the bus holds the secret (K-009)",
        .enabled(if: BusRecording.isAvailable, "make setup installs dbus-monitor"))
    func monitored() async throws {
        try await PrivateBus.with { bus in
            try await BusRecording.with(bus) { recording in
                try await MockSecretService.with(on: bus) { mock in
                    let service = SecretService(address: .address(bus.address))
                    for operation in ["store", "read", "remove"] { try await self.perform(operation, service) }
                    #expect(mock.calls.contains("GetSecret"))
                }
                let recorded = try await recording.text()
                #expect(recorded.contains("member=CreateItem"))
                #expect(recorded.contains("KMI key alpha"))
                #expect(!BusRecording.holds(recorded, Self.planted))
            }
        }
    }
}
