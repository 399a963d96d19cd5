import DBusControl
import Testing

@testable import kmictl

/// What a request used and cost, who sent it, and its bodies.
struct RequestAccountTests {
    private static func daemon() -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { state in
            var row = Samples.row("req-1", status: 200)
            row.usedModel = "kimi-k2-0905"
            row.tokens = ["input": 1234, "cache_read": 20, "cache_write": 0, "output": 567, "reasoning": 0]
            row.cost = 4_200_000_000
            (row.quality, row.pricing, row.priceVersion) = ("partial", "priced", "2026-07")
            (row.process, row.processID, row.unit) = ("python3", 4711, "app\u{1B}.slice")
            (row.user, row.userID) = ("me", 1000)
            row.requestBody = "{\"model\":\n\"k2\u{1B}[2J\"}\n"
            row.answerBody = "data: [DONE]"
            row.areBodiesCut = true
            row.attempts[0].model = "kimi-k2"
            row.attempts[0].tokens = ["cache_write_1h": 7, "input": 1234, "output_audio": 2]
            row.attempts[0].quality = "estimated"
            row.attempts[0].isInconsistent = true
            row.attempts[0].pricing = "unpriced"
            state.rows = [row]
        }
        return daemon
    }

    @Test func showsWhatARequestUsedAndCostAndWhoSentIt() async throws {
        let text = try await kmictl("request", "req-1", daemon: Self.daemon(), terminal: .plain).output
        #expect(
            text == """
                id           req-1
                received     2026-01-02T03:04:02Z (3 s ago)
                client       ci
                observed     python3 (pid 4711, user me, unit app\\u{1b}.slice)
                dialect      openai
                model        kimi-for-coding
                answered by  kimi-k2-0905
                provider     kimi
                key          alpha
                status       200
                outcome      complete
                took         1.25 s
                first byte   after 350 ms
                tokens       1,234 input
                             20 cache_read
                             567 output
                quality      partial (the answer was cut)
                cost         $0.0042 (prices of 2026-07)
                attempts     1. alpha at kimi: 200, 1.25 s
                                model kimi-k2
                                1,234 input, 7 cache_write_1h, 2 output_audio; estimated (the
                                provider told nothing); inconsistent; cost unknown (there is no
                                price for the model)

                """)
    }

    @Test(arguments: [
        (Int64?.none, "", "", ""), (5_000_000_000_000, "", "", "$5.00"),
        (5_000_000_000_000, "priced", "", "$5.00"),
        (5_000_000_000_000, "priced", "provider", "$5.00 (told by the provider)"),
        (5_000_000_000_000, "priced", "config", "$5.00 (prices of the configuration)"),
        (0, "plan", "", "$0.00 (paid for by a plan)"),
        (0, "free", "", "$0.00 (one's own machine)"),
        (nil, "unpriced", "v1", "unknown (there is no price for the model)"),
        (nil, "bartered", "", "unknown (bartered)"),
    ])
    func tellsHowACostIsKnown(cost: Int64?, pricing: String, version: String, text: String) {
        #expect(AccountText.cost(cost, pricing: pricing, version: version) == text)
    }

    @Test func tellsWhoSentARequestAsFarAsItIsKnown() {
        var row = RequestRow()
        #expect(AccountText.caller(row) == "")
        row.userID = 0
        #expect(AccountText.caller(row) == "unknown process (user 0)")
        row.process = "curl"
        row.userID = nil
        #expect(AccountText.caller(row) == "curl")
    }

    @Test("prints bodies when they are asked for, harmless for a terminal (A-005)")
    func printsBodies() async throws {
        let daemon = Self.daemon()
        let result = try await kmictl("request", "req-1", "--bodies", daemon: daemon)
        #expect(
            result.output == """
                request:
                {"model":
                "k2\\u{1b}[2J"}

                answer:
                data: [DONE]

                """)
        #expect(result.errors == "kmictl: there was more; the beginning of each body is kept.\n")
        let json = try await kmictl("request", "req-1", "--bodies", "--json", daemon: daemon).output
        #expect(json.contains(#""answer_body":"data: [DONE]","#))
        #expect(json.contains(#""bodies_cut":true,"#))
        #expect(json.contains(#""process_id":4711,"#))
        // Nobody has asked for them.
        #expect(try await !kmictl("request", "req-1", "--json", daemon: daemon).output.contains("bod"))
        let none = try await kmictl("request", "req-1", "--bodies")
        #expect(none.status == .success)
        #expect(none.output.isEmpty)
        #expect(none.errors.hasPrefix("kmictl: no bodies were captured"))
    }

    @Test func listsTokensAndCostsWhereThereIsRoom() async throws {
        let text = try await kmictl("requests", daemon: Self.daemon(), terminal: .plain).output
        #expect(
            text == """
                WHEN     STATUS  KEY    MODEL             TOOK  TOKENS     COST  RESULT    ID
                3 s ago     200  alpha  kimi-for-codi…  1.25 s   1,821  $0.0042  complete  req-1

                """)
        let daemon = Self.daemon()
        daemon.with { $0.rows[0].id = "0b8f2d6e-0000-4000-8000-000000000000" }
        let narrow = try await kmictl("requests", daemon: daemon, terminal: .plain)
        #expect(narrow.lines[0] == "WHEN     STATUS  KEY    MODEL            ID")
    }

    @Test func listsRequestsAsCSV() async throws {
        let daemon = Self.daemon()
        daemon.with { state in
            state.rows[0].project = "a, \"b\"\n"
            state.cursor = "c2"
        }
        let result = try await kmictl("requests", "--csv", "-n", "1", daemon: daemon)
        #expect(
            result.output
                == "id,received_at,client,project,dialect,model,used_model,provider,key,status,class,stream,outcome,"
                + "duration_us,first_byte_us,attempts,input,cache_read,cache_write,output,reasoning,cost_pico_usd,"
                + "cost_usd,quality,pricing,price_version,process,process_id,unit,user,user_id\r\n"
                + "req-1,2026-01-02T03:04:02Z,ci,\"a, \"\"b\"\"\\n\",openai,kimi-for-coding,kimi-k2-0905,kimi,alpha,200,"
                + ",false,complete,1250000,350000,1,1234,20,0,567,0,4200000000,0.0042,partial,priced,2026-07,python3,"
                + "4711,app\\u{1b}.slice,me,1000\r\n")
        #expect(result.errors == "kmictl: there are more: --cursor c2\n")
        for words in [["--follow"], ["--summary"], ["--json"]] {
            #expect(throws: (any Error).self) { try CommandRun.parse(CommandWords(["requests", "--csv"] + words)) }
        }
    }
}
