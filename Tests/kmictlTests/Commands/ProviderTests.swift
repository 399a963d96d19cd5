import DBusControl
import Testing

@testable import kmictl

@Suite("Providers (contract section 10)")
struct ProviderTests {
    private func daemon() -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { daemon in
            daemon.providers = [
                Samples.provider("kimi"), Samples.provider("mine", breaker: "open", retry: 90),
                Samples.provider("other", overloaded: 5),
            ]
            daemon.providers[0].keys = ["alpha", "beta"]
            daemon.providers[0].models = ["k2"]
            daemon.providers[1].kind = "compatible"
            daemon.providers[1].baseURL = "http://127.0.0.1:8080/v1"
        }
        return daemon
    }

    @Test func listsProvidersInATableThatFits() async throws {
        let daemon = self.daemon()
        let text = try await kmictl("providers", daemon: daemon, terminal: .plain).output
        #expect(
            text == """
                NAME   KIND        BASE                          BREAKER            KEYS  MODELS
                kimi   kimi        https://api.kimi.com/coding…  closed                2       1
                mine   compatible  http://127.0.0.1:8080/v1      open, in 1 m 30 s     0
                other  kimi        https://api.kimi.com/coding…  overloaded            0

                """)
        #expect(try await kmictl("providers", "list", "-q", daemon: daemon).output == "kimi\nmine\nother\n")
        daemon.with { $0.providers.removeSubrange(1...) }
        #expect(
            try await kmictl("providers", "ls", "--json", daemon: daemon).output
                == #"[{"base_url":"https://api.kimi.com/coding/v1","breaker":"closed","breaker_retry_at":null,"#
                + #""keys":["alpha","beta"],"kind":"kimi","models":["k2"],"name":"kimi","overloaded_until":null}]"#
                + "\n")
    }

    @Test func addsAProvider() async throws {
        let daemon = self.daemon()
        let result = try await kmictl(
            "providers", "add", "lab", "--kind", "compatible", "--base", "https://lab.example/v1", "--anthropic-base",
            "https://lab.example/anthropic", daemon: daemon)
        #expect(result.errors == "provider lab: added.\n")
        #expect(daemon.asked == ["add provider lab compatible https://lab.example/v1"])
        #expect(daemon.with { $0.providerOptions?.anthropicBase } == "https://lab.example/anthropic")
        let json = try await kmictl("providers", "add", "lab", "--kind", "openai", "--json", daemon: daemon)
        #expect(json.output == #"{"action":"added","name":"lab"}"# + "\n")
        #expect(daemon.asked.last == "add provider lab openai ")
        let person = try await kmictl("providers", "add", "lab", "--kind", "openai", daemon: daemon, terminal: .plain)
        #expect(person.errors.contains("kmictl keys add LABEL --provider lab"))
        #expect(try await kmictl("providers", "add", "lab", daemon: daemon).status == .usage)
    }

    @Test func removesProviders() async throws {
        let daemon = self.daemon()
        let result = try await kmictl("providers", "remove", "mine", daemon: daemon)
        #expect(result.errors == "provider mine: removed.\n")
        let unknown = try await kmictl("providers", "rm", "mnie", daemon: daemon)
        #expect(unknown.status == .notFound)
        #expect(unknown.errors == "kmictl: there is no provider mnie. Did you mean mine?\n")
    }
}
