import DBusControl
import Testing

@testable import kmictl

struct ExplainTests {
    @Test("says which key would be taken and why, and why each other one not, in 80 columns")
    func explains() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("explain", "k2", daemon: daemon, terminal: .plain)
        #expect(
            result.output == """
                the next request would use alpha of kimi (its conversation).

                KEY    PROVIDER  STATE    WHY                             BACK
                alpha  kimi      usable   taken: its conversation
                beta   kimi      cooling  provider_rate_limited           in 1 m 30 s
                gamma  kimi      usable   the turn of another one
                delta  moonshot  usable   its provider's breaker is open  in 8 s

                """)
        #expect(result.status == .success)
        #expect(daemon.asked == ["explain k2"])
        #expect(try await kmictl("explain", "k2", "-q").output == "alpha\n")
    }

    @Test func handsOnWhatIsKnownOfTheRequest() async throws {
        let daemon = FakeDaemon()
        _ = try await kmictl(
            "explain", "k2", "--key", "alpha", "--session", "s/1", "--provider", "kimi", "--client", "ci",
            daemon: daemon)
        var options = ExplainOptions()
        options.key = "alpha"
        options.session = "s/1"
        options.provider = "kimi"
        options.client = "ci"
        #expect(daemon.with { $0.explainOptions } == options)
    }

    @Test("explains in JSON with the names of the bus")
    func explainsInJSON() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.explanation.removeFirst(3) }
        let expected =
            #"[{"breaker":"open","candidate":1,"chosen":false,"key":"delta","model":"kimi-k2","obstacle":"provider","#
            + #""provider":"moonshot","reason":"","selection":"","state":"usable","#
            + #""usable_at":"2026-01-02T03:04:13Z"}]"# + "\n"
        #expect(try await kmictl("explain", "k2", "--json", daemon: daemon).output == expected)
    }

    @Test func saysWhenTheFirstKeyIsBackIfNoneCanBeUsed() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.explanation = Array($0.explanation.dropFirst()) }
        #expect(
            try await kmictl("explain", "k2", daemon: daemon).output.hasPrefix(
                "no key can be used now; delta of moonshot is back in 8 s.\n\nKEY "))
        daemon.with { $0.explanation = [Samples.explained("gamma", state: "disabled", obstacle: "state")] }
        #expect(
            try await kmictl("explain", "k2", daemon: daemon).output == """
                no key can be used.

                KEY    PROVIDER  STATE     WHY                   BACK  MODEL
                gamma  kimi      disabled  disabled by a person        kimi-for-coding

                """)
        daemon.with { $0.explanation = [] }
        let none = try await kmictl("explain", "k2", daemon: daemon)
        #expect(none.output == "there is no key for such a request.\n")
        #expect(none.status == .success)
    }

    @Test func explainsARequestThatHasEnded() async throws {
        let daemon = FakeDaemon()
        var row = Samples.row("req-1", status: 200)
        row.attempts[0].selection = "turn"
        row.attempts[0].errorClass = "provider_rate_limited"
        row.attempts[0].passedOver = ["gamma": "cooling"]
        var second = row.attempts[0]
        second.key = "beta"
        second.selection = "only"
        second.errorClass = ""
        second.passedOver = ["alpha": "tried", "gamma": "cooling"]
        row.attempts.append(second)
        let trail = ExplainRow.trail(of: row)
        daemon.with { $0.explanation = trail }
        #expect(
            try await kmictl("explain", "--request", "req-1", daemon: daemon, terminal: .plain).output == """
                the request req-1 was sent in 2 attempts, the last one with beta of kimi (there
                is no other one).

                TRY  KEY    PROVIDER  WHY                           RESULT
                  1  alpha  kimi      taken: its turn               provider_rate_limited
                  1  gamma  kimi      cooling
                  2  beta   kimi      taken: there is no other one  ok
                  2  alpha  kimi      the request failed on it
                  2  gamma  kimi      cooling

                """)
        #expect(daemon.with { $0.explainOptions?.request } == "req-1")
        daemon.with { $0.explanation = [] }
        #expect(
            try await kmictl("explain", "--request", "req-1", daemon: daemon).output
                == "the request req-1 was never sent to a provider.\n")
    }

    @Test func endsWithTheStatusesOfTheContract() async throws {
        let key = try await kmictl("explain", "k2", "--key", "alhpa")
        #expect(key.status == .notFound)
        #expect(key.errors == "kmictl: there is no key alhpa. Did you mean alpha?\n")
        let request = try await kmictl("explain", "--request", "req-9")
        #expect(request.status == .notFound)
        #expect(request.errors == "kmictl: there is no request req-9.\n")
        let daemon = FakeDaemon()
        daemon.with { $0.failure = ControlClientError(.notFound, "There is no provider \"x\".") }
        let provider = try await kmictl("explain", "k2", "--provider", "x", daemon: daemon)
        #expect(provider.status == .notFound)
        #expect(provider.errors == "kmictl: There is no provider \"x\".\n")
        for words in [[], ["k2", "--request", "req-1"], ["--request", "req-1", "--key", "alpha"]] {
            let surroundings = Surroundings(
                terminal: .none, output: RecordedOutput(), now: { Samples.now },
                connect: { (_, _) async throws(ControlClientError) in FakeDaemon() })
            #expect(await CommandRun(surroundings: surroundings).run(["explain"] + words) == .usage)
        }
    }

    @Test("shows what the daemon tells without its escapes (A-005)")
    func showsNoEscapes() async throws {
        let daemon = FakeDaemon()
        daemon.with {
            $0.explanation = [
                Samples.explained("a\u{1B}]8;;x", model: "m\n", selection: "\u{1B}[1m", state: "\u{7}"),
                Samples.explained("b", obstacle: "\u{202E}"),
            ]
        }
        let text = try await kmictl("explain", "k2", daemon: daemon).output
        #expect(!text.unicodeScalars.contains { SafeText.isUnsafe($0) && $0 != "\n" })
        #expect(text.contains("a\\u{1b}]8;;x") && text.contains("m\\n"))
    }
}
