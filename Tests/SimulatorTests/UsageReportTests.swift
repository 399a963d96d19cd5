import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Simulator

@Suite(.timeLimit(.minutes(5)))
struct UsageReportTests {
    private static func script(_ target: String, _ body: JSONValue) -> AnswerScript {
        let facts = Requests.facts(target, body)
        let planner = AnswerPlanner(
            facts: facts, credential: "k", scenarioAction: nil, scenario: Scenario(),
            accounts: AccountBook([], at: Date(timeIntervalSince1970: 0)), running: 0,
            now: Date(timeIntervalSince1970: 0))
        return planner.plan().script
    }

    private static func messages(_ more: [(String, JSONValue)] = []) -> JSONValue {
        Requests.chat("claude-sim", [("max_tokens", 100)] + more)
    }

    private static let contents: JSONValue = ["contents": [["role": "user", "parts": [["text": "How are you?"]]]]]

    @Test(
        "says the same usage whole and streamed, where the provider streams it (provider facts 14.1)",
        arguments: [
            ("/coding/v1/chat/completions", "kimi-for-coding", false), ("/v1/chat/completions", "gpt-sim", true),
            ("/v1/chat/completions", "deepseek-sim", true), ("/api/v1/chat/completions", "x/y", false),
            ("/v1/completions", "gpt-sim", true), ("/api/v1/completions", "x/y", false),
        ])
    func streamsWhatItAnswers(target: String, model: String, asks: Bool) throws {
        let body = Requests.chat(model, [("prompt", "x")])
        let plain = Self.script(target, body)
        let stream: JSONValue = body.adding("stream", true)
        let silent = Self.script(target, stream)
        let asking = Self.script(target, stream.adding("stream_options", ["include_usage": true]))
        let reported = try #require(plain.reportedByBody)
        #expect(reported.input > 0 && reported.output > 0)
        #expect(asking.reported(afterEvents: .max) == reported)
        #expect(silent.reported(afterEvents: .max) == (asks ? nil : reported))
        #expect(Requests.body(of: silent).contains(#""usage":{"#) == !asks)
    }

    @Test("reports a stream of Messages in two steps, the second with the whole output (provider facts 14.1)")
    func reportsMessagesCumulatively() throws {
        let text = JSONValue.string(String(repeating: "word ", count: 40))
        let body = Self.messages([("cache_control", ["type": "ephemeral"]), ("system", text)])
        let plain = try #require(Self.script("/v1/messages", body).reportedByBody)
        let stream = Self.script("/v1/messages", body.adding("stream", true))
        let first = try #require(stream.reported(afterEvents: 1))
        #expect(first.output == 1)
        #expect(first.cacheWrite5m > 0 && first.cacheWrite1h > 0 && first.cacheRead > 0)
        #expect(stream.reported(afterEvents: 5) == first)
        #expect(stream.reported(afterEvents: .max) == plain)
        let usage = try Requests.events(of: stream)[0]["message"]?["usage"]
        #expect(usage?["cache_creation"]?["ephemeral_1h_input_tokens"]?.int == first.cacheWrite1h)
    }

    @Test("puts the usage of Gemini into every event, thoughts apart (provider facts 14.1)")
    func reportsGeminiWithEveryEvent() throws {
        let plain = Self.script("/v1beta/models/gemini-sim:generateContent", Self.contents)
        let stream = Self.script("/v1beta/models/gemini-sim:streamGenerateContent?alt=sse", Self.contents)
        let events = try Requests.events(of: stream)
        #expect(events.count == AnswerOptions.usualEvents + 1)
        for (index, event) in events.enumerated() {
            let tokens = try #require(stream.reported(afterEvents: index + 1))
            let usage = try #require(event["usageMetadata"])
            #expect(usage["promptTokenCount"]?.int == tokens.input + tokens.cacheRead)
            #expect(usage["cachedContentTokenCount"]?.int == tokens.cacheRead)
            #expect(usage["candidatesTokenCount"]?.int == tokens.output)
            #expect(usage["thoughtsTokenCount"]?.int == tokens.reasoning)
        }
        #expect(stream.reported(afterEvents: .max) == plain.reportedByBody)
        let whole = try Requests.json(of: plain)
        #expect(whole["modelVersion"] == "gemini-sim")
        #expect(whole["usageMetadata"]?["totalTokenCount"]?.int ?? 0 > 0)
    }

    @Test func refusesGeminiInItsOwnWords() throws {
        let answer = try Requests.json(of: Self.script("/v1beta/models/gemini-sim:generateContent", ["x": 1]))
        #expect(answer["error"]?["status"] == "INVALID_ARGUMENT")
        let missing = Self.script("/v1beta/models/no-such-model:generateContent", Self.contents)
        #expect(missing.status == 404)
    }

    // MARK: Counting

    private static func request(_ model: String, key: String, asks: Bool = true) -> String {
        var body = Requests.chat(model, [("stream", true)])
        if asks { body = body.adding("stream_options", ["include_usage": true]) }
        return LiveSimulator.request("POST", "/v1/chat/completions", body, key: key)
    }

    @Test("counts what whole answers reported apart from what broken ones had said")
    func countsTokens() async throws {
        try await LiveSimulator.with { server in
            for model in ["gpt-sim", "kimi-sim", "kimi-sim+sim-cut-17", "kimi-sim+sim-cut-4", "kimi-sim+sim-error-17"] {
                _ = try await LiveSimulator.exchange(server, Self.request(model, key: model))
            }
            _ = try await LiveSimulator.exchange(server, Self.request("gpt-sim", key: "silent", asks: false))
            let plain = LiveSimulator.request("POST", "/v1/chat/completions", Requests.chat(), key: "gpt-sim")
            _ = try await LiveSimulator.exchange(server, plain)
            let stats = server.core.stats.snapshot
            let gpt = try #require(Self.script("/v1/chat/completions", Requests.chat()).reportedByBody)
            let kimi = try #require(Self.script("/v1/chat/completions", Requests.chat("kimi-sim")).reportedByBody)
            var twice = gpt
            twice += gpt
            #expect(stats.keys["gpt-sim"]?.tokens == twice)
            #expect(stats.keys["gpt-sim"]?.partialTokens == ReportedTokens())
            #expect(stats.keys["kimi-sim"]?.tokens == kimi)
            // The 17th event is the one with the usage: role, three of reasoning, twelve of text, the end.
            for key in ["kimi-sim+sim-cut-17", "kimi-sim+sim-error-17"] {
                #expect(stats.keys[key]?.tokens == ReportedTokens())
                #expect(stats.keys[key]?.partialTokens == kimi)
            }
            #expect(stats.keys["kimi-sim+sim-cut-4"]?.partialTokens == ReportedTokens())
            #expect(stats.keys["silent"]?.tokens == ReportedTokens())
            #expect(stats.totals.usageAsked == 5)
            #expect(stats.models["kimi-sim"]?.tokens == kimi)
            let text = try await LiveSimulator.exchange(server, LiveSimulator.request("GET", "/sim/stats"))
            #expect(text.contains(#""usage_asked":5,"tokens":{"input":"#))
            #expect(text.contains(#""tokens_partial":{"input":"#))
        }
    }

    @Test("what a caller had been told when it left counts as partial")
    func countsWhatWasLeft() async throws {
        try await LiveSimulator.with(
            Scenario(rules: [.init(action: FaultAction(stallAfter: 17))])
        ) { server in
            try await LiveSimulator.withConnection(server) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: Self.request("kimi-sim", key: "a")))
                let core = server.core
                #expect(await LiveSimulator.eventually { core.stats.snapshot.totals.eventsSent >= 17 })
            }
            let core = server.core
            #expect(await LiveSimulator.eventually { core.stats.snapshot.totals.aborted == 1 })
            let kimi = Self.script("/v1/chat/completions", Requests.chat("kimi-sim")).reportedByBody
            #expect(core.stats.snapshot.totals.partialTokens == kimi)
            #expect(core.stats.snapshot.totals.tokens == ReportedTokens())
        }
    }

    @Test("refuses stream_options when told to, and answers the same request without it")
    func refusesStreamOptions() async throws {
        let scenario = try ScenarioReader.read(
            Array(#"{"rules": [{"match": {"model": "gpt-*"}, "action": {"refuse_stream_options": true}}]}"#.utf8))
        try await LiveSimulator.with(scenario) { server in
            let refused = try await LiveSimulator.exchange(server, Self.request("gpt-sim", key: "a"))
            #expect(refused.hasPrefix("HTTP/1.1 400 "))
            #expect(refused.contains(#""param":"stream_options""#))
            let taken = try await LiveSimulator.exchange(server, Self.request("gpt-sim", key: "a", asks: false))
            #expect(taken.hasPrefix("HTTP/1.1 200 "))
            let other = try await LiveSimulator.exchange(server, Self.request("other", key: "a"))
            #expect(other.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("compresses plain and streamed bodies when told to", arguments: ["plain", "stream", "long"])
    func compresses(form: String) async throws {
        var body = Requests.chat(form == "long" ? "sim-events-3-bytes-100000" : "gpt-sim")
        if form == "stream" { body = body.adding("stream", true) }
        let request = LiveSimulator.request("POST", "/v1/chat/completions", body)
            .replacingOccurrences(of: "HTTP/1.1\r\nHost", with: "HTTP/1.0\r\nHost")
        let action = FaultAction(compresses: true)
        let sent = Mutex([UInt8]())
        try await LiveSimulator.with(Scenario(rules: [.init(action: action)])) { server in
            try await LiveSimulator.withConnection(server) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: request))
                for try await part in inbound { sent.withLock { $0 += Array(part.readableBytesView) } }
            }
        }
        let bytes = sent.withLock { $0 }
        let head = try #require(Self.end(ofHead: bytes))
        #expect(String(decoding: bytes[..<head], as: UTF8.self).contains("content-encoding: gzip\r\n"))
        let expected = Requests.body(of: Self.script("/v1/chat/completions", body))
        let inflated = try await TemporaryDirectory.with { directory in
            let path = try directory.write("body.gz", Data(bytes[head...]))
            let gzip = try await FinishedProcess.run("/usr/bin/gzip", arguments: ["-d", path])
            #expect(gzip.isSuccess, "\(gzip.standardError)")
            return try String(contentsOfFile: directory.path("body"), encoding: .utf8)
        }
        let isEqual = inflated == expected
        #expect(isEqual)
    }

    private static func end(ofHead bytes: [UInt8]) -> Int? {
        bytes.indices.dropLast(3).first { bytes[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }.map { $0 + 4 }
    }
}
