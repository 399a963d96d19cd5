import DBusControl
import Testing

@testable import kmictl

struct UsageTests {
    private static func daemon(_ rows: UsageRow...) -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { $0.usage = rows }
        return daemon
    }

    private static let few = [
        Samples.usage("kimi-k2", requests: 12, tokens: [1234, 0, 0, 567, 0], cost: 4_200_000_000),
        Samples.usage("claude-sonnet", requests: 3, tokens: [80, 900, 70, 60, 0], cost: 12_340_000_000_000),
    ]

    @Test func showsTokensAndMoneyInATable() async throws {
        let result = try await kmictl("usage", daemon: Self.daemon(Self.few[0], Self.few[1]), terminal: .plain)
        #expect(
            result.output == """
                MODEL          REQUESTS  INPUT  CACHED  WRITTEN  OUTPUT  REASONING     COST
                claude-sonnet         3     80     900       70      60          0   $12.34
                kimi-k2              12  1,234       0        0     567          0  $0.0042
                TOTAL                15  1,314     900       70     627          0   $12.34

                """)
        #expect(result.errors.isEmpty)
        #expect(result.lines.allSatisfy { DisplayWidth.of($0) <= 80 })
    }

    @Test("rounds large counts where a line has no room for all digits, and marks what is not certain")
    func showsLargeCounts() async throws {
        let daemon = Self.daemon(
            Samples.usage(
                "kimi-k2-0905-preview", requests: 123_456,
                tokens: [1_234_567_890, 9_876_543_210, 0, 45_678_901, 12_345],
                cost: 1_234_567_000_000_000, unpriced: 2, uncertain: 1),
            Samples.usage("", requests: 1, tokens: [1], cost: nil, unpriced: 1),
            Samples.usage("evil\u{1B}[2J", requests: 1, tokens: [7], cost: 0, uncertain: 1))
        let result = try await kmictl("usage", daemon: daemon, terminal: .plain)
        #expect(
            result.output == """
                MODEL          REQUESTS  INPUT  CACHED  WRITTEN  OUTPUT  REASONING          COST
                kimi-k2-0905…      123k  1.23G   9.88G        0   45.7M      12.3k  ~$1,234.57+?
                evil\\u{1b}[2J         1      7       0        0       0          0        ~$0.00
                -                     1      1       0        0       0          0             ?
                TOTAL              123k  1.23G   9.88G        0   45.7M      12.3k  ~$1,234.57+?

                """)
        #expect(
            result.errors == """
                kmictl: ~ some tokens were cut short, guessed or unknown.
                kmictl: +? some tokens have no price, so that the cost lacks them.
                kmictl: ? no token has a price: kmictl prices show MODEL tells more.

                """)
    }

    @Test func keepsTheOrderOfTime() async throws {
        var rows = [UsageRow(), UsageRow()]
        (rows[0].day, rows[0].hour) = ("2026-01-01", Samples.now - Samples.now % (3600 * Samples.second))
        (rows[1].day, rows[1].cost) = ("2026-01-02", 1_000_000_000_000)
        let text = try await kmictl("usage", "--by", "day,hour", daemon: Self.daemon(rows[0], rows[1])).output
        #expect(text.hasPrefix("DAY         HOUR                  REQUESTS  INPUT"))
        #expect(text.contains("\n2026-01-01  2026-01-02T03:00:00Z  "))
        #expect(text.contains("\n2026-01-02  -                     "))
        #expect(text.contains("\nTOTAL                             "))
    }

    @Test("hands on every filter, rounded to hours, and says so")
    func handsOnFilters() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl(
            "usage", "--by", "key,day", "--since", "2h", "--until", "2026-01-02T03:00:01Z", "--key", "alpha",
            "--provider", "kimi", "--model", "kimi-k2", "--client", "ci", "--project", "a demo", "--process", "python3",
            daemon: daemon)
        var query = UsageQuery()
        query.by = [.key, .day]
        query.since = Samples.now - 7445 * Samples.second
        query.until = Samples.now + 3355 * Samples.second
        query.key = "alpha"
        query.provider = "kimi"
        query.model = "kimi-k2"
        query.client = "ci"
        query.project = "a demo"
        query.process = "python3"
        #expect(daemon.with { $0.usageQuery } == query)
        #expect(result.output.isEmpty)
        #expect(
            result.errors
                == "kmictl: nothing used of what was asked for.\n"
                + "kmictl: usage from 2026-01-02T01:00:00Z until 2026-01-02T04:00:00Z.\n")
        _ = try await kmictl("usage", daemon: daemon)
        query = UsageQuery()
        query.by = [.model]
        #expect(daemon.with { $0.usageQuery } == query)
    }

    @Test func tellsUsageAsJSON() async throws {
        var hour = UsageRow()
        hour.hour = Samples.now
        hour.key = "alpha"
        hour.unpriced = 2
        let daemon = Self.daemon(Self.few[0], hour)
        let result = try await kmictl("usage", "--json", daemon: daemon)
        #expect(
            result.output
                == #"[{"cost_pico_usd":4200000000,"model":"kimi-k2","requests":12,"#
                + #""tokens":{"cache_read":0,"cache_write":0,"input":1234,"output":567,"reasoning":0},"#
                + #""uncertain":0,"unpriced":0},{"cost_pico_usd":null,"hour":"2026-01-02T03:04:05Z","key":"alpha","#
                + #""requests":0,"tokens":{},"uncertain":0,"unpriced":2}]"# + "\n")
        #expect(try await kmictl("usage", "--json").output == "[]\n")
        #expect(try await kmictl("usage", "-q", daemon: Self.daemon(Self.few[0])).output == "kimi-k2\n")
    }

    @Test func tellsUsageAsCSV() async throws {
        var row = Samples.usage("a,\"b\"", requests: 12_345, tokens: [1, 2, 3, 4, 5], cost: 4_200_000_001, unpriced: 6)
        row.hour = 1_767_225_600_000_000
        let result = try await kmictl("usage", "--by", "hour,model", "--csv", daemon: Self.daemon(row))
        #expect(
            result.output
                == "hour,model,requests,input,cache_read,cache_write,output,reasoning,cost_pico_usd,cost_usd,unpriced,"
                + "uncertain\r\n2026-01-01T00:00:00Z,\"a,\"\"b\"\"\",12345,1,2,3,4,5,4200000001,0.004200000001,6,0\r\n")
        #expect(result.errors.isEmpty)
    }

    @Test("where no token has a price there is no cost, which a plan's 0 is")
    func tellsUnknownCosts() async throws {
        let novel = Samples.usage("novel", requests: 1, tokens: [7], cost: nil, unpriced: 1, uncertain: 1)
        let planned = Samples.usage("planned", requests: 1, tokens: [9], cost: 0)
        let unknown = try await kmictl("usage", daemon: Self.daemon(novel), terminal: .plain)
        #expect(unknown.lines.dropFirst().allSatisfy { $0.hasSuffix(" ?") })
        #expect(unknown.errors == "kmictl: ? no token has a price: kmictl prices show MODEL tells more.\n")
        let both = Self.daemon(novel, planned)
        #expect(
            try await kmictl("usage", daemon: both).lines.map { $0.split(separator: " ").last } == [
                "COST", "$0.00", "?", "?",
            ])
        let records = try await kmictl("usage", "--csv", daemon: both).output.split(separator: "\r\n")
        #expect(records.last == "novel,1,7,0,0,0,0,,,1,1")
        #expect(records.dropFirst().first == "planned,1,9,0,0,0,0,0,0,0,0")
        let some = try await kmictl("usage", daemon: Self.daemon(novel, Self.few[0]))
        #expect(some.lines.last?.hasSuffix(" ~$0.0042+?") == true)
        #expect(some.errors.split(separator: "\n").count == 3)
        for line in (unknown.errors + some.errors).split(separator: "\n") { #expect(line.count <= 80) }
    }

    @Test("never cuts a time: columns of zeros go first", arguments: [40, 60, 80, 100])
    func keepsTimesWhole(width: Int) async throws {
        var row = Samples.usage(
            "kimi-k2-0905-preview", requests: 123_456, tokens: [1_234_567_890, 0, 70_000, 45_678_901, 0],
            cost: 1_234_567_000_000_000, unpriced: 2, uncertain: 1)
        (row.hour, row.day) = (1_767_225_600_000_000, "2026-01-01")
        let style = TextStyle(width: width, isColoured: false, now: 0)
        for by in [[UsageAxis.model, .hour], [.hour, .model], [.day, .model]] {
            let lines = UsageReport(rows: [row], by: by).text(style).split(separator: "\n")
            #expect(lines[1].contains(by.contains(.hour) ? "2026-01-01T00:00:00Z" : "2026-01-01 "))
            #expect(lines.allSatisfy { DisplayWidth.of(String($0)) <= width })
            if width == 80, by.contains(.hour) {
                #expect(!lines[0].contains("REASONING") && !lines[0].contains("CACHED"))
                #expect(lines[0].contains("INPUT") && lines[0].contains("OUTPUT"))
            }
        }
    }

    @Test("a text is no formula of a spreadsheet, and a number stays one")
    func disarmsFormulas() {
        for (text, expected) in [
            ("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-x", "'-x"), ("@a", "'@a"), ("\t=1", "'\\t=1"), ("\r=1", "'\\r=1"),
            ("-", "'-"), ("-1+2", "'-1+2"), ("=a,\"b\"", "\"'=a,\"\"b\"\"\""), ("-5", "-5"), ("-0.25", "-0.25"),
            ("a=1", "a=1"), ("", ""),
        ] {
            #expect(CSVText.of([[text]]) == expected + "\r\n")
        }
    }

    @Test(arguments: [
        ["--by", "week"], ["--by", "model,model"], ["--by", ""], ["--csv", "--json"], ["--since", "yesterday"],
    ])
    func refusesWhatCannotBeMeant(words: [String]) throws {
        #expect(throws: (any Error).self) { try CommandRun.parse(CommandWords(["usage"] + words)) }
    }

    @Test func aTotalThatDoesNotFitStaysAtTheLargestNumber() {
        let row = Samples.usage("m", requests: 1, tokens: [.max], cost: .max)
        let style = TextStyle(width: 120, isColoured: false, now: 0)
        let lines = UsageReport(rows: [row, row], by: [.model]).text(style).split(separator: "\n")
        #expect(lines.last?.contains("18,446,744,073,709,551,615") == true)
        #expect(lines.last?.hasSuffix("$9,223,372.04") == true)
    }
}
