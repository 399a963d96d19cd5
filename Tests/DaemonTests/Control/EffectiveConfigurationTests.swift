import ProxyCore
import Testing

@testable import Daemon

@Suite("The files' configuration with a person's changes on top (K-013, contract section 3)")
struct EffectiveConfigurationTests {
    private let alpha = KeyLabel("alpha")

    private func file() throws -> Configuration {
        var configuration = Configuration()
        let name = try #require(ProviderName("kimi"))
        configuration.providers = [try #require(Configuration.Provider.known(named: name))]
        configuration.keys = [
            Configuration.Key(label: try #require(self.alpha), provider: name, secret: .file(path: "alpha.key"))
        ]
        return configuration
    }

    private func effective(_ file: Configuration, _ changes: RuntimeChanges) -> EffectiveConfiguration {
        EffectiveConfiguration(file: file, changes: changes, hasSecret: { $0.text != "lost" })
    }

    @Test("a change wins over the file as long as the file says what it said")
    func changeWins() throws {
        let alpha = try #require(self.alpha)
        var file = try self.file()
        var changes = RuntimeChanges()
        changes.overrides = [
            .rotationMode: .init(value: "sticky", fileValue: "round-robin"),
            .dryRun: .init(value: "true", fileValue: "false"),
            .keyEnabled(alpha): .init(value: "false", fileValue: "true"),
            .keyPriority(alpha): .init(value: "-3", fileValue: "0"),
            .keyWeight(alpha): .init(value: "7", fileValue: "1"),
            .keyLimit(alpha, .rpm): .init(value: "60", fileValue: "0"),
            .keyLimit(alpha, .inFlight): .init(value: "0", fileValue: "4"),
        ]
        file.keys[0].inFlight = 4
        let result = self.effective(file, changes)
        #expect(result.configuration.rotation.mode == .sticky)
        #expect(result.configuration.server.dryRun)
        #expect(!result.configuration.keys[0].enabled)
        #expect(result.configuration.keys[0].priority == -3)
        #expect(result.configuration.keys[0].weight == 7)
        #expect(result.configuration.keys[0].rpm == 60 && result.configuration.keys[0].inFlight == nil)
        #expect(result.outdated.isEmpty)

        file.rotation.mode = .weighted
        file.keys[0].weight = 2
        file.keys[0].inFlight = 5
        let later = self.effective(file, changes)
        #expect(later.configuration.rotation.mode == .weighted)
        #expect(later.configuration.keys[0].weight == 2)
        #expect(!later.configuration.keys[0].enabled, "what the file did not touch stays changed")
        #expect(later.configuration.keys[0].inFlight == 5 && later.configuration.keys[0].rpm == 60)
        #expect(Set(later.outdated) == [.rotationMode, .keyWeight(alpha), .keyLimit(alpha, .inFlight)])
    }

    @Test("a change of a key that the file no longer has is outdated")
    func keyIsGone() throws {
        let alpha = try #require(self.alpha)
        var file = try self.file()
        file.keys = []
        var changes = RuntimeChanges()
        changes.overrides = [.keyEnabled(alpha): .init(value: "false", fileValue: "true")]
        #expect(self.effective(file, changes).outdated == [.keyEnabled(alpha)])
    }

    @Test("an added key brings its provider along and takes part with what was said about it")
    func addedKey() throws {
        let label = try #require(KeyLabel("mine"))
        var key = RuntimeChanges.AddedKey(
            label: label, provider: try #require(ProviderName("anthropic")), addedAt: WallTime(microseconds: 1))
        key.priority = 2
        key.enabled = false
        var changes = RuntimeChanges()
        changes.keys = [key]
        let result = self.effective(Configuration(), changes)
        #expect(result.configuration.keys.map(\.label.text) == ["mine"])
        #expect(result.configuration.keys[0].priority == 2)
        #expect(!result.configuration.keys[0].enabled)
        #expect(result.configuration.defaultProvider?.name.text == "anthropic")
        #expect(result.addedKeys == [label])
    }

    @Test(
        "what cannot take part is left out with its reason, and the rest goes on",
        arguments: [("alpha", "kimi"), ("new", "gone"), ("lost", "kimi")])
    func leftOut(label: String, provider: String) throws {
        var changes = RuntimeChanges()
        changes.keys = [
            RuntimeChanges.AddedKey(
                label: try #require(KeyLabel(label)), provider: try #require(ProviderName(provider)),
                addedAt: WallTime(microseconds: 1))
        ]
        let result = self.effective(try self.file(), changes)
        #expect(result.configuration.keys.map(\.label.text) == ["alpha"])
        #expect(result.leftOut.count == 1)
        #expect(result.leftOut.first?.contains("\"\(label)\"") == true)
        #expect(result.addedKeys.isEmpty)
    }

    @Test("a key is left out whose provider's host has since been shut out (contract 3, upstream.allow_hosts)")
    func hostIsRefused() throws {
        var changes = RuntimeChanges()
        changes.keys = [
            RuntimeChanges.AddedKey(
                label: try #require(KeyLabel("mine")), provider: try #require(ProviderName("anthropic")),
                addedAt: WallTime(microseconds: 1))
        ]
        var file = try self.file()
        #expect(self.effective(file, changes).addedKeys.count == 1)
        file.upstream.allowHosts = [try HostPattern(parsing: "*.kimi.com")]
        let result = self.effective(file, changes)
        #expect(result.addedKeys.isEmpty)
        #expect(result.configuration.keys.map(\.label.text) == ["alpha"])
        #expect(result.configuration.providers.map(\.name.text) == ["kimi"])
        #expect(result.leftOut.first?.contains("allow_hosts") == true)
    }

    @Test("a client that was made takes part as it was made")
    func takesMadeClients() throws {
        var made = RuntimeChanges.CreatedClient(
            name: try #require(ClientName("run-1")), tokenDigest: [], createdAt: WallTime(microseconds: 1))
        made.project = "thesis"
        made.routes = ["/v1/models"]
        made.projects = ["thesis", "other"]
        made.limits = [.rps: 1, .rpm: 2, .tpm: 3, .inFlight: 4]
        made.expires = WallTime(microseconds: 2)
        var changes = RuntimeChanges()
        changes.clients = [made]
        let result = self.effective(try self.file(), changes)
        #expect(result.configuration.clients.last?.project == "thesis")
        #expect(result.configuration.clients.last?.routes == made.routes)
        #expect(result.configuration.clients.last?.projects == made.projects)
        let client = result.configuration.clients.last
        #expect([client?.rps, client?.rpm, client?.tpm, client?.inFlight] == [1, 2, 3, 4])
        #expect(result.configuration.clients.last?.expires == made.expires)
        #expect(result.createdClients == [made.name])
    }

    @Test("a client of the file wins over one that was made under the same name")
    func clientOfFileWins() throws {
        let name = try #require(ClientName("ci"))
        var file = try self.file()
        file.clients = [Configuration.Client(name: name, token: .file(path: "ci.token"))]
        var changes = RuntimeChanges()
        changes.clients = [
            RuntimeChanges.CreatedClient(name: name, tokenDigest: [], createdAt: WallTime(microseconds: 1))
        ]
        let result = self.effective(file, changes)
        #expect(result.configuration.clients == file.clients)
        #expect(result.createdClients.isEmpty)
        #expect(result.leftOut.count == 1)
    }
}
