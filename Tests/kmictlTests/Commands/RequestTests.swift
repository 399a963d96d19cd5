import DBusControl
import Testing

@testable import kmictl

struct RequestTests {
    @Test func listsRequestsInATableThatFits() async throws {
        let result = try await kmictl("requests", "--no-color", terminal: .usual)
        #expect(result.lines.count == 3)
        #expect(result.lines.allSatisfy { DisplayWidth.of($0) <= 80 })
        #expect(result.lines[1].hasPrefix("3 s ago     200  alpha"))
    }

    @Test("hands on every filter (A-024)")
    func filters() async throws {
        let daemon = FakeDaemon()
        _ = try await kmictl(
            "requests", "--key", "alpha", "--provider", "kimi", "--client", "ci", "--status", "502", "--class",
            "provider_timeout", "--since", "2h", "--until", "2026-01-02T03:00:00Z", "-n", "7", "--cursor", "c1",
            daemon: daemon)
        var filter = RequestFilter()
        filter.key = "alpha"
        filter.provider = "kimi"
        filter.client = "ci"
        filter.status = 502
        filter.errorClass = "provider_timeout"
        filter.since = Samples.now - 7200 * Samples.second
        filter.until = Samples.now - 245 * Samples.second
        filter.limit = 7
        filter.cursor = "c1"
        #expect(daemon.with { $0.filter } == filter)
        _ = try await kmictl("requests", daemon: daemon)
        #expect(daemon.with { $0.filter } == RequestFilter())
    }

    @Test("says where the list goes on (A-024)")
    func tellsTheCursor() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.cursor = "c2" }
        let result = try await kmictl("requests", "-q", "--json", "-n", "2", daemon: daemon)
        #expect(result.errors.isEmpty)
        #expect(
            try await kmictl("requests", "-n", "2", daemon: daemon).errors == "kmictl: there are more: --cursor c2\n")
    }

    @Test func showsARequestWithItsAttempts() async throws {
        let text = try await kmictl("request", "req-2").output
        #expect(text.contains("attempts    1. alpha at kimi: 500 provider_server_error, 1.25 s\n"))
        #expect(text.contains("tokens      10 input\n            20 output\n"))
        #expect(text.contains("cost        $0.0000015\n"))
        let json = try await kmictl("request", "req-2", "--json").output
        #expect(
            json
                == #"{"attempts":[{"class":"provider_server_error","cost_pico_usd":null,"decided_by":"","#
                + #""duration_us":1250000,"inconsistent":false,"key":"alpha","model":"","passed_over":{},"#
                + #""possibly_billed":false,"price_version":"","pricing":"","provider":"kimi","quality":"none","#
                + #""selection":"","status":500,"tokens":{},"waited_us":0}],"class":"provider_server_error","#
                + #""client":"ci","cost_pico_usd":1500000,"dialect":"openai","duration_us":1250000,"#
                + #""first_byte_us":350000,"id":"req-2","key":"alpha","model":"kimi-for-coding","outcome":"complete","#
                + #""price_version":"","pricing":"","process":"","process_id":null,"project":"","provider":"kimi","#
                + #""quality":"none","received_at":"2026-01-02T03:04:02Z","status":502,"stream":false,"#
                + #""tokens":{"input":10,"output":20},"unit":"","used_model":"","user":"","user_id":null}"# + "\n")
        #expect(try await kmictl("request", "req-9").status == .notFound)
    }

    @Test("tells of each attempt why it was made so, and who was passed over")
    func showsTheAttemptTrail() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.rows[0].attempts[0].errorClass = "provider_rate_limited"
            state.rows[0].attempts[0].status = 429
            state.rows[0].attempts[0].selection = "turn"
            state.rows[0].attempts[0].decidedBy = "kimi.rate_limit"
            state.rows[0].attempts[0].passedOver = ["gamma": "cooling", "delta\n": "in_flight"]
            var second = RequestRow.Attempt()
            second.key = "beta"
            second.provider = "kimi"
            second.errorClass = "provider_timeout"
            second.duration = 30_000_000
            second.selection = "only"
            second.waited = 250_000
            second.isPossiblyBilled = true
            second.decidedBy = "timeout"
            state.rows[0].attempts.append(second)
        }
        let text = try await kmictl("request", "req-1", daemon: daemon, terminal: .plain).output
        let trail = try #require(text.firstRange(of: "attempts"))
        #expect(
            text[trail.lowerBound...] == """
                attempts    1. alpha at kimi: 429 provider_rate_limited, 1.25 s
                               its turn; decided by kimi.rate_limit
                               passed over: delta\\n (in_flight), gamma (cooling)
                            2. beta at kimi: no answer provider_timeout, 30.00 s
                               there is no other one; waited 250 ms; decided by timeout;
                               possibly billed

                """)
        let json = try await kmictl("request", "req-1", "--json", daemon: daemon).output
        #expect(json.contains(#""passed_over":{"delta\n":"in_flight","gamma":"cooling"},"possibly_billed":false"#))
        #expect(json.contains(#""selection":"only","status":0,"tokens":{},"waited_us":250000"#))
    }

    @Test func followsOneObjectALine() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            var late = Samples.row("req-4", status: 200)
            late.dropped = 3
            state.followed = [Samples.row("req-3", status: 502), late]
        }
        let json = try await kmictl("requests", "--follow", "--json=pretty", daemon: daemon)
        #expect(json.lines.count == 2)
        #expect(json.lines[1].contains(#""dropped":3"#))
        let text = try await kmictl("requests", "-f", "--status", "200", daemon: daemon)
        #expect(
            text.output == "2026-01-02T03:04:02Z  200  alpha  kimi-for-coding  1.25 s  complete  ci  req-4\n")
        #expect(text.errors == "kmictl: 3 requests were left out.\n")
        #expect(try await kmictl("requests", "-f", "-q", daemon: daemon).output == "req-3\nreq-4\n")
    }

    @Test("counts what was left out although a filter hides the row that tells it")
    func countsDroppedBehindAFilter() async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            var hidden = Samples.row("req-3", status: 502)
            hidden.dropped = 2
            var shown = Samples.row("req-4", status: 200)
            shown.dropped = 1
            state.followed = [hidden, shown]
        }
        let json = try await kmictl("requests", "-f", "--json", "--status", "200", daemon: daemon)
        #expect(json.lines.count == 1)
        #expect(json.lines[0].contains(#""dropped":3"#))
    }

    @Test func shownOnceWhatTheListAndTheFollowingBothTell() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.followed = [Samples.row("req-2", status: 502), Samples.row("req-3", status: 200)] }
        let result = try await kmictl("requests", "-f", "-q", "--since", "1h", daemon: daemon)
        #expect(result.output == "req-2\nreq-1\nreq-3\n")
        #expect(daemon.asked == ["follow", "requests"])
    }

    @Test(
        "filters what is followed as the daemon filters lists",
        arguments: [
            (["--key", "alpha"], true), (["--key", "beta"], false), (["--client", "ci"], true),
            (["--client", "x"], false),
            (["--provider", "kimi"], true), (["--provider", "x"], false), (["--class", "provider_server_error"], true),
            (["--class", "provider_timeout"], false), (["--status", "502"], true), (["--status", "200"], false),
        ])
    func filtersRows(words: [String], matches: Bool) throws {
        let command = try #require(try CommandRun.parse(CommandWords(["requests"] + words)) as? RequestsCommand)
        let filter = try command.filter(now: Samples.now, zone: .hoursEast(0))
        #expect(filter.matches(Samples.row("req-2", status: 502)) == matches)
    }
}
