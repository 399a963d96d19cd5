import Testing

@testable import ProxyCore

@Suite("Price tables (A-028)")
struct PriceTableTests {
    @Test("tells version, day and hash")
    func tellsItsVersion() throws {
        let text = #"{"_kmi": {"effective": "2026-11-05", "source": "a table"}, "m": {"input_cost_per_token": 1e-06}}"#
        let table = try PriceTable(parsing: Array(text.utf8))
        // As sha256sum tells it.
        #expect(table.sha256 == "0314fbb15292eedd386447a1917586bfbf60672f77f5cd625aaca2fbe37d6efc")
        #expect(table.version == "2026-11-05+" + table.sha256.prefix(8))
        #expect(table.effective == "2026-11-05")
        #expect(table.effectiveAt?.rfc3339 == "2026-11-05T00:00:00Z")
        #expect(table.models.keys.sorted() == ["m"])
    }

    @Test func aTableWithoutADayIsUndated() throws {
        let table = try priceTable("")
        #expect(table.version == "undated+44136fa3")
        #expect(table.effectiveAt == nil)
        #expect(table.count == 0)
    }

    @Test("what are no models and what has no price is left out")
    func leavesOut() throws {
        let table = try priceTable(
            #"""
            "sample_spec": {"input_cost_per_token": "not a number at all"},
            "fallback_generalizations": [1, 2],
            "dall-e": {"input_cost_per_pixel": 1e-09, "mode": "image_generation"},
            "m": {"input_cost_per_token": 1e-06, "supports_vision": true, "tpm": 5, "metadata": {"a": [null]}},
            "n": {"input_cost_per_token": "0.0000015"}
            """#)
        #expect(table.models.keys.sorted() == ["m", "n"])
    }

    @Test func theLastOfSeveralEntriesCounts() throws {
        let list = try priceList(#""m": {"input_cost_per_token": 1}, "m": {"input_cost_per_token": 2e-12}"#)
        let cost = list.cost(of: reportedUsage { $0.input = 1 }, model: ModelName("m"), kind: .compatible)
        #expect(cost.picoDollars == 2)
        #expect(try priceTable(#""m": {"input_cost_per_token": 1}, "m": {"mode": "chat"}"#).count == 0)
    }

    @Test(
        "names the entry and the field that are wrong",
        arguments: [
            (#"{"m": {"input_cost_per_token": "much"}}"#, #""m", input_cost_per_token: is no decimal number"#),
            (#"{"m": {"input_cost_per_token": [1]}}"#, #""m", input_cost_per_token: is no decimal number"#),
            (#"{"m": {"input_cost_per_token": true}}"#, #""m", input_cost_per_token: is no decimal number"#),
            (#"{"m": {"output_cost_per_token_flex": -1e-9}}"#, #""m", output_cost_per_token_flex: is below zero"#),
            (#"{"m": {"input_cost_per_request": 1e7}}"#, #""m", input_cost_per_request: is a million dollars or more"#),
            (#"{"m": {"tiered_pricing": 5}}"#, #""m", tiered_pricing: is no list of at most 64 ranges"#),
            (
                #"{"m": {"tiered_pricing": [{"range": [1], "input_cost_per_token": 1}]}}"#,
                #""m", tiered_pricing: has a range that is not two numbers of tokens"#
            ),
            (
                #"{"m": {"tiered_pricing": [{"range": [0, 5]}, {"range": [0, 9]}]}}"#,
                #""m", tiered_pricing: has two ranges that begin at 0"#
            ),
            (
                #"{"m": {"tiered_pricing": [{"range": [0, 5], "input_cost_per_token": -1}]}}"#,
                #""m", input_cost_per_token: is below zero"#
            ),
            (#"{"m": 5}"#, #""m": is no object"#), (#"{"m": null}"#, #""m": is no object"#),
            (
                #"{"m": {"input_cost_per_token": 4e-13}}"#,
                #""m", input_cost_per_token: is less than half a picodollar, but not 0"#
            ),
            (#"{"_kmi": 1}"#, #""_kmi": is no object"#),
            (#"{"_kmi": {"effective": "soon"}}"#, #""_kmi", effective: is no day of the form 2026-11-05"#),
            (#"{"_kmi": {"effective": "2026-02-30"}}"#, #""_kmi", effective: is no day of the form 2026-11-05"#),
            (#"{"_kmi": {"effective": 20261105}}"#, #""_kmi", effective: is no day of the form 2026-11-05"#),
            ("[]", "is no JSON object"), ("5", "is no JSON object"), ("", "is no JSON, as byte 0 shows"),
            (#"{"m": {"#, "is no JSON, as byte 7 shows"), ("{} {}", "is no JSON, as byte 3 shows"),
            (#"{"m": {"input_cost_per_token": 1,}}"#, "is no JSON, as byte 33 shows"),
            (String(repeating: #"{"m":"#, count: 1_000), "is no JSON, as byte 5000 shows"),
            (
                String(repeating: #"{"m":"#, count: 99) + "1" + String(repeating: "}", count: 99),
                "is nested more than 64 deep"
            ),
        ])
    func namesWhatIsWrong(text: String, problem: String) {
        let fault = #expect(throws: PriceTable.Fault.self) { try PriceTable(parsing: Array(text.utf8)) }
        #expect(fault?.description == problem)
    }

    @Test("passes over what no model can be called, and reads the others")
    func passesOverOddNames() throws {
        let odd = ["a b", "", "mod\u{E8}le", String(repeating: "m", count: 257)]
        let members =
            odd.map { #""\#($0)": {"input_cost_per_token": "much"}"# } + [#""m": {"input_cost_per_token": 1}"#]
        let table = try priceTable(members.joined(separator: ","))
        #expect(table.models.keys.sorted() == ["m"])
        #expect(table.passedOver == odd.count)
    }

    @Test func boundsItsSize() throws {
        let large = Array(#"{"m": {}}"#.utf8) + [UInt8](repeating: 0x20, count: PriceTable.largest)
        let tooLarge = #expect(throws: PriceTable.Fault.self) { try PriceTable(parsing: large) }
        #expect(tooLarge?.description == "is larger than 16 MiB")
        let many = (0...PriceTable.mostModels).map { #""m\#($0)":{}"# }.joined(separator: ",")
        let tooMany = #expect(throws: PriceTable.Fault.self) { try priceTable(many) }
        #expect(tooMany?.description == "has more than 20000 entries")
    }

    @Test("a table of the size of LiteLLM's is read", .timeLimit(.minutes(5)))
    func readsALargeTable() throws {
        let entry = #"""
            {"cache_creation_input_token_cost": 6.25e-06, "cache_creation_input_token_cost_above_1hr": 1e-05,
            "cache_read_input_token_cost": 5e-07, "input_cost_per_token": 5e-06, "litellm_provider": "anthropic",
            "max_input_tokens": 200000, "max_tokens": 64000, "mode": "chat", "output_cost_per_token": 2.5e-05,
            "search_context_cost_per_query": {"search_context_size_high": 0.01, "search_context_size_low": 0.01},
            "supports_function_calling": true, "supports_vision": true, "supported_modalities": ["text", "image"]}
            """#
        let text = (0..<3_400).map { #""vendor/model-\#($0)": \#(entry)"# }.joined(separator: ",\n")
        let bytes = Array("{\(text)}".utf8)
        #expect(bytes.count > 1_700_000)
        let clock = ContinuousClock()
        var table: PriceTable?
        let time = try clock.measure { table = try PriceTable(parsing: bytes) }
        #expect(table?.count == 3_400)
        // Optimised it takes a tenth of a second; the bound is for the slowest of builds and machines.
        #expect(time < .seconds(20), "took \(time)")
    }

    // MARK: The table without any file

    @Test(
        "the embedded table has a price for what people use",
        arguments: [
            (
                ProviderKind.openAI,
                [
                    "gpt-4o", "gpt-4o-mini", "gpt-4o-2024-11-20", "gpt-4.1", "gpt-4.1-mini-2025-04-14", "gpt-5",
                    "gpt-5-mini", "gpt-5-nano-2025-08-07", "gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.5", "gpt-5.6",
                    "gpt-5-codex",
                    "o1", "o3", "o3-mini", "o4-mini", "gpt-3.5-turbo", "text-embedding-3-small",
                    "text-embedding-3-large",
                    "text-embedding-ada-002",
                ]
            ),
            (
                .anthropic,
                [
                    "claude-opus-4-5", "claude-opus-4-8", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929",
                    "claude-sonnet-5", "claude-haiku-4-5", "claude-opus-4-1", "claude-3-haiku-20240307",
                ]
            ),
            (
                .gemini,
                [
                    "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-3-pro-preview",
                    "gemini-3.5-flash", "gemini-2.0-flash-001", "gemini-embedding-001", "models/gemini-2.5-pro",
                ]
            ),
            (.deepSeek, ["deepseek-chat", "deepseek-reasoner"]),
            (
                .moonshot,
                [
                    "kimi-k2.5", "kimi-k2.6", "kimi-k2-0905-preview", "kimi-k2-turbo-preview", "kimi-k2-thinking",
                    "kimi-latest", "moonshot-v1-8k", "moonshot-v1-128k", "moonshot-v1-auto",
                    "moonshot-v1-32k-vision-preview",
                ]
            ),
            (.openRouter, ["openai/gpt-4o", "moonshotai/kimi-k2.5"]),
        ])
    func embedsCurrentModels(kind: ProviderKind, models: [String]) throws {
        let list = try PriceList(table: .embedded())
        for model in models {
            let usage = reportedUsage { $0.input = 1_000 }
            let cost = list.cost(of: usage, model: ModelName(model), kind: kind)
            #expect(cost.pricing == .priced, "\(model)")
            #expect(cost.picoDollars ?? 0 > 0, "\(model)")
            #expect(cost.version == list.table.version)
        }
    }

    @Test(
        "charges known answers as their providers' price lists do (A-011)",
        arguments: [
            // 200 + 1000 from the cache + 50 + 250 of reasoning, in dollars per million: 1.25, 0.125, 10, 10.
            ("gpt-5", .openAI, nil, [200, 1_000, 0, 0, 50, 250], 3_375_000_000),
            ("gpt-5-2025-08-07", .openAI, "priority", [200, 1_000, 0, 0, 50, 250], 6_750_000_000),
            // 3, 0.3, 3.75, 6, 15; beyond 200,000 tokens of the prompt twice that, and 22.5.
            ("claude-sonnet-4-5", .anthropic, nil, [200, 1_000, 100, 300, 300, 0], 7_575_000_000),
            ("claude-sonnet-4-5", .anthropic, nil, [1, 200_000, 0, 0, 100, 0], 122_256_000_000),
            // 1.25, 0.125, 10 for reasoning as well.
            ("gemini-2.5-pro", .gemini, nil, [250, 1_000, 0, 0, 40, 260], 3_437_500_000),
            ("deepseek-chat", .deepSeek, nil, [200, 1_000, 0, 0, 50, 250], 210_000_000),
            ("kimi-k2.5", .moonshot, nil, [200, 1_000, 0, 0, 300, 0], 1_120_000_000),
        ] as [(String, ProviderKind, String?, [Int64], Int64)])
    func chargesAsPublished(
        model: String, kind: ProviderKind, tier: String?, tokens: [Int64], picoDollars: Int64
    ) throws {
        let usage = reportedUsage(
            {
                $0.input = tokens[0]
                $0.cacheRead = tokens[1]
                $0.cacheWrite5m = tokens[2]
                $0.cacheWrite1h = tokens[3]
                $0.output = tokens[4]
                $0.reasoning = tokens[5]
            }, tier: tier)
        let cost = try PriceList(table: .embedded()).cost(of: usage, model: ModelName(model), kind: kind)
        #expect(cost.picoDollars == picoDollars)
    }

    @Test(
        "nothing in the embedded table is cheaper for an hour in the cache than for five minutes",
        arguments: [1, 300_000])
    func anHourIsNoCheaper(prompt: Int64) throws {
        for (name, price) in try PriceTable.embedded().models {
            guard let short = price.rate(of: .cacheWrite5m, prompt: prompt, tier: nil) else { continue }
            let long = try #require(price.rate(of: .cacheWrite1h, prompt: prompt, tier: nil))
            #expect(long >= short, "\(name)")
        }
    }

    @Test(
        "versions of old models are charged by an entry of their own or by none",
        arguments: [
            ("gpt-4-0613", .openAI, "gpt-4-0613"), ("gpt-4-1106-preview", .openAI, "gpt-4-1106-preview"),
            ("gpt-4-1234-preview", .openAI, nil), ("gemini-2.5-pro-preview-05-06", .gemini, "gemini/gemini-2.5-pro"),
            ("kimi-k2-0905-preview", .moonshot, "moonshot/kimi-k2-0905-preview"),
        ] as [(String, ProviderKind, String?)])
    func findsOldVersions(model: String, kind: ProviderKind, entry: String?) throws {
        let list = try PriceList(table: .embedded())
        #expect(list.finding(for: try #require(ModelName(model)), kind: kind).entry == entry)
    }

    @Test func theEmbeddedTableTellsOfItself() throws {
        let table = try PriceTable.embedded()
        #expect((120...400).contains(table.count))
        #expect(table.effectiveAt != nil)
        #expect(table.version.hasPrefix("20"))
    }
}
