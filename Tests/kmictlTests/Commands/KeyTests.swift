import DBusControl
import TestSupport
import Testing

@testable import kmictl

struct KeyTests {
    @Test func listsKeysInATableThatFits() async throws {
        let result = try await kmictl("keys", "list", "--no-color", terminal: .usual)
        #expect(result.lines.count == 4)
        #expect(result.lines.allSatisfy { DisplayWidth.of($0) <= 80 })
        #expect(result.lines[0].hasPrefix("LABEL  PROVIDER  STATE"))
        #expect(
            result.output == """
                LABEL  PROVIDER  STATE    BACK         REASON                 REQUESTS  ERRORS
                alpha  kimi      usable                                            100       0
                beta   kimi      cooling  in 1 m 30 s  provider_rate_limited       100       2
                gamma  kimi      invalid  in 10 m      provider_auth_failed        100       2

                """)
    }

    @Test("says why a key rests, when it is back, for which models, and where little is left, in 80 columns")
    func listsReasonsAndModels() async throws {
        func state(_ model: String, _ state: String, back: UInt64) -> KeyStatus.ModelState {
            KeyStatus.ModelState(
                model: model, state: state, reason: "provider_rate_limited",
                usableAt: Samples.now + back * Samples.second)
        }
        let daemon = FakeDaemon()
        daemon.with { daemon in
            daemon.keys = [
                Samples.key("alpha", "usable"),
                Samples.key("beta", "exhausted", reason: "provider_quota_exhausted", back: 7_500),
                Samples.key("gamma", "usable"), Samples.key("delta", "disabled"),
            ]
            daemon.keys[0].warn = true
            daemon.keys[2].modelStates = [
                state("gpt-5", "cooling", back: 60), state("gpt-5-mini", "cooling", back: 12),
            ]
            daemon.keys[3].modelStates = [state("gpt-5", "billing", back: 0), state("o4", "cooling", back: 9)]
        }
        #expect(
            try await kmictl("keys", daemon: daemon, terminal: .plain).output == """
                LABEL  STATE      BACK        REASON                    MODELS
                alpha  usable !
                beta   exhausted  in 2 h 5 m  provider_quota_exhausted
                gamma  usable                                           cooling 12 s (2 models)
                delta  disabled                                         1 cooling, 1 billing

                """)
        let piped = try await kmictl("keys", daemon: daemon)
        #expect(piped.output.contains("cooling 12 s (2 models)\n"))
        #expect(
            ModelStatesText.summary([state("gpt-5", "billing", back: 0)], now: Samples.now) == "billing (1 model)")
    }

    @Test func listsNothingWithoutKeys() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.keys = [] }
        let text = try await kmictl("keys", "list", daemon: daemon)
        #expect(text.output.isEmpty)
        #expect(text.status == .success)
        #expect(try await kmictl("keys", "list", "--json", daemon: daemon).output == "[]\n")
        #expect(try await kmictl("keys", "list", "-q", daemon: daemon).output.isEmpty)
    }

    @Test("lists keys in JSON with the names of the bus")
    func listsJSON() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.keys = [Samples.key("beta", "cooling", reason: "provider_rate_limited", back: 90)] }
        let expected =
            #"[{"account":null,"enabled":true,"errors":{"provider_rate_limited":2},"fingerprint":"0123456789ab","in_flight":0,"#
            + #""inconsistent_windows":[],"label":"beta","last_used_at":"2026-01-02T03:04:00Z","#
            + #""limits":{"in_flight":0,"rpm":0,"rps":0,"tpm":0},"masked":"sk-a***wxyz","model_states":[],"#
            + #""origin":"file","priority":0,"provider":"kimi","reason":"provider_rate_limited","requests":100,"state":"cooling","#
            + #""usable_at":"2026-01-02T03:05:35Z","warn":false,"weight":1,"windows":[]}]"# + "\n"
        #expect(try await kmictl("keys", "list", "--json", daemon: daemon).output == expected)
    }

    @Test func quietListsLabels() async throws {
        #expect(try await kmictl("keys", "-q").output == "alpha\nbeta\ngamma\n")
        #expect(try await kmictl("keys", "ls", "-q").output == "alpha\nbeta\ngamma\n")
    }

    @Test("tells nothing false where a window is not known (X-060)")
    func showsWindows() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.keys[0].windows = [
                KeyStatus.Window(name: "5h", used: 12, limit: 100, resetsAt: Samples.now + 60 * Samples.second),
                KeyStatus.Window(name: "7d", used: 0.25, limit: 1, resetsAt: 0),
                KeyStatus.Window(name: "month", used: .nan, limit: .nan, resetsAt: 0),
                KeyStatus.Window(name: "balance", used: 0, limit: 12.5, resetsAt: 0),
            ]
            state.keys[0].inconsistentWindows = ["7d"]
        }
        let text = try await kmictl("keys", "show", "alpha", daemon: daemon).output
        #expect(text.contains("windows      5h: 12 of 100 used (12 %), resets in 1 m\n"))
        #expect(text.contains("             7d: 25 % used, inconsistent\n"))
        #expect(text.contains("             balance: 12.5 left\n"))
        #expect(text.contains("             month: unknown\n"))
        let json = try await kmictl("keys", "show", "alpha", "--json", daemon: daemon).output
        #expect(json.contains(#"{"limit":null,"name":"month","resets_at":null,"used":null}"#))
    }

    @Test func reportsAKeyThatIsNotThere() async throws {
        let result = try await kmictl("keys", "show", "alhpa", "--json")
        #expect(result.status == .notFound)
        #expect(
            result.output
                == #"{"error":{"code":"not_found","message":"there is no key alhpa. Did you mean alpha?"}}"# + "\n")
    }

    @Test(
        "changes keys",
        arguments: [
            (["enable", "alpha", "beta"], ["change alpha enabled true", "change beta enabled true"], "enabled"),
            (["disable", "alpha"], ["change alpha enabled false"], "disabled"),
            (["reset", "alpha"], ["reset alpha"], "reset"),
            (["remove", "alpha", "--yes"], ["remove alpha"], "removed"),
        ])
    func changesKeys(words: [String], asked: [String], action: String) async throws {
        let daemon = FakeDaemon()
        let output = RecordedOutput()
        let surroundings = Surroundings(
            terminal: .none, output: output, now: { Samples.now },
            connect: { (_, _) async throws(ControlClientError) in daemon })
        #expect(await CommandRun(surroundings: surroundings).run(["keys"] + words) == .success)
        #expect(daemon.asked == asked)
        #expect(output.standardOutput.isEmpty)
        #expect(output.standardError.hasPrefix("key alpha: \(action).\n"))
    }

    @Test("asks the provider for a key and prints what came out, with patience")
    func probesAKey() async throws {
        let daemon = FakeDaemon()
        #expect(try await kmictl("keys", "probe", "alpha", daemon: daemon).output == "usable\n")
        #expect(daemon.with { $0.timeout } == .seconds(120))
        daemon.with { $0.probe = "invalid provider_auth_failed" }
        let refused = try await kmictl("keys", "probe", "alpha", "--timeout", "3s", daemon: daemon)
        #expect(refused.output == "invalid provider_auth_failed\n")
        #expect(refused.status == .success)
        #expect(daemon.with { $0.timeout } == .seconds(3))
        #expect(
            try await kmictl("keys", "probe", "alpha", "--json", daemon: daemon).output
                == #"{"label":"alpha","reason":"provider_auth_failed","state":"invalid"}"# + "\n")
        #expect(daemon.asked == ["probe alpha", "probe alpha", "probe alpha"])
        let unknown = try await kmictl("keys", "probe", "alhpa", daemon: daemon)
        #expect(unknown.status == .notFound)
        #expect(unknown.errors == "kmictl: there is no key alhpa. Did you mean alpha?\n")
        daemon.with { $0.failure = ControlClientError(.upstreamFailed, "kimi does not answer.") }
        #expect(try await kmictl("keys", "probe", "alpha", daemon: daemon).status == .failed)
    }

    @Test func resetsAllKeysAtOnce() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("keys", "reset", "--all", "--json", daemon: daemon)
        #expect(result.output == #"{"action":"reset","usable_again":2}"# + "\n")
        _ = try await kmictl("keys", "reset", daemon: daemon)
        #expect(daemon.asked == ["reset all", "reset all"])
    }

    @Test(
        "asks a person before it removes a key",
        arguments: [("y\n", true), ("YES\n", true), ("n\n", false), ("\n", false), ("", false)])
    func asksBeforeRemoval(answer: String, removes: Bool) async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("keys", "remove", "alpha", daemon: daemon, terminal: .usual, input: answer)
        #expect(result.errors.hasPrefix("Remove the key alpha, secrets included? [y/N] "))
        #expect(daemon.asked == (removes ? ["remove alpha"] : []))
        #expect(result.status == (removes ? .success : .failed))
    }

    @Test func doesNotAskAScript() async throws {
        let daemon = FakeDaemon()
        #expect(try await kmictl("keys", "remove", "alpha", daemon: daemon).status == .success)
        #expect(daemon.asked == ["remove alpha"])
    }

    @Test func addsAKeyWithASecretFromStandardInput() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl(
            "keys", "add", "delta", "--provider", "kimi", "--priority", "-3", "--weight", "2", "--model", "k2",
            "--model", "k3", "--disabled", daemon: daemon, input: "sk-planted\r\n")
        #expect(result.status == .success)
        #expect(daemon.asked == ["add delta of kimi"])
        var options = KeyOptions()
        options.priority = -3
        options.weight = 2
        options.models = ["k2", "k3"]
        options.enabled = false
        #expect(daemon.with { $0.keyOptions } == options)
        #expect(daemon.with { $0.secret } == "sk-planted")
        #expect(!(result.output + result.errors).contains("planted"))
        #expect(result.errors == "key delta: added.\n")
    }

    @Test func addsAKeyWithASecretFromAFile() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("key", "sk-file\n")
            let daemon = FakeDaemon()
            let result = try await kmictl(
                "keys", "add", "delta", "--provider", "kimi", "--secret-file", path, "--json", daemon: daemon)
            #expect(result.output == #"{"action":"added","label":"delta"}"# + "\n")
            #expect(daemon.with { $0.secret } == "sk-file")
        }
        let missing = try await kmictl("keys", "add", "delta", "--provider", "kimi", "--secret-file", "/nonexistent")
        #expect(missing.status == .failed)
        #expect(missing.errors == "kmictl: cannot read /nonexistent: No such file or directory\n")
    }

    @Test("refuses an empty secret and takes a long one", arguments: ["", "\n", String(repeating: "x", count: 65_536)])
    func refusesEmptySecrets(input: String) async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("keys", "add", "delta", "--provider", "kimi", daemon: daemon, input: input)
        // A pipe holds 64 KiB, which is the most that is taken.
        #expect(result.status == (input.count > 60_000 ? .success : .usage))
    }

    @Test func asksAtATerminalAndReadsElsewhere() {
        #expect(SecretInput.Source(file: nil, terminal: .usual) == .prompt)
        #expect(SecretInput.Source(file: nil, terminal: .none) == .input)
        #expect(SecretInput.Source(file: "-", terminal: .usual) == .input)
        #expect(SecretInput.Source(file: "/x", terminal: .usual) == .file("/x"))
    }
}
