import ProxyCore
import Testing

@testable import Daemon

struct ConfigurationProblemTests {
    @Test("reports ten problems of a file at once, in order, with line, key and suggestion (K-016)")
    func reportsAllProblemsAtOnce() throws {
        let toml = """
            [server]
            lisen = ["127.0.0.1:7878"]
            admin_listen = "0.0.0.0:7879"
            allowed_origins = ["*"]

            [server.limits]
            connections = 0
            request_body = "32MB"

            [retry]
            max_attempts = "four"

            [upstream]
            max_idle_connections = 600

            [[key]]
            label = "alpha"
            provider = "kimmi"
            secret = "sk-kimi-0123456789abcdef"

            [[key]]
            label = "alpha"
            provider = "openai"
            secret = "env:OPENAI"
            """
        #expect(
            try problems(toml) == [
                #"kmi.toml:2: server.lisen: unknown key; did you mean "listen"?"#,
                #"kmi.toml:3: server.admin_listen: "0.0.0.0:7879" is reachable from other machines, which needs server.tls.certificate and server.tls.private_key; else listen on loopback or a Unix socket"#,
                #"kmi.toml:4: server.allowed_origins: value 1: "*" is refused, because any page could then call: list exact origins"#,
                #"kmi.toml:7: server.limits.connections: expected a whole number from 1 to 1000000; found 0"#,
                #"kmi.toml:8: server.limits.request_body: expected a size such as "64KiB", "32MiB" or "1GiB", or a number of bytes"#,
                #"kmi.toml:11: retry.max_attempts: expected a whole number from 1 to 100; found a text"#,
                #"kmi.toml:14: upstream.max_idle_connections: upstream.max_idle_connections (600) must not be above upstream.max_connections (512)"#,
                #"kmi.toml:18: key[0].provider: there is no provider "kimmi"; did you mean "kimi"?"#,
                #"kmi.toml:19: key[0].secret: is not a secret reference: expected file:PATH, credential:NAME, env:NAME, secret-service:ATTR=VALUE[,…] or store:ID. A secret itself never stands here"#,
                #"kmi.toml:22: key[1].label: "alpha" is already used on line 17; it must be unique"#,
            ])
    }

    /// A document and what must stand in its one problem.
    struct Case: Sendable, CustomTestStringConvertible {
        var toml: String
        var line: String
        init(_ toml: String, _ line: String) {
            self.toml = toml
            self.line = line
        }
        var testDescription: String { self.line }
    }

    static let key = "[[key]]\nlabel = \"a\"\nprovider = \"kimi\"\nsecret = \"env:A\"\n"
    static let local = "[[provider]]\nname = \"l\"\nkind = \"local\"\n"

    static let cases: [Case] = [
        // Unknown keys and misplaced tables.
        Case("serve = 1", #"1: serve: unknown key; did you mean "server"?"#),
        Case("[server]\nin_flight = 3", #"2: server.in_flight: unknown key; did you mean "limits.in_flight"?"#),
        Case(
            "[notifications]\nbells = true", "2: notifications.bells: unknown key; expected one of desktop, error_rate"),
        Case("server = 3", "1: server: expected a table; found a whole number"),
        Case("[[server]]\n", "1: server: expected a table; found a list"),
        Case("[key]\nlabel = \"a\"", "1: key: expected a list of tables, each under [[key]]; found a table"),
        Case("key = [1]", "1: key[0]: expected a table; found a whole number"),
        Case("\"server.listen\" = []", "1: \"server.listen\": unknown key"),
        Case(
            "[[key]]\nlabel = \"a\"\nprovider = \"kimi\"",
            #"1: key[0]: "secret" is missing: expected a secret reference"#),
        // Names.
        Case(
            Self.key + "[[provider]]\nname = \"x\"\nkind = \"kimi\"\n[[provider]]\nname = \"x\"\nkind = \"openai\"",
            #"9: provider[1].name: "x" is already used on line 6"#),
        Case(
            "[[provider]]\nname = \"x\"\nkind = \"kimi\"\ndefault = true\n[[provider]]\nname = \"y\"\nkind = \"kimi\"\ndefault = true",
            "8: provider[1].default: only one provider can be the default; another one is on line 4"),
        Case(
            "[[model]]\nname = \"m\"\ntargets = [ { provider = \"nope\", model = \"x\" } ]",
            #"3: model[0].targets[0].provider: there is no provider "nope""#),
        Case("[[model]]\nname = \"m\"", #"1: model[0]: "targets" is missing"#),
        // Providers and addresses (K-046, K-048).
        Case(Self.local, #"1: provider[0]: a provider of the kind "local" has no known address: set base_url"#),
        Case(Self.local + "base_url = \"http://10.0.0.1/v1\"", "4: provider[0].base_url: must be https"),
        Case(
            "[upstream]\nallow_hosts = [\"*.example.org\"]\n" + Self.local + "base_url = \"https://api.example.com\"",
            #"6: provider[0].base_url: the host "api.example.com" is not in upstream.allow_hosts"#),
        // Pins (K-038).
        Case(
            Self.local
                + "base_url = \"http://127.0.0.1:1\"\npins = [\"sha256//\(String(repeating: "A", count: 43))=\"]",
            "5: provider[0].pins: has pins, but there is no certificate at http://127.0.0.1:1: pins need https"),
        Case(
            Self.local + "base_url = \"unix:/l.sock\"\npins = [\"sha256//\(String(repeating: "A", count: 43))=\"]",
            "5: provider[0].pins: has pins, but there is no certificate at unix:/l.sock: pins need https"),
        Case(
            "[upstream]\nallow_hosts = [\"a.b\"]\n" + Self.key,
            #"5: key[0].provider: the host "api.kimi.com" of its provider is not in upstream.allow_hosts"#),
        Case(
            Self.local + "base_url = \"unix:/l.sock\"\n[[provider.rule]]\nclass = \"provider_billing\"",
            "5: provider[0].rule[0]: a rule needs at least one of status, type, code, message"),
        // What the parser would end the process for.
        Case("[.a]", "1: is not TOML"), Case("[{", "1: is not TOML"),
        Case("[server]\n[[[key]]]", "2: is not TOML"), Case("\u{A0}[[ =", "1: holds a character"),
        Case("[", "1: is not TOML"), Case("[#]", "1: is not TOML"), Case("a = [}", "1: is not TOML"),
        Case("a = [1, }", "1: is not TOML"),
        Case("[]", "1: column"), Case("[ [key]]", "1: column"),
        // Pools (K-045).
        Case(
            "[upstream]\nmax_connections = 100\nmax_idle_connections = 10",
            "2: upstream.max_connections: upstream.max_connections (100) must not be below limits.in_flight (512)"),
        Case(
            "[limits]\nin_flight = 1000",
            "2: limits.in_flight: upstream.max_connections (512) must not be below limits.in_flight (1000)"),
        Case(
            "[upstream]\nmax_idle_connections = 0",
            "2: upstream.max_idle_connections: expected a whole number from 1 to 1000000; found 0"),
        Case("[retry]\nbase = \"10s\"", "2: retry.base: retry.base (10s) must not be above retry.cap (8s)"),
        // Listeners (K-004).
        Case(
            "[server]\nlisten = [\"127.0.0.1:7879\"]",
            #"2: server.listen: "127.0.0.1:7879" is already listened on by server.admin_listen"#),
        Case("[server]\nlisten = [\"[::]:7878\"]", #"2: server.listen: "[::]:7878" is reachable from other machines"#),
        Case("[server]\nlisten = [\"example.org:7878\"]", "is reachable from other machines"),
        Case(
            "[server]\nlisten = [\"https://127.0.0.1:7878\"]",
            #"2: server.listen: "https://127.0.0.1:7878" needs server.tls.certificate and server.tls.private_key"#),
        Case(
            "[server]\nlisten = [\"0.0.0.0:7878\"]\n[auth]\nrequire_token = false",
            "needs server.tls.certificate, server.tls.private_key and auth.require_token = true"),
        Case(
            "[server]\nlisten = [\"0.0.0.0:7878\"]\n[auth]\nrequire_token = false\n[server.tls]\ncertificate = \"/c\"\n"
                + "private_key = \"/k\"",
            "2: server.listen: \"0.0.0.0:7878\" is reachable from other machines, which needs auth.require_token = true"
        ),
        Case(
            "[server]\nlisten = [\"http://192.0.2.7:7878\"]\n[server.tls]\ncertificate = \"/c\"\nprivate_key = \"/k\"",
            "which needs https:// instead of http://"),
        Case(
            "[server]\nadmin_listen = \"[::]:7879\"",
            "2: server.admin_listen: \"[::]:7879\" is reachable from other machines, which needs server.tls.certificate"
        ),
        // TLS that could not work (L-006).
        Case("[server.tls]\ncertificate = \"/c\"", "2: server.tls.certificate: needs server.tls.private_key"),
        Case("[server.tls]\nprivate_key = \"/k\"", "2: server.tls.private_key: needs server.tls.certificate"),
        Case(
            "[server.tls]\ncertificate = \"/c\"\nprivate_key = \"/k\"\nclient_auth = \"required\"",
            "4: server.tls.client_auth: \"required\" needs server.tls.client_ca"),
        Case(
            "[server.tls]\nclient_ca = \"/a\"\nclient_auth = \"optional\"",
            "3: server.tls.client_auth: \"optional\" needs server.tls.certificate"),
        Case(
            "[server.tls]\nclient_subjects = [\"CN=a\"]",
            "2: server.tls.client_subjects: lets nobody in or out while server.tls.client_auth is \"off\""),
        Case("[server]\nlisten = []\nsocket = \"off\"", "2: server.listen: nothing would be listened on"),
    ]

    @Test("names line, key and expected form (K-016)", arguments: Self.cases)
    func reports(_ testCase: Case) throws {
        let lines = try problems(testCase.toml)
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains(testCase.line) == true, "\(lines)")
    }

    @Test("reports both places of a secret reference that stands twice (X-009)")
    func reportsSharedReferences() throws {
        let lines = try problems(
            Self.key + "[[key]]\nlabel = \"b\"\nprovider = \"kimi\"\nsecret = \"env:A\"\n")
        #expect(
            lines == [
                "kmi.toml:4: key[0].secret: the same secret is also used on line 8; each needs its own",
                "kmi.toml:8: key[1].secret: the same secret is also used on line 4; each needs its own",
            ])
    }

    @Test("warns only where the same secret is a key of another provider (X-009)")
    func warnsOfSecretsOfTwoProviders() throws {
        let loaded = try loadGood(Self.key + "[[key]]\nlabel = \"b\"\nprovider = \"openai\"\nsecret = \"env:A\"\n")
        #expect(
            loaded.warnings.map(\.message) == [
                "the same secret is also used on line 8, for another provider",
                "the same secret is also used on line 4, for another provider",
            ])
    }

    @Test(
        "never repeats a secret in the wrong place (K-009)",
        arguments: [
            "[[key]]\nlabel = \"a\"\nprovider = \"kimi\"\nsecret = \"sk-very-secret-0123456789\"",
            "[[key]]\nlabel = \"a\"\nprovider = \"kimi\"\nsecret = [\"sk-very-secret-0123456789\"]",
            "[[key]]\nlabel = \"sk-very-secret-0123456789 \"\nprovider = \"kimi\"\nsecret = \"env:A\"",
            "[[client]]\nname = \"a\"\ntoken = \"bearer:sk-very-secret-0123456789\"",
            "[upstream]\nproxy = \"http://user:sk-very-secret-0123456789@proxy:3128\"",
            "[[key]]\nlabel = \"a\"\nprovider = \"kimi\"\nsecret = \"env:A\"\nheaders = { Authorization = \"sk-very-secret-0123456789\" }",
            "[[provider]]\nname = \"a\"\nkind = \"local\"\nbase_url = \"https://u:sk-very-secret-0123456789@h/v1\"",
        ])
    func neverRepeatsSecrets(_ toml: String) throws {
        let lines = try problems(toml)
        #expect(!lines.isEmpty)
        #expect(!lines.contains { $0.contains("very-secret") }, "\(lines)")
    }

    @Test(
        "a syntax error does not repeat what stands in the document (K-009)",
        arguments: [
            "secret = sk-very-secret-0123456789", "secret = tsk-very-secret-0123456789",
            "secret = fsk-very-secret-0123",
            "secret = \"sk-very-secret-0123456789", "secret = 'sk-very-secret-0123456789",
            "secret: sk-very-secret-0123456789",
            "sk-very-secret-0123456789", "secret = 0sk-very-secret-0123456789", "secret = 1-very-secret-0123456789",
            "secret = \"sk-very-secret\\q0123456789\"", "secret = -very-secret-0123",
            "secret = {sk-very-secret-0123456789}",
            "secret = true-very-secret", "secret = infvery-secret", "secret = 2020-very-secret",
            "secret = 0xvery-secret",
            "\"sk-very-secret-0123456789\" = 1\n\"sk-very-secret-0123456789\" = 2",
        ])
    func syntaxErrorsRepeatNothing(_ toml: String) throws {
        let lines = try problems(toml)
        #expect(!lines.isEmpty)
        #expect(!lines.contains { $0.contains("very-s") || $0.contains("sk-") }, "\(lines)")
    }

    @Test("one pin alone gets a word, two different ones none (K-038)")
    func asksForABackupPin() throws {
        let (one, other) = (
            "\"sha256//\(String(repeating: "A", count: 43))=\"", "\"sha256//\(String(repeating: "E", count: 43))=\""
        )
        for (pins, warnings) in [([], 0), ([one], 1), ([one, one], 1), ([one, other], 0)] {
            let loaded = try loadGood(
                Self.local + "base_url = \"https://api.example.org/v1\"\npins = [\(pins.joined(separator: ", "))]")
            #expect(loaded.warnings.filter { $0.message.hasPrefix("has one pin only") }.count == warnings, "\(pins)")
        }
    }

    @Test func warnsOfClientsWhoseTimeIsOver() throws {
        let loaded = try loadGood(
            "[notifications]\ndesktop = false\n[rotation]\nmode = \"most-remaining\"\n[[client]]\nname = \"c\"\ntoken = \"env:T\"\nrpm = 3\n"
                + "expires = \"2020-01-01T00:00:00Z\"\n")
        let lines = loaded.warnings.map { "\($0.origin.line ?? 0) \($0.origin.key): \($0.message)" }
        #expect(
            lines == [
                "9 client[0].expires: lies in the past: this client is refused"
            ])
    }
}
