import ProxyCore
import Testing

@testable import Daemon

struct ContractConfigurationTests {
    @Test("the contract's own text parses and says the defaults (T-008)")
    func contractTextParsesWithItsDefaults() throws {
        let loaded = try loadGood(ContractText.toml)
        let defaults = Configuration()
        for setting in ConfigurationSchema.document.settings {
            #expect(setting.isEqual(loaded.configuration, defaults), "\(setting.name)")
        }
        #expect(loaded.warnings.isEmpty)
    }

    @Test("the contract's text names every key of the schema, and no other (K-012)")
    func contractTextNamesEveryKey() throws {
        let loaded = try loadGood(ContractText.toml)
        let missing = ConfigurationSchema.document.settings.map(\.name).filter { loaded.origins[$0] == nil }
        #expect(missing.isEmpty)
    }

    @Test func contractEntriesAreRead() throws {
        let configuration = try loadGood(ContractText.toml).configuration
        let client = try #require(configuration.clients.first)
        #expect(client.name.text == "ci")
        #expect(client.token == .file(path: "/etc/kmi/ci.token"))
        #expect(client == Configuration.Client(name: client.name, token: client.token))

        let provider = try #require(configuration.providers.first)
        #expect(provider.kind == .kimi)
        #expect(provider.openAIBase?.description == "https://api.kimi.com/coding/v1")
        #expect(provider.anthropicBase == provider.openAIBase)
        #expect(provider.isDefault && provider.repeatPossiblyBilled)
        #expect(provider.usageRefresh == .seconds(600) && provider.usageTimeout == .seconds(10))

        let key = try #require(configuration.keys.first)
        #expect(key == Configuration.Key(label: key.label, provider: provider.name, secret: .file(path: "alpha.key")))

        let alias = try #require(configuration.models.first)
        #expect(alias.name.text == "k2")
        #expect(alias.targets.map(\.model.text) == ["kimi-for-coding"])
    }

    @Test func defaultsOfTheSchemaAreThoseOfTheValues() throws {
        let defaults = Configuration()
        for setting in ConfigurationSchema.document.settings {
            let text = try #require(setting.defaultText)
            let parts = setting.name.split(separator: ".")
            let document = "[\(parts.dropLast().joined(separator: "."))]\n\(parts.last ?? "") = \(text)\n"
            let loaded = try loadGood(document)
            #expect(setting.isEqual(loaded.configuration, defaults), "\(setting.name) = \(text)")
        }
    }
}
