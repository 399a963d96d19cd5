import DBusKit
import Foundation
import Logging
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import Daemon

@Suite("Waiting for the Secret Service (K-009, T-025)", .serialized, .timeLimit(.minutes(5)))
struct SecretWatchTests {
    /// A watch over a configuration with one reference, and what the log was told.
    private struct Fixture {
        let bus: PrivateBus
        let keeper: ConfigurationKeeper
        let watch: SecretWatch
        let lines: RecordedLines
        let item = MockSecretService.Item(label: "", attributes: ["account": "alpha"], secret: "sk-alpha")

        /// Asks for what is missing, as the daemon does.
        @Sendable func ask() async {
            let answers = await self.watch.service.answers(to: self.keeper.inForce.awaited, within: .seconds(5))
            _ = self.keeper.settle(answers)
            _ = self.watch.tellLog()
        }

        /// Runs the watch for the time of a scope.
        func running(_ body: () async throws -> Void) async throws {
            let task = Task { await self.watch.run(self.ask) }
            do {
                try await body()
            } catch {
                task.cancel()
                await task.value
                throw error
            }
            task.cancel()
            await task.value
        }

        /// Waits until nothing is missing.
        func complete() async throws {
            try await eventually("the secret comes in") { !self.watch.isNeeded }
            #expect(self.keeper.inForce.keySecrets.values.map { $0.withText { $0 } } == ["sk-alpha"])
            try await eventually("the log is told") { self.lines.events.last == "secrets_complete" }
        }
    }

    private func with(_ toml: String? = nil, _ body: (Fixture) async throws -> Void) async throws {
        let toml =
            toml ?? "[[key]]\nlabel = \"alpha\"\nprovider = \"kimi\"\nsecret = \"secret-service:account=alpha\"\n"
        let loaded = try ConfigurationFixture.with(toml) { fixture in
            fixture.environment = ["SECRET": "sk-variable"]
            return try fixture.loader.load(now: ConfigurationFixture.now).get()
        }
        let lines = RecordedLines()
        let logger = Logger(label: "test") { _ in lines.handler }
        let keeper = ConfigurationKeeper(
            file: loaded, changes: RuntimeChanges(), addedSecrets: [:], installationKey: [1],
            output: LogOutput(loaded.configuration.log), logger: logger,
            addedQuery: { SecretService.Query(attributes: ["label": $0.text], maximum: 100, isOwn: true) })
        try await PrivateBus.with { bus in
            let watch = SecretWatch(
                service: SecretService(address: .address(bus.address)), keeper: keeper, logger: logger)
            try await body(Fixture(bus: bus, keeper: keeper, watch: watch, lines: lines))
        }
    }

    @Test("a service that does not answer holds up the start for a moment only, and hands out its secrets later")
    func silentAtStart() async throws {
        try await self.with { fixture in
            try await MockSecretService.with(on: fixture.bus) { mock in
                try mock.add(fixture.item)
                mock.misbehave("SearchItems", .hangs)
                let start = ContinuousClock.now
                await fixture.watch.askAtStart()
                #expect(ContinuousClock.now - start < SecretWatch.patienceAtStart + .seconds(3))
                #expect(fixture.watch.isNeeded)
                #expect(fixture.lines.events == [SecretWatch.warning])
                mock.misbehave("SearchItems", nil)
                try await fixture.running { try await fixture.complete() }
            }
        }
    }

    @Test("what is locked comes in when it is unlocked, and is told of once")
    func unlocked() async throws {
        try await self.with { fixture in
            try await MockSecretService.with(on: fixture.bus) { mock in
                try mock.add(fixture.item)
                mock.isLocked = true
                try await fixture.running {
                    fixture.watch.wake()
                    try await eventually("it was asked") { !fixture.keeper.inForce.serviceFailures.isEmpty }
                    // A sign that does not help.
                    let calls = mock.calls.count
                    mock.isLocked = true
                    try await eventually("it was asked again") { mock.calls.count > calls }
                    mock.isLocked = false
                    try await fixture.complete()
                }
                #expect(fixture.lines.events.filter { $0 == SecretWatch.warning }.count == 1)
            }
        }
    }

    @Test("a bus that comes later, and a service that comes later still, are found")
    func appears() async throws {
        try await self.with { fixture in
            await fixture.bus.kill()
            await fixture.watch.askAtStart()
            #expect(fixture.keeper.inForce.awaitedLines.count == 1)
            try await fixture.running {
                try await fixture.bus.restart()
                try await MockSecretService.with(on: fixture.bus) { mock in
                    try mock.add(fixture.item)
                    try await fixture.complete()
                }
            }
        }
    }

    @Test("what is to be removed is tried again at every sign of the service, and the log is told once of each reason")
    func removes() async throws {
        try await self.with("[[key]]\nlabel = \"alpha\"\nprovider = \"kimi\"\nsecret = \"env:SECRET\"\n") { fixture in
            let gamma = try #require(KeyLabel("gamma"))
            let watch = fixture.watch
            try await MockSecretService.with(on: fixture.bus) { mock in
                try mock.add(fixture.item)
                mock.isLocked = true
                let tries = Mutex(0)
                let task = Task {
                    await watch.run {
                        tries.withLock { $0 += 1 }
                        do {
                            try await watch.service.remove(fixture.item.attributes, within: .seconds(5))
                            watch.forget(gamma)
                        } catch {
                            return
                        }
                    }
                }
                watch.abandon([gamma])
                watch.abandon([gamma])
                #expect(watch.isNeeded && watch.abandoned == [gamma])
                #expect(watch.isNews("locked", of: gamma) && !watch.isNews("locked", of: gamma))
                #expect(watch.isNews("refused", of: gamma))
                try await eventually("it is tried") { tries.withLock { $0 } > 0 }
                #expect(mock.items.count == 1)
                mock.isLocked = false
                try await eventually("it is removed") { !watch.isNeeded }
                #expect(mock.items == [])
                #expect(!watch.forget(gamma))
                task.cancel()
                await task.value
            }
        }
    }

    @Test("without references nothing is asked and nobody listens")
    func idle() async throws {
        try await self.with("[[key]]\nlabel = \"alpha\"\nprovider = \"kimi\"\nsecret = \"env:SECRET\"\n") { fixture in
            try await MockSecretService.with(on: fixture.bus) { mock in
                try await fixture.running {
                    await fixture.watch.askAtStart()
                    fixture.watch.wake()
                    mock.isLocked = true
                    mock.isLocked = false
                    // Whoever listened would have had to be told by now.
                    let connection = try await BusConnection.open(.address(fixture.bus.address), timeout: .seconds(10))
                    let names = try await connection.call(
                        "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus",
                        member: "ListNames", timeout: .seconds(10))
                    await connection.close()
                    let unique = names.first?.asArray?.compactMap(\.asString).filter { $0.hasPrefix(":") }
                    #expect(unique?.count == 2, "the mock's and this one")
                }
                #expect(mock.calls == [])
                #expect(fixture.lines.events == [])
            }
        }
    }
}
