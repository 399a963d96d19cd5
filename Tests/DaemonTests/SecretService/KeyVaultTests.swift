import DBusControl
import DBusKit
import Foundation
import Logging
import NIOPosix
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite("Where the secret of an added key lies (K-009, K-043, T-025)", .serialized, .timeLimit(.minutes(5)))
struct KeyVaultTests {
    private static let patience = Duration.seconds(10)

    /// A vault over a state directory, and a bus where a mock may serve.
    private struct Fixture {
        let vault: KeyVault
        let bus: PrivateBus
        let directory: TemporaryDirectory
        let label: KeyLabel

        /// The names in `secrets/`.
        var files: [String] {
            get throws { try self.vault.files.labels().map(\.text).sorted() }
        }
    }

    private func with(_ body: (Fixture) async throws -> Void) async throws {
        let label = try #require(KeyLabel("alpha"))
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        try await PrivateBus.with { bus in
            try await TemporaryDirectory.with { directory in
                let vault = KeyVault(
                    files: SecretDirectory(stateDirectory: directory.path),
                    service: SecretService(address: .address(bus.address)),
                    installation: KeyVault.installation(of: [1, 2, 3]), threads: threads,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                try await body(Fixture(vault: vault, bus: bus, directory: directory, label: label))
            }
        }
        try await threads.shutdownGracefully()
    }

    private func failure(_ step: () async throws -> Void) async -> KeyVault.Failure? {
        let error = await #expect(throws: KeyVault.Failure.self) { try await step() }
        #expect(error.map { $0.description.contains("sk-") } != true)
        return error
    }

    @Test("in the service when one is there and unlocked, under what tells it from others")
    func inService() async throws {
        try await self.with { fixture in
            try await MockSecretService.with(on: fixture.bus) { mock in
                let (vault, label) = (fixture.vault, fixture.label)
                #expect(try await vault.store(Secret("sk-a"), label: label).place == .secretService)
                #expect(try fixture.files == [])
                let item = try #require(mock.items.first)
                #expect(item.label == "KMI key alpha")
                #expect(item.attributes["xdg:schema"] == "org.kmi.Key")
                #expect(item.attributes["label"] == "alpha")
                #expect(item.attributes["installation"] == KeyVault.installation(of: [1, 2, 3]))
                #expect(mock.items.map(\.secret) == ["sk-a"])
                let second = try await vault.store(Secret("sk-b"), label: label, preference: .secretService)
                #expect(second == KeyVault.Stored(place: .secretService))
                #expect(mock.items.map(\.secret) == ["sk-b"])
                try await vault.remove(label, from: .secretService)
                try await vault.remove(label, from: .secretService)
                #expect(mock.items == [])
            }
        }
    }

    @Test("in a file when the service is away, locked, without a collection, or refuses; nowhere if only it will do")
    func inFile() async throws {
        try await self.with { fixture in
            let (vault, label) = (fixture.vault, fixture.label)
            func expectFile() async throws {
                #expect(try await vault.store(Secret("sk-a"), label: label).place == .files)
                #expect(try vault.files.read(label) == Secret("sk-a"))
                var status = stat()
                #expect(stat(fixture.directory.path("secrets/alpha"), &status) == 0 && status.st_mode & 0o777 == 0o600)
                try await vault.remove(label, from: .files)
                try await vault.remove(label, from: .files)
                #expect(try fixture.files == [])
            }
            func expectRefusal(_ code: SecretServiceFailure.Code) async {
                let failure = await self.failure {
                    _ = try await vault.store(Secret("sk-a"), label: label, preference: .secretService)
                }
                #expect(failure?.code == code)
                #expect(failure?.isStray == false)
            }
            try await expectFile()
            await expectRefusal(.absent)
            try await MockSecretService.with(on: fixture.bus) { mock in
                mock.isLocked = true
                try await expectFile()
                await expectRefusal(.locked)
                mock.isLocked = false
                mock.setCollection(exists: false)
                try await expectFile()
                await expectRefusal(.absent)
                mock.setCollection(exists: true)
                mock.misbehave("CreateItem", .fails(.accessDenied))
                try await expectFile()
                await expectRefusal(.denied)
                #expect(mock.items == [])
                mock.misbehave("CreateItem", nil)
                #expect(try await vault.store(Secret("sk-a"), label: label, preference: .files).place == .files)
                #expect(mock.items == [])
                #expect(try fixture.files == ["alpha"])
            }
        }
    }

    @Test("refused when neither will have it, in words that name both")
    func refused() async throws {
        try await self.with { fixture in
            // A file where the directory should be.
            try fixture.directory.write("secrets", "")
            try await MockSecretService.with(on: fixture.bus) { mock in
                mock.isLocked = true
                let failure = await self.failure {
                    _ = try await fixture.vault.store(Secret("sk-a"), label: fixture.label)
                }
                #expect(failure?.code == .locked)
                #expect(failure?.description.contains("unlock the keyring") == true)
                #expect(failure?.description.contains("secrets/") == true)
            }
        }
    }

    @Test("what the service stored too late is taken back")
    func takenBack() async throws {
        try await self.with { fixture in
            try await MockSecretService.with(on: fixture.bus) { mock in
                // The entry is made; the question for older ones, which follows, fails.
                mock.misbehave("SearchItems", .fails(.failed))
                let first = try await fixture.vault.store(Secret("sk-a"), label: fixture.label)
                #expect(first == KeyVault.Stored(place: .files, isStray: true), "that could not be done")
                #expect(mock.calls.filter { $0 == "SearchItems" }.count == 2, "it was tried to take it back")
                mock.misbehave("SearchItems", nil)
                // What could not be taken back is replaced.
                let second = try await fixture.vault.store(Secret("sk-b"), label: fixture.label)
                #expect(second == KeyVault.Stored(place: .secretService))
                #expect(mock.items.map(\.secret) == ["sk-b"])
            }
        }
    }

    @Test("what may be the former secret of the key is not taken back")
    func notTakenBack() async throws {
        try await self.with { fixture in
            try await MockSecretService.with(on: fixture.bus) { mock in
                let (vault, label) = (fixture.vault, fixture.label)
                let place = try await vault.store(Secret("sk-a"), label: label).place
                mock.misbehave("ReadAlias", .fails(.failed))
                let failure = await self.failure {
                    _ = try await vault.store(
                        Secret("sk-b"), label: label, preference: .secretService, former: place)
                }
                #expect(failure?.code == .unusable)
                #expect(failure?.isStray == false)
                #expect(mock.items.map(\.secret) == ["sk-a"])
            }
        }
    }

    @Test("locked away: removing says so, and works once it is unlocked")
    func lockedLater() async throws {
        try await self.with { fixture in
            let (vault, label) = (fixture.vault, fixture.label)
            try await MockSecretService.with(on: fixture.bus) { mock in
                #expect(try await vault.store(Secret("sk-a"), label: label).place == .secretService)
                mock.isLocked = true
                #expect(await self.failure { try await vault.remove(label, from: .secretService) }?.code == .locked)
                mock.isLocked = false
                #expect(mock.items.map(\.secret) == ["sk-a"])
                try await vault.remove(label, from: .secretService)
                #expect(mock.items == [])
            }
        }
    }

    @Test("who asked may go: the step is taken to its end")
    func cancelled() async throws {
        try await self.with { fixture in
            try await MockSecretService.with(on: fixture.bus) { mock in
                let (vault, label) = (fixture.vault, fixture.label)
                let task = Task { try await vault.store(Secret("sk-a"), label: label) }
                task.cancel()
                let place = try await task.value.place
                #expect(place == .secretService)
                #expect(mock.items.map(\.secret) == ["sk-a"])
            }
        }
    }
}
