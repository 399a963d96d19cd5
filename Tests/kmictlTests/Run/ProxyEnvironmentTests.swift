import DBusControl
import Testing

@testable import kmictl

struct ProxyEnvironmentTests {
    private func provider(_ name: String, _ kind: String, keys: [String] = []) -> ProviderStatus {
        var provider = ProviderStatus()
        (provider.name, provider.kind, provider.keys) = (name, kind, keys)
        return provider
    }

    private func environment(
        _ kimi: KimiRoute = KimiRoute(), _ inherited: [String: String] = [:]
    ) throws -> [String: String] {
        let proxy = try ProxyAddress(listeners: ["http://127.0.0.1:7878"])
        let environment = ProxyEnvironment(proxy: proxy, kimi: kimi, token: "kmi_t0ken") { inherited[$0] }
        return Dictionary(environment.variables.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    @Test("points the clients of OpenAI, Anthropic and Kimi at the daemon (providers 18)")
    func pointsClients() throws {
        #expect(
            try self.environment() == [
                "OPENAI_BASE_URL": "http://127.0.0.1:7878/v1", "OPENAI_API_BASE": "http://127.0.0.1:7878/v1",
                "OPENAI_API_KEY": "kmi_t0ken", "ANTHROPIC_BASE_URL": "http://127.0.0.1:7878",
                "ANTHROPIC_AUTH_TOKEN": "kmi_t0ken", "KIMI_BASE_URL": "http://127.0.0.1:7878/v1",
                "KIMI_API_KEY": "kmi_t0ken", "KIMI_MODEL_BASE_URL": "http://127.0.0.1:7878/v1",
                "KIMI_MODEL_API_KEY": "kmi_t0ken", "KMI_TOKEN": "kmi_t0ken",
            ])
    }

    @Test("Kimi's clients reach Kimi wherever it stands among the providers")
    func findsKimi() {
        let openAI = self.provider("main", "openai", keys: ["o"])
        let kimi = self.provider("plan", "kimi", keys: ["k"])
        let moonshot = self.provider("moon", "moonshot", keys: ["m"])
        func route(_ providers: [ProviderStatus], _ active: String) -> (String, Bool) {
            let route = KimiRoute(providers: providers, activeKey: active)
            return (route.path, route.isPlan)
        }
        #expect(route([openAI, kimi], "k") == ("/v1", true), "the default one")
        #expect(route([openAI, kimi], "o") == ("/p/plan", true), "another is")
        #expect(route([openAI, kimi], "") == ("/p/plan", true), "nobody knows which one is")
        #expect(route([moonshot, openAI], "o") == ("/p/moon", false))
        #expect(route([moonshot, kimi], "m") == ("/v1", false))
        #expect(route([openAI], "o") == ("/v1", false))
        #expect(route([self.provider("a/b", "kimi")], "") == ("/v1", true), "no name of a provider")
    }

    @Test func namesTheModelOfThePlanUnlessSomebodyDid() throws {
        var kimi = KimiRoute()
        kimi.isPlan = true
        #expect(try self.environment(kimi)["KIMI_MODEL_NAME"] == "kimi-for-coding")
        #expect(try self.environment(kimi)["KIMI_MODEL_MAX_CONTEXT_SIZE"] == "262144")
        #expect(try self.environment(kimi, ["KIMI_MODEL_NAME": "mine"])["KIMI_MODEL_NAME"] == nil)
        #expect(try self.environment()["KIMI_MODEL_NAME"] == nil)
    }

    @Test func keepsOtherProxiesOut() throws {
        #expect(try self.environment()["NO_PROXY"] == nil)
        let proxied = ["https_proxy": "http://proxy:3128"]
        #expect(try self.environment(KimiRoute(), proxied)["NO_PROXY"] == "127.0.0.1")
        #expect(try self.environment(KimiRoute(), proxied)["no_proxy"] == "127.0.0.1")
        let former = proxied.merging(["NO_PROXY": "a.lan"]) { $1 }
        #expect(try self.environment(KimiRoute(), former)["no_proxy"] == "a.lan,127.0.0.1")
        let both = try self.environment(
            KimiRoute(), ["ALL_PROXY": "socks5://proxy", "no_proxy": "127.0.0.1", "NO_PROXY": "a.lan, b.lan"])
        for name in ["no_proxy", "NO_PROXY"] {
            #expect(both[name] == "127.0.0.1,a.lan,b.lan", "programs read either of them")
        }
        let all = proxied.merging(["no_proxy": "*", "NO_PROXY": "a.lan"]) { $1 }
        #expect(try self.environment(KimiRoute(), all)["NO_PROXY"] == "*")
        for enough in ["*", "a.lan, 127.0.0.1"] {
            #expect(
                try self.environment(KimiRoute(), proxied.merging(["NO_PROXY": enough]) { $1 })["NO_PROXY"] == nil)
        }
    }

    @Test func changesNothingElseOfAnEnvironment() throws {
        let proxy = try ProxyAddress(listeners: ["http://127.0.0.1:7878"])
        let environment = ProxyEnvironment(proxy: proxy, kimi: KimiRoute(), token: "kmi_t0ken") { _ in nil }
        let kept: [[UInt8]] = [
            Array("A=b=c".utf8), [0x42, 0x3D, 0xFF], Array("nothing".utf8), Array("KMI_TOKENS=x".utf8),
        ]
        let gone = ["ANTHROPIC_API_KEY=sk-real", "KMI_TOKEN=old", "OPENAI_API_KEY="].map { Array($0.utf8) }
        let block = EnvironmentBlock.pointing(gone + kept, to: environment)
        #expect(Array(block.prefix(4)) == kept)
        #expect(block.count == kept.count + environment.variables.count)
        #expect(block.contains(Array("KMI_TOKEN=kmi_t0ken".utf8)))
    }
}
