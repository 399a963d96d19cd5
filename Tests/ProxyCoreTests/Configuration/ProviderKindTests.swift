import ProxyCore
import Testing

struct ProviderKindTests {
    private func text(_ bases: ProviderKind.Bases?) -> [String?] {
        [bases?.openAI?.description, bases?.anthropic?.description]
    }

    static let known: [(ProviderKind, [String?])] = [
        (.kimi, ["https://api.kimi.com/coding/v1", "https://api.kimi.com/coding/v1"]),
        (.moonshot, ["https://api.moonshot.ai/v1", "https://api.moonshot.ai/anthropic"]),
        (.openAI, ["https://api.openai.com/v1", nil]),
        (.anthropic, [nil, "https://api.anthropic.com"]),
        (.deepSeek, ["https://api.deepseek.com", "https://api.deepseek.com/anthropic"]),
        (.openRouter, ["https://openrouter.ai/api/v1", "https://openrouter.ai/api"]),
        (.gemini, ["https://generativelanguage.googleapis.com/v1beta/openai", nil]),
        (.local, [nil, nil]),
        (.compatible, [nil, nil]),
    ]

    @Test("knows the addresses of the services", arguments: Self.known)
    func knowsAddresses(_ kind: ProviderKind, _ expected: [String?]) {
        #expect(self.text(kind.knownBases) == expected)
    }

    static let configured: [(ProviderKind, String, String?)] = [
        (.kimi, "https://api.kimi.ai/coding/v1", "https://api.kimi.ai/coding/v1"),
        (.moonshot, "https://api.moonshot.cn/v1", "https://api.moonshot.cn/anthropic"),
        (.deepSeek, "https://api.deepseek.com/v1", "https://api.deepseek.com/anthropic"),
        (.openRouter, "http://127.0.0.1:1/api/v1", "http://127.0.0.1:1/api"),
        (.openAI, "https://a.example/v1", nil),
        (.local, "unix:/run/l.sock:/v1", "unix:/run/l.sock:/v1"),
        (.compatible, "https://a.example/v1", nil),
    ]

    @Test("the other dialect follows from the kind where one address is given", arguments: Self.configured)
    func derivesTheOther(_ kind: ProviderKind, _ base: String, _ anthropic: String?) throws {
        let bases = kind.bases(configured: try UpstreamBase(parsing: base), anthropic: nil)
        #expect(self.text(bases) == [base, anthropic])
    }

    @Test func whatIsGivenWins() throws {
        let base = try UpstreamBase(parsing: "https://a.example/v1")
        let other = try UpstreamBase(parsing: "https://b.example/x")
        for kind in ProviderKind.allCases {
            let bases = kind.bases(configured: base, anthropic: other)
            #expect(bases.anthropic == other)
            #expect(bases.openAI == (kind == .anthropic ? nil : base))
        }
        #expect(self.text(ProviderKind.anthropic.bases(configured: base, anthropic: nil)) == [nil, base.description])
        #expect(
            self.text(ProviderKind.compatible.bases(configured: nil, anthropic: other)) == [nil, other.description])
    }

    @Test func theDefaultIsTheOneMarkedElseTheFirst() throws {
        var configuration = Configuration()
        #expect(configuration.defaultProvider == nil)
        let names = try ["a", "b"].map { try #require(ProviderName($0)) }
        configuration.providers = names.map { Configuration.Provider(name: $0, kind: .kimi) }
        #expect(configuration.defaultProvider?.name == names[0])
        configuration.providers[1].isDefault = true
        #expect(configuration.defaultProvider?.name == names[1])
    }

    @Test("a kind with a known address is a provider of its name, and no other name is (X-065)")
    func knowsProvidersByKind() throws {
        let configuration = Configuration()
        for kind in ProviderKind.allCases {
            let name = try #require(ProviderName(kind.rawValue))
            #expect((configuration.provider(named: name) != nil) == (kind.knownBases != nil))
        }
        #expect(configuration.provider(named: try #require(ProviderName("my-openai"))) == nil)
    }
}
