import Foundation
import TestSupport
import Testing

@Suite("Usage that only the daemon asks for (contract 4, provider facts 14.1)", .serialized, .timeLimit(.minutes(5)))
struct AskedUsageTests {
    /// A streamed chat request; `asks` asks for its usage.
    private static func body(_ model: String, asks: Bool) -> String {
        let options = asks ? #","stream_options":{"include_usage":true}"# : ""
        return #"{"model":"\#(model)","messages":[{"role":"user","content":"Hello."}],"stream":true\#(options)}"#
    }

    /// A stream without the chunk that has usage and no choices.
    private static func withoutUsageChunk(_ text: String, lineEnd: String) -> String {
        let end = lineEnd + lineEnd
        return text.components(separatedBy: end).filter { !$0.contains(#""choices":[],"#) }.joined(separator: end)
    }

    @Test(
        "a caller that did not ask gets the stream of the request that asked, byte for byte, without the extra chunk",
        arguments: [
            ("{}", "\n"), (#"{"keep_alive_every": 3}"#, "\n"), (#"{"line_ending": "crlf", "events": 30}"#, "\r\n"),
            (#"{"event_bytes": 70000, "events": 3}"#, "\n"),
        ])
    func removesTheChunk(action: String, lineEnd: String) async throws {
        try await SimulatorProcess.with(scenario: ContractWire.scenario(action)) { simulator in
            try await DaemonProcess.with(.accounting(simulator, keys: 1)) { daemon in
                for (requests, model) in [(2, "gpt-sim"), (4, "deepseek-sim")] {
                    let direct = try await simulator.direct().post(Chat.target, Self.body(model, asks: true)).text
                    let expected = Self.withoutUsageChunk(direct, lineEnd: lineEnd)
                    #expect(expected != direct)
                    let silent = try await daemon.client().post(Chat.target, Self.body(model, asks: false))
                    // Not in the macro, which would print both.
                    let isEqual = silent.text == expected
                    #expect(isEqual, "\(model) \(action)")
                    let asking = try await daemon.client().post(Chat.target, Self.body(model, asks: true))
                    let isSame = asking.text == direct
                    #expect(isSame, "\(model) \(action)")
                    let seen = try #require(try await simulator.statistics().models[model])
                    #expect(seen.usageAsked == 3)
                    let metrics = try await daemon.settledMetrics(after: requests)
                    // The simulator has counted the direct one as well.
                    let counted = TokenSums(metrics, model: model)
                    #expect(counted.output * 3 == seen.tokens.output * 2)
                    #expect(counted.input * 3 == seen.tokens.input * 2)
                }
            }
        }
    }

    @Test("nobody is asked when asking is off; then the text is what can be guessed from")
    func asksNobody() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration.accounting(simulator, keys: 1)
            configuration.tables["usage"] = "ask = false"
            try await DaemonProcess.with(configuration) { daemon in
                let direct = try await simulator.direct().post(Chat.target, Self.body("gpt-sim", asks: false)).text
                let proxied = try await daemon.client().post(Chat.target, Self.body("gpt-sim", asks: false)).text
                #expect(proxied == direct)
                #expect(try await simulator.statistics().totals.usageAsked == 0)
                try await eventually("it is stored") { try await daemon.database.requestCount() == 1 }
                #expect(try await daemon.database.sums().map(\.quality) == ["estimated"])
            }
        }
    }

    @Test("kinds that report unasked are not asked", arguments: ["kimi", "moonshot", "openrouter"])
    func leavesReportersAlone(kind: String) async throws {
        try await SimulatorProcess.with { simulator in
            // A flavour of the simulator that reports in every stream.
            var configuration = DaemonConfiguration.accounting(simulator, keys: 1)
            configuration.providerKind = kind
            try await DaemonProcess.with(configuration) { daemon in
                let direct = try await simulator.direct().post(Chat.target, Self.body("kimi-sim", asks: false)).text
                let proxied = try await daemon.client().post(Chat.target, Self.body("kimi-sim", asks: false)).text
                #expect(proxied == direct)
                let seen = try await simulator.statistics().totals
                #expect(seen.usageAsked == 0)
                let metrics = try await daemon.settledMetrics(after: 1)
                #expect(TokenSums(metrics, model: "kimi-sim").output * 2 == seen.tokens.output)
            }
        }
    }

    @Test("a provider that refuses stream_options is asked again without it, once, and that is remembered")
    func remembersRefusals() async throws {
        let scenario = ContractWire.scenario(#"{"refuse_stream_options": true}"#)
        try await SimulatorProcess.with(scenario: scenario) { simulator in
            try await DaemonProcess.with(.accounting(simulator, keys: 2)) { daemon in
                for _ in 0..<4 {
                    let response = try await daemon.client().post(Chat.target, Self.body("gpt-sim", asks: false))
                    #expect(response.status == 200)
                    #expect(response.text.hasSuffix("data: [DONE]\n\n"))
                }
                let totals = try await simulator.statistics().totals
                #expect(totals.statuses["400"] == 1)
                #expect(totals.usageAsked == 1)
                #expect(try await simulator.forwarded().count == 5)
                // No key suffers for it, and nothing counts as an error of the provider.
                #expect(try await daemon.metric("kmi_key_state", ["state": "usable"]) == 2)
                // Who asks by itself gets the provider's refusal.
                let own = try await daemon.client().post(Chat.target, Self.body("gpt-sim", asks: true))
                #expect(own.status == 400)
                #expect(own.text.contains("stream_options"))
                #expect(try await simulator.statistics().totals.statuses["400"] == 2)
            }
        }
    }

    @Test("a compressed answer passes untouched, and its usage is read beside it (X-004)")
    func readsCompressedAnswers() async throws {
        try await SimulatorProcess.with(scenario: ContractWire.scenario(#"{"gzip": true}"#)) { simulator in
            try await DaemonProcess.with(.accounting(simulator, keys: 1)) { daemon in
                let direct = try await simulator.direct().chat(model: "gpt-sim")
                let proxied = try await daemon.client().chat(model: "gpt-sim")
                #expect(proxied["Content-Encoding"] == "gzip")
                #expect(proxied.body == direct.body)
                let seen = try await simulator.statistics().totals.tokens
                let metrics = try await daemon.settledMetrics(after: 1)
                #expect(TokenSums(metrics, model: "gpt-sim").output * 2 == seen.output)
            }
        }
    }

    @Test("native answers of Gemini are counted, plain and streamed (provider facts 14.1)")
    func readsGemini() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration.accounting(simulator, keys: 1)
            configuration.providerKind = "gemini"
            configuration.providerBaseURL = simulator.baseURL
            try await DaemonProcess.with(configuration) { daemon in
                let body = #"{"contents":[{"role":"user","parts":[{"text":"Hello, Gemini."}]}]}"#
                for method in ["generateContent", "streamGenerateContent?alt=sse"] {
                    let response = try await daemon.client().post("/p/sim/v1beta/models/gemini-sim:\(method)", body)
                    #expect(response.status == 200)
                }
                let seen = try await simulator.statistics().models["gemini-sim"]?.tokens
                let metrics = try await daemon.settledMetrics(after: 2)
                #expect(TokenSums(metrics, model: "gemini-sim") == TokenSums(try #require(seen)))
            }
        }
    }
}
