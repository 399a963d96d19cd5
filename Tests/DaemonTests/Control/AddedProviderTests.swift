import ProxyCore
import Testing

@testable import Daemon

@Suite("Providers and keys that were added, put together with the files (K-013, K-048)")
struct AddedProviderTests {
    private func provider(
        _ name: String, _ base: String = "https://lab.example/v1"
    ) throws -> RuntimeChanges.AddedProvider {
        var provider = RuntimeChanges.AddedProvider(
            name: try #require(ProviderName(name)), kind: .compatible, addedAt: WallTime(microseconds: 1))
        provider.base = try UpstreamBase(parsing: base)
        return provider
    }

    private func key(_ label: String, of provider: String) throws -> RuntimeChanges.AddedKey {
        RuntimeChanges.AddedKey(
            label: try #require(KeyLabel(label)), provider: try #require(ProviderName(provider)),
            addedAt: WallTime(microseconds: 1))
    }

    private func effective(
        _ file: Configuration, _ changes: RuntimeChanges, leaving: Set<KeyLabel> = []
    ) -> EffectiveConfiguration {
        EffectiveConfiguration(file: file, changes: changes, leaving: leaving, hasSecret: { _ in true })
    }

    @Test("an added provider is there, with or without keys, and does not become the default of those that have some")
    func takesPart() throws {
        var changes = RuntimeChanges()
        changes.providers = [try self.provider("lab")]
        let alone = self.effective(Configuration(), changes)
        #expect(alone.configuration.providers.map(\.name.text) == ["lab"])
        #expect(alone.configuration.providers[0].openAIBase?.description == "https://lab.example/v1")
        #expect(alone.addedProviders.count == 1 && alone.leftOut.isEmpty)
        changes.keys = [try self.key("mine", of: "kimi")]
        #expect(self.effective(Configuration(), changes).configuration.defaultProvider?.name.text == "kimi")
        changes.keys.insert(try self.key("first", of: "lab"), at: 0)
        let result = self.effective(Configuration(), changes)
        #expect(result.configuration.providers.map(\.name.text) == ["lab", "kimi"])
        #expect(result.configuration.keys.map(\.provider.text) == ["lab", "kimi"])
    }

    @Test("a provider of the file wins over an added one of the same name, and that is told")
    func fileWins() throws {
        var file = Configuration()
        var own = Configuration.Provider(name: try #require(ProviderName("lab")), kind: .openAI)
        own.openAIBase = try UpstreamBase(parsing: "https://file.example/v1")
        file.providers = [own]
        var changes = RuntimeChanges()
        changes.providers = [try self.provider("lab")]
        changes.keys = [try self.key("mine", of: "lab")]
        let result = self.effective(file, changes)
        #expect(result.configuration.providers == [own])
        #expect(result.addedProviders.isEmpty)
        #expect(result.addedKeys.count == 1)
        #expect(result.leftOut.count == 1 && result.leftOut[0].contains("kmictl providers remove lab"))
    }

    @Test("an added provider whose host has since been shut out is left out with its keys (K-048)")
    func hostIsRefused() throws {
        var file = Configuration()
        file.upstream.allowHosts = [try HostPattern(parsing: "*.kimi.com")]
        var changes = RuntimeChanges()
        changes.providers = [try self.provider("lab"), try self.provider("own", "unix:/run/model.sock")]
        changes.keys = [try self.key("mine", of: "lab")]
        let result = self.effective(file, changes)
        #expect(result.configuration.providers.map(\.name.text) == ["own"])
        #expect(result.configuration.keys.isEmpty)
        #expect(result.leftOut.count == 2)
        #expect(result.leftOut.first?.contains("allow_hosts") == true)
    }

    @Test("limits of an added key are in force; one that is leaving is there and disabled")
    func limitsAndLeaving() throws {
        var key = try self.key("mine", of: "kimi")
        key.limits = [.rps: 1, .rpm: 2, .tpm: 3, .inFlight: 4]
        var changes = RuntimeChanges()
        changes.keys = [key]
        let entry = self.effective(Configuration(), changes).configuration.keys[0]
        #expect(entry.rps == 1 && entry.rpm == 2 && entry.tpm == 3 && entry.inFlight == 4)
        #expect(entry.enabled)
        let leaving = self.effective(Configuration(), changes, leaving: [key.label])
        #expect(leaving.configuration.keys.map(\.enabled) == [false])
        #expect(leaving.addedKeys == [key.label])
    }
}
