import Foundation
import Testing

@testable import Simulator

struct ScenarioTests {
    private func problems(_ text: String) -> [String] {
        do {
            _ = try ScenarioReader.read(Array(text.utf8))
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func readsEveryMemberOfAnAction() throws {
        let text = """
            {"models": ["a"], "invalid_keys": ["old-*"], "rules": [{"name": "n",
             "match": {"key": "k*", "model": "m", "path": "/v1", "method": "POST", "requests": ["1-3", 7]},
             "action": {"status": 429, "error": "kimi.access_terminated.weekly", "headers": {"x-a": ["1", "2"]},
               "retry_after": {"date_in": 2}, "delay_before_head_ms": 1, "delay_before_first_byte_ms": 2,
               "delay_between_events_ms": 3, "cut": {"after_events": 4, "how": "reset"}, "error_event_after": 5,
               "stall_after": 6, "stall_keep_alive_ms": 7, "keep_alive_every": 8, "framing": "obs-fold",
               "body_bytes": 9, "events": 10, "event_bytes": 11, "line_ending": "crlf", "blank_lines": 12,
               "close_connection": true}}]}
            """
        var action = FaultAction(status: 429, error: "kimi.access_terminated.weekly")
        action.headers = [.init("x-a", "1"), .init("x-a", "2")]
        action.retryAfter = .dateIn(2)
        (action.delayBeforeHead, action.delayBeforeFirstByte, action.delayBetweenEvents) = (1, 2, 3)
        action.cut = .init(place: .afterEvents(4), isReset: true)
        (action.errorEventAfter, action.stallAfter, action.stallKeepAlive, action.keepAliveEvery) = (5, 6, 7, 8)
        action.framing = .foldedHeader
        (action.bodyBytes, action.events, action.eventBytes, action.blankLines) = (9, 10, 11, 12)
        action.lineEnding = "\r\n"
        action.closeConnection = true
        let scenario = try ScenarioReader.read(Array(text.utf8))
        #expect(scenario.rules.first?.action == action)
        #expect(scenario.rules.first?.requests == .ranges([1...3, 7...7]))
        #expect(scenario.rules.first?.matcher == .init(key: "k*", model: "m", path: "/v1", method: "POST"))
        #expect(scenario.models == ["a"])
        #expect(scenario.invalidKeys == ["old-*"])
    }

    @Test func tellsAllProblemsAtOnceWithTheirPaths() {
        let text = """
            {"rule": [], "rules": [{"match": {"modle": "m", "requests": "3-1"}, "action": {"status": 42,
             "error": "kimi.rate_limit_reached", "cut": {"after_events": 1, "before_head": true}}}, {"action": {}}, 7,
             {"match": {"model": "m"}, "action": {"slow_read_bytes_per_second": 0, "early_answer": true}}]}
            """
        let problems = self.problems(text)
        let paths = problems.map { $0.prefix { $0 != ":" } }
        #expect(
            paths == [
                "rule", "rules[0].match.modle", "rules[0].match.requests", "rules[0].action.status",
                "rules[0].action.error", "rules[0].action.cut", "rules[2]",
                "rules[3].action.slow_read_bytes_per_second", "rules[3].action.early_answer", "rules[3].match.model",
            ]
        )
        #expect(problems[0].contains("did you mean rules?"))
        #expect(problems[4].contains("did you mean kimi.rate_limit_error?") || problems[4].contains("kimi.rate_limit"))
    }

    @Test func readsTheShippedExamples() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "examples/scenarios")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files {
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            #expect(self.problems(text) == [], "\(file.lastPathComponent)")
        }
    }

    @Test(arguments: [
        ("2", [2]), ("2-4", [2, 3, 4]), ("9-", [9, 10]), ("every 5", [5, 10]),
    ])
    func meansTheseRequests(text: String, numbers: [Int]) {
        #expect((1...10).filter { RequestNumbers(text)?.contains($0) ?? false } == numbers)
    }

    @Test(arguments: ["", "0", "3-2", "every 0", "every", "a", "1-2-3", "-1"])
    func refusesOtherNumbers(_ text: String) {
        #expect(RequestNumbers(text) == nil)
    }

    @Test func countsTheRequestsOfEachRuleApart() throws {
        let scenario = try ScenarioReader.read(
            Array(
                #"""
                {"rules": [{"match": {"key": "a", "requests": [2]}, "action": {"status": 429}},
                           {"match": {"requests": "every 3"}, "action": {"status": 503}}]}
                """#.utf8
            )
        )
        let engine = FaultEngine(scenario)
        func statuses(_ keys: String) -> [Int?] {
            keys.map { engine.action(key: String($0), model: "m", target: "/v1/x", method: "POST")?.status }
        }
        #expect(statuses("bab") == [nil, nil, 503])
        #expect(statuses("aab") == [429, nil, 503])
        engine.reset()
        #expect(statuses("aa") == [nil, 429])
    }

    @Test(arguments: [
        ("*", "", true), ("a*c", "abbc", true), ("a*c", "abb", false), ("?b", "ab", true), ("?b", "b", false),
        ("sk-*-1", "sk-x-y-1", true), ("", "a", false),
    ])
    func comparesWithPatterns(pattern: String, text: String, fits: Bool) {
        #expect(Glob.matches(pattern, text) == fits)
    }

    @Test func readsTreatmentsFromModelNames() {
        let action = ModelControls.action(model: "kimi-k2+sim-events-2000-bytes-1024-delay-50")
        #expect(action == FaultAction(delayBetweenEvents: 50, events: 2000, eventBytes: 1024))
        #expect(ModelControls.action(model: "sim-reset-5")?.cut == .init(place: .afterEvents(5), isReset: true))
        for name in ["gpt-sim", "sim-events", "sim-events-x", "sim-unknown-1", "sim-"] {
            #expect(ModelControls.action(model: name) == nil, "\(name)")
        }
    }

    @Test func tellsWhenToTryAgain() {
        let facts = Requests.facts("/v1/chat/completions", Requests.chat())
        let now = Date(timeIntervalSince1970: 1_792_000_000.5)
        func line(_ retryAfter: FaultAction.RetryAfter) -> AnswerScript.HeaderLine? {
            let planner = AnswerPlanner(
                facts: facts,
                credential: "k1",
                scenarioAction: FaultAction(status: 429, retryAfter: retryAfter),
                scenario: Scenario(),
                accounts: AccountBook([], at: now),
                running: 1,
                now: now
            )
            return planner.plan().script.headers.last
        }
        #expect(line(.seconds(2)) == .init("retry-after", "2"))
        #expect(line(.milliseconds(1500)) == .init("retry-after-ms", "1500"))
        #expect(line(.dateIn(2)) == .init("retry-after", "Wed, 14 Oct 2026 17:46:43 GMT"))
    }
}
