import DBusControl
import Testing

@testable import kmictl

struct StatusTests {
    @Test func withoutACommandTheStatusIsShown() async throws {
        let result = try await kmictl()
        #expect(result.status == .success)
        #expect(
            result.output == """
                kmid       running, version 0.1.0, started 1 h ago
                listening  http://127.0.0.1:7878
                           unix:/run/user/1000/kmi/proxy.sock
                mode       round-robin
                next key   alpha
                keys       1 usable, 1 cooling, 1 invalid
                recovery   2026-01-02T03:05:35Z (in 1 m 30 s)
                in flight  2
                warnings   the provider refuses the key gamma

                """)
        #expect(try await kmictl("status").output == result.output)
    }

    @Test("shows what the daemon warns of, behind what its keys do (A-028)")
    func showsTheWarningsOfTheDaemon() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.manager.warnings = ["prices_old: the price table 2025-01 is 200 days old"] }
        #expect(
            try await kmictl("status", daemon: daemon).output.hasSuffix(
                """
                warnings   the provider refuses the key gamma
                           prices_old: the price table 2025-01 is 200 days old

                """))
        #expect(
            try await kmictl("status", "--json", daemon: daemon).output.hasSuffix(
                #""warnings":["the provider refuses the key gamma","#
                    + #""prices_old: the price table 2025-01 is 200 days old"]}"# + "\n"))
    }

    @Test("counts each state of keys in JSON, those without keys too (X-061)")
    func countsStates() async throws {
        let expected =
            #"{"active_key":"alpha","built_at":null,"commit":null,"degraded":[],"dry_run":false,"#
            + #""jobs":[],"keys":{"billing":0,"cooling":1,"disabled":0,"exhausted":0,"invalid":1,"suspect":0,"usable":1},"#
            + #""keys_total":3,"keys_usable":1,"#
            + #""listeners":["http://127.0.0.1:7878","unix:/run/user/1000/kmi/proxy.sock"],"#
            + #""next_usable_at":"2026-01-02T03:05:35Z","#
            + #""providers":[{"breaker":"closed","breaker_retry_at":null,"name":"kimi","overloaded_until":null}],"#
            + #""requests_in_flight":2,"rotation_mode":"round-robin","#
            + #""started_at":"2026-01-02T02:04:05Z","state":"running","version":"0.1.0","#
            + #""warnings":["the provider refuses the key gamma"]}"# + "\n"
        #expect(try await kmictl("status", "--json").output == expected)
    }

    @Test("shows breakers that are not closed, and providers that are overloaded (K-008)")
    func showsProvidersThatAreNotAsked() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.providers = [
                Samples.provider("deepseek", breaker: "half_open"), Samples.provider("kimi", overloaded: 30),
                Samples.provider("local"), Samples.provider("openai", breaker: "open", retry: 8, overloaded: 3),
                Samples.provider("other\u{1B}[2J", breaker: "open"),
            ]
        }
        #expect(
            try await kmictl("status", daemon: daemon).output == """
                kmid       running, version 0.1.0, started 1 h ago
                listening  http://127.0.0.1:7878
                           unix:/run/user/1000/kmi/proxy.sock
                mode       round-robin
                next key   alpha
                keys       1 usable, 1 cooling, 1 invalid
                recovery   2026-01-02T03:05:35Z (in 1 m 30 s)
                providers  deepseek: breaker half open, one request is trying it
                           kimi: overloaded, asked again in 30 s
                           openai: breaker open, tried again in 8 s; overloaded, asked again in 3 s
                           other\\u{1b}[2J: breaker open, tried again with the next request
                in flight  2
                warnings   the provider refuses the key gamma

                """)
        let json = try await kmictl("status", "--json", daemon: daemon).output
        #expect(
            json.contains(
                #"{"breaker":"open","breaker_retry_at":"2026-01-02T03:04:13Z","name":"openai","#
                    + #""overloaded_until":"2026-01-02T03:04:08Z"}"#))
    }

    @Test func tellsAPersonWithoutKeysWhatToDo() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.keys = []
            state.manager.activeKey = ""
            state.manager.nextUsableAt = 0
        }
        let result = try await kmictl("status", daemon: daemon)
        #expect(result.output.contains("keys       none: kmictl keys add LABEL --provider NAME\n"))
        #expect(!result.output.contains("recovery"))
    }

    @Test func coloursATerminalOnlyAndNotAgainstItsWill() async throws {
        #expect(try await kmictl("keys", terminal: .usual).output.contains("\u{1B}[32musable\u{1B}[0m"))
        #expect(try await !kmictl("keys").output.contains("\u{1B}"))
        #expect(try await !kmictl("keys", "--no-color", terminal: .usual).output.contains("\u{1B}"))
        var plain = Terminal.usual
        plain.allowsColour = false
        #expect(try await !kmictl("keys", terminal: plain).output.contains("\u{1B}"))
    }

    @Test func choosesTheModeAndSaysWhichKeyIsNext() async throws {
        let daemon = FakeDaemon()
        #expect(try await kmictl("mode", daemon: daemon).output == "round-robin\n")
        let result = try await kmictl("mode", "sticky", daemon: daemon)
        #expect(result.output == "sticky\n")
        #expect(result.errors == "the next request uses the key alpha.\n")
        let json = try await kmictl("mode", "--json", daemon: daemon)
        #expect(json.output == #"{"active_key":"alpha","rotation_mode":"sticky"}"# + "\n")
    }

    @Test func reportsTheKeyThatARotationBrought() async throws {
        let daemon = FakeDaemon()
        #expect(try await kmictl("rotate", daemon: daemon).output == "beta\n")
        #expect(try await kmictl("rotate", "gamma", "--provider", "kimi", daemon: daemon).output == "gamma\n")
        #expect(
            try await kmictl("rotate", "--json", daemon: daemon).output == #"{"key":"beta","reason":"next"}"# + "\n")
        #expect(daemon.asked == ["rotate - of -", "rotate gamma of kimi", "rotate - of -"])
        let unknown = try await kmictl("rotate", "gama", daemon: daemon)
        #expect(unknown.status == .notFound)
        #expect(unknown.errors == "kmictl: there is no key gama. Did you mean gamma?\n")
    }

    @Test func reloadFailsIfAChangeWasRejected() async throws {
        let daemon = FakeDaemon()
        #expect(try await kmictl("reload", "--json", daemon: daemon).output == "[]\n")
        daemon.with { $0.entries = [ReloadEntry(key: "retry.base", result: "applied", reason: "")] }
        #expect(
            try await kmictl("reload", daemon: daemon).output == "SETTING     RESULT   REASON\nretry.base  applied\n")
        daemon.with { $0.entries.append(ReloadEntry(key: "server.listen", result: "rejected", reason: "in use")) }
        #expect(try await kmictl("reload", daemon: daemon).status == .failed)
    }

    @Test func printsMetricsAsTheyAre() async throws {
        #expect(try await kmictl("metrics").output == "# TYPE kmi_up gauge\nkmi_up 1\n")
        #expect(
            try await kmictl("metrics", "--json").output == ##"{"text":"# TYPE kmi_up gauge\nkmi_up 1\n"}"## + "\n")
    }
}
