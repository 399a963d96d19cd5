import DBusControl
import TestSupport
import Testing

@testable import kmictl

struct PricesTests {
    private static func daemon(_ basis: String, _ entry: PriceStatus.Entry? = nil) -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { $0.prices.finding = PriceStatus.Finding(provider: "moonshot", basis: basis, entry: entry) }
        return daemon
    }

    @Test("shows which table is in force (A-028)")
    func showsTheTable() async throws {
        let daemon = FakeDaemon()
        for words in [["prices"], ["prices", "show"]] {
            let result = try await kmictl(words: words, daemon: daemon, terminal: .plain)
            #expect(
                result.output == """
                    version    2026-07
                    effective  2026-07-01
                    age        12 days
                    models     2,345
                    source     embedded
                    sha256     ab12

                    """)
        }
        #expect(daemon.with { $0.priceQuery } == PriceQuery())
        #expect(
            try await kmictl("prices", "--json").output
                == #"{"age_days":12,"effective_date":"2026-07-01","models":2345,"sha256":"ab12","#
                + #""source":"embedded","version":"2026-07"}"# + "\n")
    }

    @Test func showsThePriceOfAModel() async throws {
        let entry = PriceStatus.Entry(
            name: "moonshot/kimi-k2",
            prices: [
                "output_cost_per_token": 2_125_000, "input_cost_per_token": 600_000,
                "search_cost_per_query": 35_000_000_000,
            ])
        let daemon = Self.daemon("table", entry)
        let text = try await kmictl("prices", "show", "kimi-k2", "--provider", "moonshot", daemon: daemon).output
        #expect(
            text == """
                provider   moonshot
                price      moonshot/kimi-k2
                           $0.60 for a million: input_cost_per_token
                           $2.125 for a million: output_cost_per_token
                           $0.035 each: search_cost_per_query
                version    2026-07
                effective  2026-07-01
                age        12 days
                models     2,345
                source     embedded
                sha256     ab12

                """)
        var query = PriceQuery()
        query.model = "kimi-k2"
        query.provider = "moonshot"
        #expect(daemon.with { $0.priceQuery } == query)
        #expect(
            try await kmictl("prices", "show", "kimi-k2", "--json", daemon: daemon).output
                == #"{"age_days":12,"basis":"table","effective_date":"2026-07-01","found":true,"models":2345,"#
                + #""name":"moonshot/kimi-k2","prices_pico_usd":{"input_cost_per_token":600000,"#
                + #""output_cost_per_token":2125000,"search_cost_per_query":35000000000},"#
                + #""provider":"moonshot","sha256":"ab12","#
                + #""source":"embedded","version":"2026-07"}"# + "\n")
    }

    @Test(arguments: [
        ("plan", "none: paid for by a plan"), ("free", "none: one's own machine"),
        ("override", "k2 (of the configuration)"), ("auction", "k2 (auction)"),
    ])
    func saysWhereThePriceIsFrom(basis: String, text: String) async throws {
        let entry = PriceStatus.Entry(name: "k2", prices: [:])
        let daemon = Self.daemon(basis, ["plan", "free"].contains(basis) ? nil : entry)
        let result = try await kmictl("prices", "show", "k2", daemon: daemon)
        #expect(result.status == .success)
        #expect(result.lines[1] == "price      \(text)")
    }

    @Test("a model without a price is not found (A-028)")
    func saysThatThereIsNoPrice() async throws {
        let result = try await kmictl("prices", "show", "novel\u{1B}", daemon: Self.daemon("none"))
        #expect(result.status == .notFound)
        #expect(result.output.isEmpty)
        #expect(
            result.errors.hasPrefix(
                "kmictl: there is no price for novel\\u{1b} at moonshot; --provider NAME asks for another. "))
        let asked = try await kmictl("prices", "show", "novel", "--provider", "moonshot", daemon: Self.daemon("none"))
        #expect(asked.errors.hasPrefix("kmictl: there is no price for novel at moonshot. "))
        #expect(throws: (any Error).self) {
            try CommandRun.parse(CommandWords(["prices", "show", "--provider", "kimi"]))
        }
    }

    @Test("imports a file, and says what has changed (A-028)")
    func importsAFile() async throws {
        let daemon = FakeDaemon()
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("prices.json", "{\"k2\": {}}")
            let result = try await kmictl("prices", "import", path, daemon: daemon, terminal: .plain)
            #expect(
                result.output == """
                    version    2026-07
                    effective  2026-07-01
                    age        12 days
                    models     2,350 (2,345 before)
                    source     imported
                    sha256     ab12

                    """)
            #expect(result.status == .success)
        }
        #expect(daemon.with { $0.imported } == "{\"k2\": {}}")
        #expect(daemon.asked == ["prices", "import"])
        #expect(daemon.with { $0.timeout } == .seconds(120))
    }

    @Test func importsTheStandardInput() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("prices", "import", "-", "--json", daemon: daemon, input: "{}")
        #expect(
            result.output
                == #"{"age_days":12,"effective_date":"2026-07-01","models":2350,"models_before":2345,"#
                + #""sha256":"ab12","source":"imported","version":"2026-07"}"# + "\n")
        #expect(daemon.with { $0.imported } == "{}")
        #expect(try await kmictl("prices", "import", "-", daemon: daemon, terminal: .plain).status == .usage)
    }

    @Test func tellsWhatCannotBeImported() async throws {
        let missing = try await kmictl("prices", "import", "/nonexistent/prices.json")
        #expect(missing.status == .failed)
        #expect(missing.errors == "kmictl: cannot read /nonexistent/prices.json: No such file or directory\n")
        let daemon = FakeDaemon()
        daemon.with { $0.failure = ControlClientError(.invalidArgument, "file: expected an object") }
        #expect(try await kmictl("prices", "import", "-", daemon: daemon, input: "[]").status == .usage)
    }

    @Test(
        "the help names what can be done, whatever stands beside it",
        arguments: [
            ["prices", "--help"], ["help", "prices"], ["--address", "unix:path=/x", "prices", "--help"],
            ["prices", "-h", "--json"], ["-q", "prices", "-h"],
        ])
    func helpNamesTheCommands(words: [String]) async throws {
        let result = try await kmictl(words: words)
        #expect(result.status == .success)
        #expect(result.lines.contains { $0.contains("show") && $0.contains("Show which price table") })
        #expect(result.lines.contains { $0.contains("import") && $0.contains("Replace the price table") })
    }

    @Test(
        "what the daemon refuses is told in the words of the command line",
        arguments: [
            ("file: the descriptor holds nothing", "the file is empty"),
            ("file: the descriptor holds more than 16 bytes", "the file holds more than 16 bytes"),
            ("secret: the descriptor holds nothing", "the secret is empty"),
            ("option process: expected s, 1 to 256 bytes", "--process: expected 1 to 256 bytes"),
            ("option expires_at: expected t, microseconds", "--expires-at: expected microseconds"),
            ("option models: expected as, at most 1000", "--models: expected at most 1000"),
            ("option by: given twice", "--by: given twice"), ("option \u{1B}: x", "option \u{1B}: x"),
            ("file: expected a pipe, a socket or a file", "file: expected a pipe, a socket or a file"),
        ])
    func speaksOfOptions(message: String, expected: String) {
        #expect(DaemonWords.ofCommandLine(message) == expected)
        #expect(CommandFailure(ControlClientError(.invalidArgument, message)).message == expected)
        #expect(CommandFailure(ControlClientError(.busy, message)).message == message)
    }
}
