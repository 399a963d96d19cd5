import DBusControl
import Testing

@testable import kmictl

struct RequestSummaryTests {
    private static func row(
        _ key: String, _ requests: UInt64, of provider: String = "kimi", eligible: Bool = true
    ) -> RequestSummary.Row {
        var row = RequestSummary.Row()
        row.key = key
        row.provider = provider
        row.requests = requests
        row.isEligible = eligible
        return row
    }

    private static func daemon(_ rows: RequestSummary.Row...) -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { $0.summary = RequestSummary(rows: rows) }
        return daemon
    }

    @Test("50 requests on one of three keys are a confidence of 0 % (X-007)")
    func showsTheDistribution() async throws {
        let daemon = Self.daemon(
            Self.row("alpha", 50), Self.row("beta", 0), Self.row("gamma", 0), Self.row("spare", 10, eligible: false))
        #expect(
            try await kmictl("requests", "--summary", daemon: daemon, terminal: .plain).output == """
                KEY    PROVIDER  REQUESTS  SHARE  TAKES TURNS  WEIGHT
                alpha  kimi            50   83 %  yes               1
                beta   kimi             0    0 %  yes               1
                gamma  kimi             0    0 %  yes               1
                spare  kimi            10   17 %  no                1

                rotation confidence: 0 %

                """)
    }

    @Test("says n/a under 20 samples, for each provider by itself (X-007)")
    func saysNothingOfFew() async throws {
        let daemon = Self.daemon(
            Self.row("alpha", 10), Self.row("beta", 10), Self.row("delta", 19, of: "openai"))
        let text = try await kmictl("requests", "--summary", daemon: daemon).output
        #expect(
            text.hasSuffix(
                """

                rotation confidence of kimi: 100 %
                rotation confidence of openai: n/a (fewer than 20 requests on keys that take turns)

                """))
        #expect(
            try await kmictl("requests", "--summary", "--json", daemon: daemon).output
                == #"{"confidence":1.0,"keys":["#
                + #"{"eligible":true,"key":"alpha","provider":"kimi","requests":10,"share":0.5,"weight":1},"#
                + #"{"eligible":true,"key":"beta","provider":"kimi","requests":10,"share":0.5,"weight":1},"#
                + #"{"eligible":true,"key":"delta","provider":"openai","requests":19,"share":1.0,"weight":1}],"#
                + #""providers":[{"confidence":1.0,"provider":"kimi"},{"confidence":null,"provider":"openai"}]}"#
                + "\n")
        let empty = try await kmictl("requests", "--summary", "--json")
        #expect(empty.output == #"{"confidence":null,"keys":[],"providers":[]}"# + "\n")
    }

    @Test func handsOnTheFilterAndRefusesPages() async throws {
        let daemon = FakeDaemon()
        _ = try await kmictl("requests", "--summary", "--since", "2h", "--client", "ci", daemon: daemon)
        var filter = RequestFilter()
        filter.since = Samples.now - 7200 * Samples.second
        filter.client = "ci"
        #expect(daemon.with { $0.filter } == filter)
        #expect(daemon.asked == ["summary"])
        for words in [["--follow"], ["-n", "7"], ["--cursor", "c"]] {
            #expect(throws: (any Error).self) {
                try CommandRun.parse(CommandWords(["requests", "--summary"] + words))
            }
        }
    }
}
