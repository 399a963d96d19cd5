import Foundation
import NIOCore
import Testing

@testable import Simulator

@Suite(.timeLimit(.minutes(5)))
struct AccountTests {
    private static let start = Date(timeIntervalSince1970: 1_767_700_800)

    private static func window(_ limit: Int, used: Int = 0, milliseconds: Int = 1_000, resetsIn: Int? = nil)
        -> AccountPlan.Window
    {
        AccountPlan.Window(limit: limit, used: used, length: milliseconds, resetsIn: resetsIn)
    }

    private static func plan(
        _ book: AccountBook, _ target: String = "/coding/v1/chat/completions", key: String = "k1",
        body: JSONValue = Requests.chat("kimi-for-coding"), running: Int = 1, after seconds: Double = 0
    ) -> AnswerScript {
        AnswerPlanner(
            facts: Requests.facts(target, body), credential: key, scenarioAction: nil, scenario: Scenario(),
            accounts: book, running: running, now: Self.start.addingTimeInterval(seconds)
        ).plan().script
    }

    private static func get(
        _ book: AccountBook, _ target: String = "/coding/v1/usages", key: String = "k1", after seconds: Double = 0
    ) throws -> JSONValue {
        let facts = RequestFacts(
            method: "GET", target: target, headers: [], body: nil, bodyLength: 0, bodyDigest: "digest")
        let script = AnswerPlanner(
            facts: facts, credential: key, scenarioAction: nil, scenario: Scenario(), accounts: book, running: 0,
            now: Self.start.addingTimeInterval(seconds)
        ).plan().script
        return try Requests.json(of: script)
    }

    @Test("windows fill request by request, refuse when they are full and begin anew (X-002)")
    func windowsFillAndBeginAnew() throws {
        var plan = AccountPlan()
        plan.fiveHours = Self.window(2)
        plan.week = Self.window(3, milliseconds: 10_000)
        let book = AccountBook([plan], at: Self.start)
        #expect([0, 0.1].map { Self.plan(book, after: $0).status } == [200, 200])
        let full = Self.plan(book, after: 0.2)
        #expect(full.status == 403)
        #expect(try Requests.json(of: full)["error"]?["type"] == "access_terminated_error")
        #expect(Requests.body(of: full).contains("5-hour usage limit"))
        // The next window of five hours serves what the week has left.
        #expect(Self.plan(book, after: 1.1).status == 200)
        let weekly = Self.plan(book, after: 1.2)
        #expect(weekly.status == 403)
        #expect(Requests.body(of: weekly).contains("weekly (7-day) usage limit"))
        // A refusal uses nothing.
        #expect(try Self.get(book, after: 1.3)["usage"]?["used"] == "3")
        #expect(Self.plan(book, after: 10.1).status == 200)
        #expect(try Self.get(book, after: 10.2)["usage"]?["used"] == "1")
    }

    @Test func eachCredentialHasAnAccountOfItsOwn() throws {
        var plan = AccountPlan(key: "k*")
        plan.week = Self.window(1)
        let book = AccountBook([plan], at: Self.start)
        #expect(Self.plan(book, key: "k1").status == 200)
        #expect(Self.plan(book, key: "k1").status == 403)
        #expect(Self.plan(book, key: "k2").status == 200)
        for _ in 0..<5 { #expect(Self.plan(book, key: "other").status == 200) }
    }

    @Test func tellsUsageInEachShape() throws {
        func told(_ shape: AccountPlan.Shape) throws -> JSONValue {
            var plan = AccountPlan()
            plan.shape = shape
            plan.fiveHours = Self.window(200, used: 50, milliseconds: 18_000_000, resetsIn: 3_600_000)
            plan.week = Self.window(2_048, used: 214, milliseconds: 604_800_000)
            plan.month = Self.window(100, used: 10, milliseconds: 604_800_000)
            return try Self.get(AccountBook([plan], at: Self.start))
        }
        let classic = try told(.classic)
        #expect(classic["usage"]?["limit"] == "2048")
        #expect(classic["usage"]?["remaining"] == "1834")
        #expect(classic["limits"]?.array?.first?["detail"]?["resetTime"] == "2026-01-06T13:00:00.000000000Z")
        #expect(classic["limits"]?.array?.count == 2)
        #expect(classic["parallel"]?["limit"] == "30")
        #expect(try told(.numbers)["usage"]?["used"] == 214)
        #expect(try told(.remaining)["usage"]?["used"] == nil)
        let inline = try told(.inline)["limits"]?.array?.first
        #expect(inline?["detail"] == nil)
        #expect(inline?["limit"] == "200")
        #expect(try told(.relative)["limits"]?.array?.first?["detail"]?["resetIn"] == 3_600.0)
        let pools = try told(.pools)
        #expect(pools["usage"] == nil)
        #expect(pools["usages"]?["limit_5h"]?["used_ratio"] == 0.25)
        #expect(pools["usages"]?["limit_month_total"]?["used_ratio"] == 0.1)
        #expect(try told(.camel)["usages"]?["limit5h"]?["usedRatio"] == 0.25)
        let contradicting = try told(.contradicting)
        #expect(contradicting["usages"]?["limit_7d"]?["used_ratio"] == 0.0)
        #expect(contradicting["usage"]?["used"] == "214")
        #expect(try told(.stale)["usage"]?["used"] == "0")
        #expect(try told(.wrapped)["data"]?["usage"]?["used"] == "214")
        #expect(try told(.unknown)["usage"] == nil)
    }

    @Test func spendsMoney() throws {
        var plan = AccountPlan()
        plan.balance = 2
        plan.cost = 1
        let book = AccountBook([plan], at: Self.start)
        let target = "/v1/chat/completions"
        let body = Requests.chat("deepseek-chat")
        #expect(try Self.get(book, "/user/balance")["balance_infos"]?.array?.first?["total_balance"] == "2.00")
        #expect((0..<2).map { _ in Self.plan(book, target, body: body).status } == [200, 200])
        #expect(Self.plan(book, target, body: body).status == 402)
        #expect(Self.plan(book, "/coding/v1/chat/completions").status == 429)
        #expect(try Self.get(book, "/user/balance")["is_available"] == false)
        #expect(try Self.get(book, "/v1/users/me/balance")["data"]?["available_balance"] == 0.0)
        #expect(try Self.get(book, "/api/v1/credits")["data"]?["total_usage"] == 2.0)
    }

    @Test func limitsAKeyOfOpenRouter() throws {
        var plan = AccountPlan()
        plan.keyLimit = 10
        plan.cost = 4
        let book = AccountBook([plan], at: Self.start)
        _ = Self.plan(book, "/api/v1/chat/completions", body: Requests.chat())
        let data = try Self.get(book, "/api/v1/key")["data"]
        #expect(data?["limit"] == 10.0)
        #expect(data?["limit_remaining"] == 6.0)
    }

    @Test(
        "tells the limit of requests in each provider's header fields",
        arguments: [
            (
                "/v1/chat/completions", "gpt-sim", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests",
                "1m30s"
            ),
            ("/v1/chat/completions", "kimi-k2", "X-RateLimit-Remaining", "X-RateLimit-Reset", "90"),
            ("/api/v1/chat/completions", "m", "X-RateLimit-Remaining", "X-RateLimit-Reset", "1767700890000"),
            (
                "/v1/messages", "claude-sim", "anthropic-ratelimit-requests-remaining",
                "anthropic-ratelimit-requests-reset", "2026-01-06T12:01:30.000000000Z"
            ),
        ])
    func tellsRateLimits(target: String, model: String, remaining: String, reset: String, time: String) throws {
        var plan = AccountPlan()
        plan.requests = Self.window(2, milliseconds: 90_000)
        let book = AccountBook([plan], at: Self.start)
        let body = Requests.chat(model, [("max_tokens", 8)])
        let scripts = (0..<3).map { _ in Self.plan(book, target, body: body) }
        #expect(scripts.map(\.status) == [200, 200, 429])
        let left = scripts.map { script in script.headers.filter { $0.name == remaining }.map(\.value) }
        #expect(left == [["1"], ["0"], ["0"]])
        #expect(scripts[0].headers.first { $0.name == reset }?.value == time)
    }

    @Test func limitsRequestsAtOnce() throws {
        var plan = AccountPlan()
        plan.inFlight = 3
        let book = AccountBook([plan], at: Self.start)
        #expect((1...4).map { Self.plan(book, running: $0).status } == [200, 200, 200, 403])
    }

    @Test func readsAccounts() throws {
        let text = """
            {"accounts": [{"key": "sk-*", "shape": "pools", "five_hours": {"limit": 5, "used": 1, "length_ms": 2000,
              "resets_in_ms": 500}, "week": {"limit": 50}, "requests": {"limit": 3}, "balance": 1.5, "cost": 1,
              "key_limit": 9, "in_flight": 3, "level": "LEVEL_PRO", "parallel": 10, "email": "a@example.org"}]}
            """
        let plan = try #require(try ScenarioReader.read(Array(text.utf8)).accounts.first)
        #expect(plan.fiveHours == Self.window(5, used: 1, milliseconds: 2_000, resetsIn: 500))
        #expect(plan.week == Self.window(50, milliseconds: 604_800_000))
        #expect(plan.requests == Self.window(3, milliseconds: 60_000))
        #expect((plan.key, plan.shape, plan.balance, plan.cost, plan.keyLimit) == ("sk-*", .pools, 1.5, 1, 9))
        #expect((plan.inFlight, plan.level, plan.parallel, plan.email) == (3, "LEVEL_PRO", 10, "a@example.org"))
    }

    @Test func tellsProblemsOfAccounts() {
        let text = """
            {"accounts": [{"shape": "odd", "week": {"limit": -1, "long": 1}, "balance": "1"}, 7]}
            """
        #expect(throws: ScenarioProblems.self) { try ScenarioReader.read(Array(text.utf8)) }
        do {
            _ = try ScenarioReader.read(Array(text.utf8))
        } catch {
            let paths = error.problems.map { $0.description.prefix { $0 != ":" } }
            #expect(
                paths == [
                    "accounts[0].shape", "accounts[0].week.long", "accounts[0].week.limit", "accounts[0].balance",
                    "accounts[1]",
                ])
        }
    }

    @Test("counts the most requests at once, with each key and without questions about accounts")
    func countsTheMostAtOnce() {
        let stats = StatsRegistry()
        let first = (0..<3).map { _ in stats.begin(key: "a", tls: nil, isReused: false, method: "POST") }
        let question = stats.begin(key: "a", tls: nil, isReused: false, method: "GET")
        let other = stats.begin(key: "b", tls: nil, isReused: false, method: "POST")
        #expect(stats.running(with: "a") == 3)
        for ticket in first + [question, other] { stats.end(ticket, .completed) }
        _ = stats.begin(key: "a", tls: nil, isReused: false, method: "POST")
        #expect(stats.running(with: "a") == 1)
        #expect(stats.snapshot.keys["a"]?.maxInFlight == 3)
        #expect(stats.snapshot.keys["b"]?.maxInFlight == 1)
        #expect(stats.snapshot.totals.maxInFlight == 4)
        #expect(stats.snapshot.keys["a"]?.json["max_in_flight"] == 3)
    }

    @Test func servesAccountsOnTheWire() async throws {
        var plan = AccountPlan()
        plan.week = Self.window(1, milliseconds: 86_400_000)
        var scenario = Scenario()
        scenario.accounts = [plan]
        try await LiveSimulator.with(scenario) { server in
            let chat = LiveSimulator.request(
                "POST", "/coding/v1/chat/completions", Requests.chat("kimi-for-coding"))
            let answers = try await [
                LiveSimulator.exchange(server, chat), LiveSimulator.exchange(server, chat),
                LiveSimulator.exchange(server, LiveSimulator.request("GET", "/coding/v1/usages")),
                LiveSimulator.exchange(server, LiveSimulator.request("POST", "/sim/reset")),
                LiveSimulator.exchange(server, chat),
            ]
            #expect(answers[0].hasPrefix("HTTP/1.1 200"))
            #expect(answers[1].hasPrefix("HTTP/1.1 403"))
            #expect(answers[2].contains(#""remaining":"0""#))
            #expect(answers[4].hasPrefix("HTTP/1.1 200"))
        }
    }
}
