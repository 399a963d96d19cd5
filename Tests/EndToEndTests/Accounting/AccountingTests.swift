import Foundation
import TestSupport
import Testing

@Suite("Accounts that agree", .serialized, .timeLimit(.minutes(Tools.isSoak ? 15 : 3)))
struct AccountingTests {
    private static let chatModels = ["gpt-sim", "deepseek-sim", "kimi-sim"]
    private static let messagesModels = ["claude-sim"]
    private static let prices = TestPrices()

    /// The models as they are asked for: for whole answers, for those that are cut, and for those that are left.
    private static var models: [String] {
        (self.chatModels + self.messagesModels).flatMap {
            [$0, $0 + "+sim-cut-6", $0 + "+sim-events-2000-delay-20"]
        }
    }

    private static var loadArguments: [String] {
        self.chatModels.flatMap { ["--model", $0] } + self.messagesModels.flatMap { ["--messages-model", $0] }
    }

    @Test(
        "tokens and cost by kmictl usage, /metrics, SQL and the provider's own count agree to the last token, one row for each request (A-011, X-059)"
    )
    func accountsAgree() async throws {
        let requests = Tools.isSoak ? 10_000 : 600
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration.accounting(simulator)
            configuration.appendix = Self.prices.overrides(Self.models)
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(configuration, bus: bus.address) { daemon in
                    let load = try await LoadReport.run(
                        daemon.address("data"), token: daemon.token, limit: Tools.isSoak ? 600 : 100,
                        [
                            "--requests", "\(requests)", "--connections", "16", "--streamed", "60", "--messages", "30",
                            "--asking", "40", "--leaving", "5", "--cutting", "8", "--seed", "20",
                        ] + Self.loadArguments)
                    try self.check(load, requests: requests)
                    let database = daemon.database
                    try await eventually("every request has a row", within: .seconds(30)) {
                        try await database.requestCount() >= requests
                    }
                    #expect(try await database.requestCount() == requests)
                    #expect(try await database.requestIDCount() == requests)
                    let sums = try await database.sums()
                    self.check(sums, against: load)
                    let shown = try await Steering(bus: bus.address).show([UsageShown].self, "usage", "--by", "model")
                    let metrics = MetricsText(try await daemon.admin().get("/metrics").text)
                    let provider = try await simulator.statistics()
                    for model in Self.models {
                        try self.compare(model, sums, shown, metrics, provider)
                    }
                    let byKey = try await Steering(bus: bus.address).show([UsageShown].self, "usage", "--by", "key")
                    #expect(byKey.count == 5)
                    #expect(byKey.reduce(0) { $0 + $1.requests } == requests)
                    let whole = byKey.reduce(0) { $0 + ($1.costPicoUsd ?? 0) }
                    #expect(whole == sums.reduce(0) { $0 + $1.picoDollars })
                }
            }
        }
    }

    /// All requests ended as the plan wanted it.
    private func check(_ load: LoadReport, requests: Int) throws {
        #expect(load.failed == 0)
        #expect(load.unfinished == 0)
        #expect(load.refused.isEmpty)
        #expect(load.complete + load.cut + load.left == requests)
        // The plan leaves nothing of this to chance.
        #expect(load.cut > requests / 50 && load.left > requests / 100 && load.completeStreams > requests / 3)
        #expect(Double(load.asked) < Double(requests) * 0.3)
    }

    /// Rows are marked by how their answers ended.
    private func check(_ sums: [StoredSum], against load: LoadReport) {
        func requests(_ outcome: String) -> Int {
            sums.filter { $0.outcome == outcome }.reduce(0) { $0 + $1.requests }
        }
        #expect(requests("complete") == load.complete)
        #expect(requests("cut") == load.cut)
        #expect(requests("left") == load.left)
        for sum in sums {
            if sum.outcome == "complete" {
                #expect(sum.quality == "reported", "\(sum)")
            } else {
                #expect(sum.quality == "partial" || sum.quality == "estimated", "\(sum)")
            }
        }
    }

    private func compare(
        _ model: String, _ sums: [StoredSum], _ shown: [UsageShown], _ metrics: MetricsText,
        _ provider: SimulatorProcess.Statistics
    ) throws {
        let stored = sums.filter { $0.model == model }
        let tokens = stored.reduce(into: TokenSums()) { $0.add($1.tokens) }
        let cost = stored.reduce(0) { $0 + $1.picoDollars }
        let row = try #require(shown.first { $0.model == model }, "kmictl usage has no \(model)")
        #expect(row.tokens == tokens, "\(model)")
        #expect(row.requests == stored.reduce(0) { $0 + $1.requests }, "\(model)")
        #expect(row.costPicoUsd == cost, "\(model)")
        #expect(row.unpriced == 0, "\(model)")
        #expect(TokenSums(metrics, model: model) == tokens, "\(model)")
        let dollars = metrics.sum("kmi_cost_usd_total", ["model": model])
        #expect(abs(dollars - Double(cost) / 1e12) <= 1e-9 * max(1, dollars), "\(model)")
        #expect(cost == stored.reduce(0) { $0 + Self.prices.cost($1) }, "\(model)")
        guard !model.contains("+") else {
            #expect(row.uncertain == row.requests, "\(model)")
            return
        }
        let seen = try #require(provider.models[model])
        #expect(tokens == TokenSums(seen.tokens), "\(model)")
        #expect(cost == Self.prices.cost(seen.tokens), "\(model)")
        #expect(row.uncertain == 0, "\(model)")
        #expect(tokens.input > 0 && tokens.output > 0 && tokens.cacheRead > 0, "\(model)")
    }

    @Test("a model without a price is told apart: neither zero nor another model's price (A-028)")
    func unpriced() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration.accounting(simulator, keys: 1)
            configuration.appendix = Self.prices.overrides(["gpt-sim"])
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(configuration, bus: bus.address) { daemon in
                    #expect(try await daemon.client().chat(model: "nobody-knows-sim").status == 200)
                    try await eventually("it is stored") { try await daemon.database.requestCount() == 1 }
                    let rows = try await Steering(bus: bus.address).show([UsageShown].self, "usage", "--by", "model")
                    #expect(rows.map(\.unpriced) == [1])
                    #expect(rows.map(\.costPicoUsd) == [nil])
                    #expect(rows.first?.tokens.input ?? 0 > 0)
                    #expect(try await daemon.metric("kmi_cost_usd_total") == 0)
                }
            }
        }
    }
}

extension TokenSums {
    mutating func add(_ more: TokenSums) {
        self.input += more.input
        self.cacheRead += more.cacheRead
        self.cacheWrite += more.cacheWrite
        self.output += more.output
        self.reasoning += more.reasoning
    }
}
