import Foundation
import TestSupport

/// Tokens in the classes that metrics and the control surface tell.
struct TokenSums: Decodable, Equatable, Sendable {
    var input = 0
    var cacheRead = 0
    var cacheWrite = 0
    var output = 0
    var reasoning = 0

    init() {}

    /// What the simulator has reported.
    init(_ tokens: SimulatorProcess.Tokens) {
        self.input = tokens.input
        self.cacheRead = tokens.cacheRead
        self.cacheWrite = tokens.cacheWrite5m + tokens.cacheWrite1h
        self.output = tokens.output
        self.reasoning = tokens.reasoning
    }

    /// What `/metrics` says of a model.
    init(_ metrics: MetricsText, model: String) {
        func sum(_ name: String) -> Int {
            Int(metrics.sum("kmi_tokens_total", ["model": model, "class": name]).rounded())
        }
        self.input = sum("input")
        self.cacheRead = sum("cache_read")
        self.cacheWrite = sum("cache_write")
        self.output = sum("output")
        self.reasoning = sum("reasoning")
    }
}

/// A row of `kmictl usage --json`.
struct UsageShown: Decodable, Sendable {
    var model: String?
    var key: String?
    var requests: Int
    var tokens: TokenSums
    var costPicoUsd: Int?
    var unpriced: Int
    var uncertain: Int
}

/// What the database holds of the attempts of one model with one outcome and one quality.
struct StoredSum: Decodable, Sendable {
    var model: String
    var outcome: String
    var quality: String?
    var requests: Int
    var input: Int
    var cacheRead: Int
    var cacheWriteShort: Int
    var cacheWriteLong: Int
    var output: Int
    var reasoning: Int
    var picoDollars: Int

    /// In the classes of the control surface.
    var tokens: TokenSums {
        var sums = TokenSums()
        sums.input = self.input
        sums.cacheRead = self.cacheRead
        sums.cacheWrite = self.cacheWriteShort + self.cacheWriteLong
        sums.output = self.output
        sums.reasoning = self.reasoning
        return sums
    }
}

/// Prices of the tests, in pico-dollars for a token, all different so that no class can stand in for another.
struct TestPrices: Sendable {
    let input = 1_250_000
    let cacheRead = 125_000
    let cacheWriteShort = 1_560_000
    let cacheWriteLong = 2_500_000
    let output = 10_000_000
    let reasoning = 7_000_000

    /// What tokens cost, by the test's own calculation.
    func cost(_ sum: StoredSum) -> Int {
        sum.input * self.input + sum.cacheRead * self.cacheRead + sum.cacheWriteShort * self.cacheWriteShort
            + sum.cacheWriteLong * self.cacheWriteLong + sum.output * self.output + sum.reasoning * self.reasoning
    }

    /// What tokens cost that the simulator counted.
    func cost(_ tokens: SimulatorProcess.Tokens) -> Int {
        tokens.input * self.input + tokens.cacheRead * self.cacheRead + tokens.cacheWrite5m * self.cacheWriteShort
            + tokens.cacheWrite1h * self.cacheWriteLong + tokens.output * self.output
            + tokens.reasoning * self.reasoning
    }

    /// The tables that give these prices to models.
    func overrides(_ models: [String]) -> String {
        models.map { model in
            """
            [prices.override."\(model)"]
            input_cost_per_token = 0.00000125
            cache_read_input_token_cost = 0.000000125
            cache_creation_input_token_cost = 0.00000156
            cache_creation_input_token_cost_above_1hr = 0.0000025
            output_cost_per_token = 0.00001
            output_cost_per_reasoning_token = 0.000007


            """
        }.joined()
    }
}

extension StoredDatabase {
    /// Runs a query against the living database, as a reader, and decodes its rows.
    func query<Value: Decodable>(_ type: Value.Type, _ sql: String) async throws -> [Value] {
        let script = """
            import json, os, sqlite3, sys
            path = os.path.join(sys.argv[1], "state.sqlite")
            database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
            database.row_factory = sqlite3.Row
            print(json.dumps([dict(row) for row in database.execute(sys.argv[2])]))
            database.close()
            """
        let result = try await FinishedProcess.run(
            "/usr/bin/python3", arguments: ["-c", script, self.directory, sql], environment: ["PATH": "/usr/bin:/bin"])
        guard result.isSuccess else { throw TestFailure(result.standardError) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([Value].self, from: Data(result.standardOutput.utf8))
    }

    private struct Count: Decodable {
        var count: Int
    }

    /// How many requests have a row.
    func requestCount() async throws -> Int {
        try await self.query(Count.self, "SELECT count(*) AS count FROM requests").first?.count ?? 0
    }

    /// How many different requests have a row.
    func requestIDCount() async throws -> Int {
        try await self.query(Count.self, "SELECT count(DISTINCT id) AS count FROM requests").first?.count ?? 0
    }

    /// What is stored of tokens and costs, by model, outcome and quality.
    func sums() async throws -> [StoredSum] {
        try await self.query(
            StoredSum.self,
            """
            SELECT coalesce(attempts.answering_model, attempts.model, requests.model, '') AS model,
                requests.outcome AS outcome, attempts.quality AS quality, count(DISTINCT requests.number) AS requests,
                coalesce(sum(attempts.input), 0) AS input, coalesce(sum(attempts.cache_read), 0) AS cache_read,
                coalesce(sum(attempts.cache_write_5m), 0) AS cache_write_short,
                coalesce(sum(attempts.cache_write_1h), 0) AS cache_write_long,
                coalesce(sum(attempts.output), 0) AS output, coalesce(sum(attempts.reasoning), 0) AS reasoning,
                coalesce(sum(attempts.pico_dollars), 0) AS pico_dollars
            FROM requests LEFT JOIN attempts ON attempts.request = requests.number
            GROUP BY 1, 2, 3
            """)
    }
}

extension DaemonProcess {
    /// `/metrics` when so many requests have ended and are stored, so that nothing is counted any more.
    func settledMetrics(after requests: Int) async throws -> MetricsText {
        let database = self.database
        try await eventually("\(requests) requests are stored") { try await database.requestCount() == requests }
        return MetricsText(try await self.admin().get("/metrics").text)
    }
}

/// What `kmi-sim load` prints.
struct LoadReport: Decodable, Sendable {
    /// How something is distributed, in milliseconds.
    struct Distribution: Decodable, Sendable {
        var count: Int
        var p50Ms: Double?
        var p99Ms: Double?
    }

    var complete: Int
    var cut: Int
    var left: Int
    var failed: Int
    var unfinished: Int
    var refused: [String: Int]
    var completeStreams: Int
    var asked: Int
    var reporting: Int
    var firstEvent: Distribution
    var probes: Distribution
    var failedProbes: Int
    var seconds: Double

    /// Runs a load to its end; `limit` is in seconds.
    static func run(
        _ address: HTTPAddress, token: String, limit: Int, _ arguments: [String] = []
    ) async throws -> LoadReport {
        let result = try await FinishedProcess.run(
            BuildProducts.path(of: "kmi-sim"),
            arguments: ["load", "\(address)", "--token", token, "--limit", "\(limit)"] + arguments,
            within: .seconds(limit + 20))
        guard result.isSuccess else { throw TestFailure("load: \(result.status)\n\(result.standardError)") }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(LoadReport.self, from: Data(result.standardOutput.utf8))
    }
}

extension DaemonConfiguration {
    /// Keys that take turns, a provider that is never given up, and nobody who is made to wait.
    static func accounting(_ simulator: SimulatorProcess, keys: Int = 5) -> DaemonConfiguration {
        let labels = ["alpha", "beta", "gamma", "delta", "epsilon"]
        var configuration = DaemonConfiguration(simulator, keys: Array(labels.prefix(keys)))
        configuration.tables["rotation"] = "mode = \"round-robin\"\naffinity = false"
        configuration.tables["breaker"] = "failures = 1000000"
        return configuration
    }
}
