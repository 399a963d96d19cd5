import Testing

@testable import ProxyCore

@Suite("What an answer costs (A-011, A-028)")
struct ModelPriceTests {
    /// The cost in picodollars by an entry with these fields, which are whole picodollars.
    private func cost(
        _ fields: [String: Int], tier: String? = nil, _ set: @escaping (inout TokenCounts) -> Void
    ) throws -> Int64? {
        let text = fields.map { #""\#($0.key)": \#($0.value)e-12"# }.joined(separator: ", ")
        return try self.cost(text, tier: tier, set)
    }

    private func cost(
        _ fields: String, tier: String? = nil, _ set: @escaping (inout TokenCounts) -> Void
    ) throws -> Int64? {
        let list = try priceList(#""m": {"litellm_provider": "openai", "mode": "chat", \#(fields)}"#)
        return list.cost(of: reportedUsage(set, tier: tier), model: ModelName("m"), kind: .openAI).picoDollars
    }

    @Test("every kind of token has its own price")
    func chargesEveryClass() throws {
        let fields = [
            "input_cost_per_token": 1, "output_cost_per_token": 10, "cache_read_input_token_cost": 100,
            "cache_creation_input_token_cost": 1_000, "cache_creation_input_token_cost_above_1hr": 10_000,
            "output_cost_per_reasoning_token": 100_000, "input_cost_per_audio_token": 1_000_000,
            "output_cost_per_audio_token": 10_000_000, "input_cost_per_image_token": 100_000_000,
            "input_cost_per_request": 1_000_000_000,
        ]
        let sum = try self.cost(fields) {
            $0.input = 1
            $0.output = 2
            $0.cacheRead = 3
            $0.cacheWrite5m = 4
            $0.cacheWrite1h = 5
            $0.reasoning = 6
            $0.inputAudio = 7
            $0.outputAudio = 8
            $0.inputImage = 9
        }
        #expect(sum == 1_987_654_321)
    }

    @Test(
        "a kind of token without a price costs what its main kind does",
        arguments: [
            ("input_cost_per_token", .cacheRead), ("input_cost_per_token", .cacheWrite5m),
            ("input_cost_per_token", .cacheWrite1h), ("cache_creation_input_token_cost", .cacheWrite1h),
            ("input_cost_per_token", .inputAudio), ("input_cost_per_token", .inputImage),
            ("output_cost_per_token", .reasoning), ("output_cost_per_token", .outputAudio),
        ] as [(String, PriceClass)])
    func fallsBack(field: String, tokens: PriceClass) throws {
        #expect(try self.cost([field: 7]) { $0[tokens] = 6 } == 42)
    }

    @Test("an hour in the cache costs what five minutes do only where nothing else is known")
    func anHourHasItsOwnPrice() throws {
        let fields = ["input_cost_per_token": 1, "cache_creation_input_token_cost": 5]
        #expect(try self.cost(fields) { $0.cacheWrite1h = 2 } == 10)
        let both = fields.merging(["cache_creation_input_token_cost_above_1hr": 8]) { $1 }
        #expect(try self.cost(both) { $0.cacheWrite1h = 2 } == 16)
    }

    @Test("the hour in a name is no threshold")
    func anHourIsNoThreshold() throws {
        let fields = ["cache_creation_input_token_cost": 5, "cache_creation_input_token_cost_above_1hr": 8]
        #expect(try self.cost(fields) { $0.cacheWrite5m = 1_000_000 } == 5_000_000)
    }

    @Test(
        "tokens of a kind without any price leave the answer without one",
        arguments: [
            ("output_cost_per_token", .input), ("input_cost_per_token", .output),
            ("input_cost_per_token", .reasoning), ("cache_read_input_token_cost", .input),
            ("output_cost_per_token", .cacheRead), ("input_cost_per_request", .input),
        ] as [(String, PriceClass)])
    func missesAPrice(field: String, tokens: PriceClass) throws {
        #expect(try self.cost([field: 7]) { $0[tokens] = 1 } == nil)
    }

    @Test func embeddingsNeedNoPriceOfAnswers() throws {
        #expect(try self.cost(["input_cost_per_token": 20]) { $0.input = 3 } == 60)
    }

    @Test func zeroIsAPriceAndNoneIsNot() throws {
        #expect(try self.cost(["input_cost_per_token": 0]) { $0.input = 3 } == 0)
        #expect(try self.cost(#""input_cost_per_token": null"#) { $0.input = 3 } == nil)
    }

    @Test func requestsWithoutTokensCostWhatARequestDoes() throws {
        #expect(try self.cost(["input_cost_per_request": 9, "input_cost_per_token": 1]) { _ in } == 9)
    }

    // MARK: Lengths

    @Test(
        "the whole request is charged anew once the prompt passes a threshold",
        arguments: [
            (127_999, 3), (128_000, 3), (128_001, 5), (200_000, 5), (200_001, 11), (10_000_000, 11),
        ] as [(Int64, Int64)])
    func passesThresholds(prompt: Int64, rate: Int64) throws {
        let fields = [
            "input_cost_per_token": 3, "input_cost_per_token_above_128k_tokens": 5,
            "input_cost_per_token_above_200k_tokens": 11, "output_cost_per_token": 1,
            "output_cost_per_token_above_200k_tokens": 2,
        ]
        let answer = prompt > 200_000 ? 2 : 1 as Int64
        #expect(
            try self.cost(fields) {
                $0.input = prompt
                $0.output = 1
            } == prompt * rate + answer)
    }

    @Test("every kind of the prompt counts towards the threshold, and none of the answer")
    func countsThePrompt() throws {
        let fields = [
            "input_cost_per_token": 1, "input_cost_per_token_above_200k_tokens": 2, "cache_read_input_token_cost": 0,
            "cache_creation_input_token_cost": 0, "output_cost_per_token": 0,
        ]
        let parts: [PriceClass] = [.cacheRead, .cacheWrite5m, .cacheWrite1h]
        for part in parts {
            #expect(
                try self.cost(fields) {
                    $0.input = 1
                    $0[part] = 200_000
                } == 2)
        }
        #expect(
            try self.cost(fields) {
                $0.input = 1
                $0.output = 300_000
            } == 1)
    }

    @Test("an hour in the cache has thresholds as well")
    func anHourBeyondAThreshold() throws {
        let fields = [
            "input_cost_per_token": 1, "cache_creation_input_token_cost_above_1hr": 2,
            "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 4,
        ]
        #expect(try self.cost(fields) { $0.cacheWrite1h = 200_000 } == 400_000)
        #expect(try self.cost(fields) { $0.cacheWrite1h = 200_001 } == 800_004)
    }

    @Test("any number of thousands is a threshold", arguments: [1, 32, 256, 272, 512, 1_000, 999_999] as [Int64])
    func readsEveryThreshold(thousands: Int64) throws {
        let fields = ["input_cost_per_token": 1, "input_cost_per_token_above_\(thousands)k_tokens": 3]
        #expect(try self.cost(fields) { $0.input = thousands * 1_000 } == thousands * 1_000)
        #expect(try self.cost(fields) { $0.input = thousands * 1_000 + 1 } == (thousands * 1_000 + 1) * 3)
    }

    @Test(
        "prices by the length of the prompt",
        arguments: [
            (0, nil, 7), (1, 2, 7), (32_000, 2, 7), (32_001, 4, 8), (128_000, 4, 8), (128_001, 6, 8),
            (1_000_000, 6, 8), (1_000_001, 9, 8), (1_500_000, 9, 8), (2_000_001, 11, 8),
        ] as [(Int64, Int64?, Int64)])
    func readsRanges(prompt: Int64, rate: Int64?, answer: Int64) throws {
        let fields = #"""
            "tiered_pricing": [
                {"range": [32000.0, 1.28e5], "input_cost_per_token": 4e-12, "output_cost_per_token": 8e-12},
                {"range": [0, 32000], "input_cost_per_token": 2e-12, "output_cost_per_token": 7e-12},
                {"range": [128000, 1000000], "input_cost_per_token": 6e-12},
                {"range": [1000000, 1.5e6], "input_cost_per_token": 9e-12},
                {"range": [2.0e6, 10000000], "input_cost_per_token": 11e-12},
                {"max_results_range": [0, 25], "input_cost_per_query": 0.005}
            ], "output_cost_per_token": 8e-12
            """#
        #expect(
            try self.cost(fields) {
                $0.input = prompt
                $0.output = 1
            } == prompt * (rate ?? 0) + answer)
    }

    // MARK: Tiers

    @Test(
        "the tier that answered is charged",
        arguments: [
            (nil, 8), ("default", 8), ("auto", 8), ("standard", 8), ("", 8), ("nonsense", 8), ("flex", 4), ("FLEX", 4),
            ("priority", 16), ("batch", 2), ("batches", 2),
        ] as [(String?, Int64)])
    func readsTiers(tier: String?, rate: Int64) throws {
        let fields = [
            "input_cost_per_token": 8, "input_cost_per_token_flex": 4, "input_cost_per_token_priority": 16,
            "input_cost_per_token_batches": 2,
        ]
        #expect(try self.cost(fields, tier: tier) { $0.input = 5 } == rate * 5)
    }

    @Test(
        "tiers go together with thresholds, in either order of the name",
        arguments: [
            "input_cost_per_token_above_200k_tokens_priority", "input_cost_per_token_priority_above_200k_tokens",
        ])
    func combines(name: String) throws {
        let fields = [
            "input_cost_per_token": 1, "input_cost_per_token_priority": 2, "input_cost_per_token_above_200k_tokens": 4,
            name: 8,
        ]
        #expect(try self.cost(fields, tier: "priority") { $0.input = 200_000 } == 400_000)
        #expect(try self.cost(fields, tier: "priority") { $0.input = 200_001 } == 1_600_008)
        #expect(try self.cost(fields, tier: "flex") { $0.input = 200_001 } == 800_004)
    }

    @Test(
        "a tier without a price for long prompts is rather told too dear",
        arguments: [
            (2, 4, 4), (6, 4, 6),
        ] as [(Int, Int, Int64)])
    func takesTheDearer(tiered: Int, long: Int, rate: Int64) throws {
        let fields = [
            "input_cost_per_token": 1, "input_cost_per_token_priority": tiered,
            "input_cost_per_token_above_200k_tokens": long,
        ]
        #expect(try self.cost(fields, tier: "priority") { $0.input = 300_000 } == rate * 300_000)
    }

    @Test("a tier without a price costs what the ordinary one does")
    func fallsBackToTheOrdinaryTier() throws {
        #expect(try self.cost(["input_cost_per_token": 3], tier: "priority") { $0.input = 2 } == 6)
        #expect(try self.cost(["input_cost_per_token_batches": 3], tier: "batch") { $0.input = 2 } == 6)
        #expect(try self.cost(["input_cost_per_token_batches": 3]) { $0.input = 2 } == nil)
    }

    @Test("a kind that costs what its main kind does goes with it through tiers and lengths")
    func followsTheMainClass() throws {
        let fields = [
            "output_cost_per_token": 3, "output_cost_per_token_priority": 6, "output_cost_per_reasoning_token": 3,
        ]
        #expect(try self.cost(fields, tier: "priority") { $0.reasoning = 2 } == 12)
        let other = fields.merging(["output_cost_per_reasoning_token": 7]) { $1 }
        #expect(try self.cost(other, tier: "priority") { $0.reasoning = 2 } == 14)
    }

    @Test("a kind that is dearer than its main kind stays so where that one alone has a price for the length")
    func keepsUpWithTheMainClass() throws {
        let fields = [
            "input_cost_per_token": 3, "input_cost_per_token_above_200k_tokens": 6,
            "cache_creation_input_token_cost": 4, "cache_creation_input_token_cost_above_200k_tokens": 8,
            "cache_creation_input_token_cost_above_1hr": 6,
        ]
        #expect(try self.cost(fields) { $0.cacheWrite1h = 200_000 } == 6 * 200_000)
        #expect(try self.cost(fields) { $0.cacheWrite1h = 200_001 } == 8 * 200_001)
        // Five minutes have no price for the length either: the prompt's own is the nearest.
        var without = fields
        without["cache_creation_input_token_cost_above_200k_tokens"] = nil
        without["input_cost_per_token_above_200k_tokens"] = 9
        #expect(try self.cost(without) { $0.cacheWrite1h = 200_001 } == 9 * 200_001)
        #expect(try self.cost(without) { $0.cacheWrite5m = 200_001 } == 9 * 200_001)
    }

    @Test("a kind that is dearer than its main kind stays so in a tier, and gets no discount that is not its own")
    func keepsUpWithTheTier() throws {
        let fields = [
            "output_cost_per_token": 3, "output_cost_per_token_priority": 6, "output_cost_per_token_flex": 1,
            "output_cost_per_reasoning_token": 4,
        ]
        #expect(try self.cost(fields, tier: "priority") { $0.reasoning = 2 } == 12)
        #expect(try self.cost(fields, tier: "flex") { $0.reasoning = 2 } == 8)
    }

    @Test("a kind that is cheaper than its main kind keeps its price")
    func keepsDiscounts() throws {
        let fields = [
            "input_cost_per_token": 30, "input_cost_per_token_above_200k_tokens": 60, "input_cost_per_token_flex": 15,
            "cache_read_input_token_cost": 3,
        ]
        #expect(try self.cost(fields) { $0.cacheRead = 200_001 } == 3 * 200_001)
        #expect(try self.cost(fields, tier: "flex") { $0.cacheRead = 1 } == 3)
    }

    @Test("a price by a range is heeded as a threshold is")
    func keepsUpWithRanges() throws {
        let fields = #"""
            "tiered_pricing": [
                {"range": [0, 32000], "input_cost_per_token": 2e-12},
                {"range": [32000, 64000], "input_cost_per_token": 5e-12}
            ], "cache_creation_input_token_cost": 3e-12
            """#
        #expect(try self.cost(fields) { $0.cacheWrite5m = 32_000 } == 3 * 32_000)
        #expect(try self.cost(fields) { $0.cacheWrite5m = 32_001 } == 5 * 32_001)
    }

    @Test(arguments: [
        "_flex", "_priority", "_batches", "_above_128k_tokens", "_above_512k_tokens", "_above_200k_tokens_flex",
        "_above_200k_tokens_batches",
    ])
    func everyFieldTakesEveryModifier(modifier: String) throws {
        for priceClass in PriceClass.allCases {
            let name = priceClass.rawValue + modifier
            let price = try priceTable(#""m": {"\#(name)": 5e-12}"#)
            let list = try PriceList(table: price)
            let finding = list.finding(for: try #require(ModelName("m")), kind: .compatible)
            #expect(finding.price?.shown == [ModelPrice.Shown(name: name, picoDollars: 5)])
        }
    }

    @Test(arguments: [
        "input_cost_per_token_above_k_tokens", "input_cost_per_token_above_0k_tokens",
        "input_cost_per_token_above_128k",
        "input_cost_per_token_above_1234567k_tokens", "input_cost_per_token_flex_priority", "_flex",
        "input_cost_per_second",
        "input_cost_per_token_flex_flex", "output_cost_per_image", "cache_creation_input_token_cost_above_2hr",
        "input_cost_per_video_per_second_above_8s_interval", "input_cost_per_token_above_1k_tokens_above_2k_tokens",
    ])
    func otherFieldsAreNoPrices(name: String) throws {
        #expect(try priceTable(#""m": {"\#(name)": 5e-12}"#).count == 0)
    }

    @Test("what is in the cache of an older table is found by its former name")
    func readsTheFormerName() throws {
        let fields = ["input_cost_per_token": 10, "input_cost_per_token_cache_hit": 2]
        #expect(try self.cost(fields) { $0.cacheRead = 3 } == 6)
        let both = fields.merging(["cache_read_input_token_cost": 1]) { $1 }
        #expect(try self.cost(both) { $0.cacheRead = 3 } == 3)
    }

    // MARK: Bounds

    @Test func whatDoesNotFitStaysAtTheLargestNumber() throws {
        let dear = #""input_cost_per_token": 999999, "output_cost_per_token": 999999"#
        #expect(try self.cost(dear) { $0.input = .max } == .max)
        #expect(
            try self.cost(dear) {
                $0.input = 9
                $0.output = 9
            } == .max)
        #expect(
            try self.cost(["input_cost_per_token": 0, "output_cost_per_token": 1]) {
                $0.input = .max
                $0.cacheRead = .max
                $0.output = .max
            } == .max)
    }

    @Test func tokensBelowNothingCostNothing() throws {
        #expect(
            try self.cost(["input_cost_per_token": 5, "output_cost_per_token": 1]) {
                $0.input = .min
                $0.output = 2
            } == 2)
    }
}
