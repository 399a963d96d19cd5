import Testing

@testable import ProxyCore

@Suite("Which price holds for a model (A-028, X-022)")
struct PriceListTests {
    /// A table whose entries cost one picodollar for a token of input, each with a maker of its own if it names one.
    private func list(_ names: [String], makers: [String: String] = [:]) throws -> PriceList {
        try priceList(
            names.map { name in
                let maker = makers[name].map { #""litellm_provider": "\#($0)", "# } ?? ""
                return #""\#(name)": {\#(maker)"input_cost_per_token": 1e-12}"#
            }.joined(separator: ","))
    }

    private func entry(
        _ model: String, _ kind: ProviderKind, _ names: [String], makers: [String: String] = [:]
    ) throws -> String? {
        try self.list(names, makers: makers).finding(for: try #require(ModelName(model)), kind: kind).entry
    }

    @Test(
        "a name is a version of what stands before a date, a build number or a word for versions",
        arguments: [
            ("gpt-4o-2024-11-20", "gpt-4o"), ("gpt-4o-latest", "gpt-4o"), ("gpt-4-0613", "gpt-4"),
            ("claude-sonnet-4-20250514", "claude-sonnet-4"),
            ("claude-sonnet-4@20250514", "claude-sonnet-4"), ("claude-sonnet-4-20250514-v1:0", "claude-sonnet-4"),
            ("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro"),
            ("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
            ("gemini-2.0-flash-001", "gemini-2.0-flash"), ("gemini-2.5-pro-exp-03-25", "gemini-2.5-pro"),
            ("llama:latest", "llama"), ("deepseek-chat:beta", "deepseek-chat"),
            ("m-alpha-rc-stable-snapshot-experimental", "m"), ("deepseek-v3-2-251201", "deepseek-v3-2"), ("m-v1", "m"),
        ])
    func findsVersions(model: String, name: String) throws {
        #expect(try self.entry(model, .compatible, [name]) == name)
    }

    @Test(
        "a price is never that of a neighbour (A-028)",
        arguments: [
            ("gpt-4o-mini", "gpt-4o"), ("gpt-4o-mini-2024-07-18", "gpt-4o"), ("gpt-5.1", "gpt-5"), ("gpt-5-1", "gpt-5"),
            ("claude-opus-4-1", "claude-opus-4"), ("claude-opus-4-1-20250805", "claude-opus-4"), ("gpt-4-32k", "gpt-4"),
            ("gpt-5-codex", "gpt-5"), ("gpt-4o", "gpt-4o-mini"), ("gpt-4o2024", "gpt-4o"), ("gpt-4o-", "gpt-4o"),
            ("gpt-4o--2024", "gpt-4o"), ("my-gpt-4o", "gpt-4o"), ("openai/gpt-4o", "gpt-4o"), ("gpt-4o:free", "gpt-4o"),
            ("ft:gpt-4o:acme::x1", "gpt-4o"), ("gpt-4o-audio-preview", "gpt-4o"), ("GPT-4o", "gpt-4o"),
            ("model-10", "model"), ("model-v2", "model"), ("o1-mini", "o1"), ("model-123456789", "model"),
            ("model:1", "model"), ("gpt-4-1234-preview", "gpt-4"),
            ("gpt-4-0125-preview", "gpt-4"), ("kimi-k2-0905-preview", "kimi-k2"), ("m-preview-0613", "m"),
            ("m-001-latest", "m"), ("m-v1-12345", "m"), ("m-1234-01-preview", "m"), ("m-2025-preview", "m"),
            ("m-0613-001", "m"), ("kimi-k2.5", "kimi-k2"), ("-2024", ""), ("model_latest", "model"),
        ])
    func leavesNeighboursAlone(model: String, name: String) throws {
        #expect(try self.entry(model, .compatible, name.isEmpty ? ["x"] : [name]) == nil)
    }

    @Test("the longest beginning is taken")
    func takesTheLongestBeginning() throws {
        let names = ["gpt-4", "gpt-4-turbo", "gpt-4-turbo-2024"]
        #expect(try self.entry("gpt-4-turbo-2024-04-09", .compatible, names) == "gpt-4-turbo-2024")
        #expect(try self.entry("gpt-4-turbo-2025-04-09", .compatible, names) == "gpt-4-turbo")
        #expect(try self.entry("gpt-4-turbo-preview-2024-04-09", .compatible, names) == "gpt-4-turbo")
        let more = names + ["gpt-4-turbo-preview"]
        #expect(try self.entry("gpt-4-turbo-preview-2024-04-09", .compatible, more) == "gpt-4-turbo-preview")
    }

    @Test(
        "the kind's own entry comes first, then the name itself",
        arguments: [
            (ProviderKind.openAI, "openai/m"), (.anthropic, "anthropic/m"), (.gemini, "gemini/m"),
            (.deepSeek, "deepseek/m"), (.moonshot, "moonshot/m"), (.openRouter, "openrouter/m"), (.compatible, "m"),
        ])
    func prefersThePrefix(kind: ProviderKind, name: String) throws {
        let names = ["m"] + ["openai", "anthropic", "gemini", "deepseek", "moonshot", "openrouter"].map { "\($0)/m" }
        #expect(try self.entry("m", kind, names) == name)
        #expect(try self.entry("m-2026-11-05", kind, names) == name)
        #expect(try self.entry("m", kind, ["m"]) == "m")
    }

    @Test("what is found exactly comes before what is found by a beginning")
    func prefersExactNames() throws {
        #expect(try self.entry("m-2026", .openAI, ["openai/m", "m-2026"]) == "m-2026")
    }

    @Test("models that go by their vendor's name are OpenRouter's there")
    func looksUpVendors() throws {
        let names = ["openrouter/anthropic/claude", "anthropic/claude", "claude"]
        #expect(try self.entry("anthropic/claude", .openRouter, names) == "openrouter/anthropic/claude")
        #expect(try self.entry("claude", .anthropic, names) == "anthropic/claude")
        #expect(try self.entry("anthropic/claude", .openRouter, ["claude"]) == nil)
    }

    @Test("an entry without a prefix is not that of another service")
    func heedsTheMaker() throws {
        func found(_ kind: ProviderKind, _ maker: String) throws -> Bool {
            try self.entry("m", kind, ["m"], makers: ["m": maker]) != nil
        }
        #expect(try found(.openAI, "openai"))
        #expect(try found(.openAI, "text-completion-openai"))
        #expect(try !found(.openAI, "azure"))
        #expect(try !found(.moonshot, "volcengine"))
        #expect(try found(.compatible, "volcengine"))
    }

    @Test func knowsGeminisResources() throws {
        #expect(try self.entry("models/gemini-2.5-pro", .gemini, ["gemini/gemini-2.5-pro"]) == "gemini/gemini-2.5-pro")
    }

    @Test("the same question has the same answer (X-022)")
    func isDeterministic() throws {
        let names = (0..<200).map { "model-\($0 + 100)" } + ["model", "openai/model"]
        let text = names.shuffled()
        for _ in 0..<20 {
            #expect(try self.entry("model-150-preview", .openAI, text.shuffled()) == "model-150")
            #expect(try self.entry("model-2026-11-05", .openAI, text.shuffled()) == "openai/model")
        }
    }

    // MARK: The order of what a cost comes from

    private let table = #""m": {"input_cost_per_token": 2e-12}, "asked": {"input_cost_per_token": 3e-12}"#

    @Test("the model that answered is charged, and the one that was asked for if that has no price")
    func chargesTheAnsweringModel() throws {
        let list = try priceList(self.table)
        let asked = ModelName("asked")
        func cost(_ answered: String?, _ asked: ModelName?) -> Cost {
            list.cost(of: reportedUsage({ $0.input = 10 }, model: answered), model: asked, kind: .compatible)
        }
        let version = list.table.version
        #expect(cost("m", asked) == Cost(.priced, picoDollars: 20, version: version))
        #expect(cost("m-2026-11-05", asked) == Cost(.priced, picoDollars: 20, version: version))
        #expect(cost("unheard-of", asked) == Cost(.priced, picoDollars: 30, version: version))
        #expect(cost(nil, asked) == Cost(.priced, picoDollars: 30, version: version))
        #expect(cost("m", nil) == Cost(.priced, picoDollars: 20, version: version))
        #expect(cost(nil, nil) == Cost(.unpriced))
        #expect(cost("unheard-of", ModelName("neither")) == Cost(.unpriced))
    }

    @Test("the provider's own word comes before the table (A-011)", arguments: ProviderKind.allCases)
    func believesTheProvider(kind: ProviderKind) throws {
        let list = try priceList(self.table)
        func cost(_ reported: Int64) -> Cost {
            list.cost(of: reportedUsage({ $0.input = 10 }, cost: reported), model: ModelName("m"), kind: kind)
        }
        #expect(cost(77) == Cost(.priced, picoDollars: 77, version: "provider"))
        #expect(cost(0) == Cost(.priced, picoDollars: 0, version: "provider"))
        #expect(cost(-5) == Cost(.priced, picoDollars: 0, version: "provider"))
    }

    @Test("plans and one's own machine cost nothing, whatever the table says")
    func plansAreNotCharged() throws {
        let list = try priceList(self.table)
        let usage = reportedUsage { $0.input = 10 }
        #expect(list.cost(of: usage, model: ModelName("m"), kind: .kimi) == Cost(.plan, picoDollars: 0))
        #expect(list.cost(of: usage, model: ModelName("m"), kind: .local) == Cost(.free, picoDollars: 0))
        #expect(list.cost(of: usage, model: nil, kind: .kimi) == Cost(.plan, picoDollars: 0))
    }

    @Test("an override comes before everything else", arguments: ProviderKind.allCases)
    func overrides(kind: ProviderKind) throws {
        let list = try priceList(self.table, overrides: [try priceOverride("m", ["input_cost_per_token": 2.5e-06])])
        let cost = list.cost(of: reportedUsage({ $0.input = 2 }, cost: 77), model: ModelName("m"), kind: kind)
        #expect(cost == Cost(.priced, picoDollars: 5_000_000, version: "config"))
        let version = list.cost(of: reportedUsage({ $0.input = 2 }), model: ModelName("m-2026-11-05"), kind: kind)
        #expect(version == cost)
    }

    @Test("an override stands for itself: what it does not name has no price")
    func overridesAreWhole() throws {
        let list = try priceList(
            #""m": {"input_cost_per_token": 2e-12, "output_cost_per_token": 2e-12}"#,
            overrides: [try priceOverride("m", ["input_cost_per_token": 1e-06])])
        let cost = list.cost(of: reportedUsage { $0.output = 2 }, model: ModelName("m"), kind: .openAI)
        #expect(cost == Cost(.unpriced))
    }

    @Test("overrides are found as entries of the table are")
    func findsOverrides() throws {
        let list = try priceList(
            self.table,
            overrides: [
                try priceOverride("m", ["input_cost_per_token": 1e-06]),
                try priceOverride("openai/m", ["input_cost_per_token": 2e-06]),
            ])
        func entry(_ model: String, _ kind: ProviderKind) throws -> String? {
            list.finding(for: try #require(ModelName(model)), kind: kind).entry
        }
        #expect(try entry("m", .openAI) == "openai/m")
        #expect(try entry("m", .local) == "m")
        #expect(try entry("m-mini", .openAI) == nil)
        #expect(try entry("asked", .openAI) == "asked")
    }

    @Test(
        "what is no price is refused as an override",
        arguments: [
            ("input_cost_per_token", -0.5, "is below zero"), ("input_cost_per_token", .nan, "is no decimal number"),
            ("input_cost_per_token", .infinity, "is no decimal number"), ("input_cost_per_second", 0.5, "is no price"),
            ("input_cost_per_token", 1e9, "is a million dollars or more"),
        ] as [(String, Double, String)])
    func refusesOverrides(field: String, dollars: Double, reason: String) throws {
        #expect(throws: PriceTable.Fault(entry: "m", field: field, reason: reason)) {
            try priceList("", overrides: [try priceOverride("m", [field: dollars])])
        }
    }

    @Test("a finding tells where a price comes from")
    func tellsWhereAPriceComesFrom() throws {
        let list = try priceList(
            #""_kmi": {"effective": "2026-11-05"}, "m": {"input_cost_per_token": 2e-12, "mode": "chat"}"#,
            overrides: [try priceOverride("o", ["input_cost_per_token": 1e-06])])
        func finding(_ model: String, _ kind: ProviderKind) throws -> PriceFinding {
            list.finding(for: try #require(ModelName(model)), kind: kind)
        }
        let found = try finding("m-2026-01-01", .openAI)
        #expect(found.basis == .table)
        #expect(found.entry == "m")
        #expect(found.price?.mode == "chat")
        #expect(try finding("o", .kimi).basis == .override)
        #expect(try finding("m", .kimi).basis == .plan)
        #expect(try finding("m", .local).basis == .free)
        #expect(try finding("x", .openAI) == PriceFinding(basis: .none))
    }
}
