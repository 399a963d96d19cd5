import Foundation
import TestSupport
import Testing

@Suite("Ends of streams and what they cost (K-025, X-040, X-059)", .serialized, .timeLimit(.minutes(5)))
struct StreamEndTests {
    private static let messages = ContractStreamTests.messages

    @Test(
        "who leaves cancels the upstream within a second, and the tokens so far are kept",
        arguments: [Chat.target, "/v1/messages"])
    func keepsTokensOfThoseWhoLeave(target: String) async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(.accounting(simulator, keys: 1)) { daemon in
                let client = try daemon.client()
                let connection = HeldConnection(try client.connect())
                let body = ContractStreamTests.body(target, model: "sim-events-2000-delay-20")
                try connection.use {
                    try $0.write(
                        client.bytes("POST", target, fields: [("Content-Type", "application/json")], body: body))
                    _ = try $0.readHead()
                    var text = ""
                    while !text.contains("Event 5. "), let piece = try $0.readPiece() {
                        text += String(decoding: piece, as: UTF8.self)
                    }
                }
                connection.close(withReset: false)
                try await eventually("the upstream has stopped", within: .seconds(1)) {
                    try await simulator.statistics().totals.aborted == 1
                }
                try await eventually("it is stored") { try await daemon.database.requestCount() == 1 }
                let row = try #require(try await daemon.database.sums().first)
                #expect(row.outcome == "left")
                #expect(row.output > 0)
                if target == Self.messages {
                    // The first event has told of the input.
                    #expect(row.quality == "partial")
                    #expect(row.input > 0)
                } else {
                    #expect(row.quality == "estimated")
                }
                #expect(try await daemon.metric("kmi_tokens_total", ["class": "output"]) == Double(row.output))
            }
        }
    }

    @Test(
        "a stream that is cut or stalls ends with the error event, and counts what was said until then",
        arguments: [#"{"cut": {"after_events": 8}}"#, #"{"stall_after": 8}"#])
    func countsBrokenStreams(action: String) async throws {
        try await SimulatorProcess.with(scenario: ContractWire.scenario(action)) { simulator in
            var configuration = DaemonConfiguration.accounting(simulator, keys: 1)
            configuration.tables["upstream"] = "idle_timeout = \"300ms\""
            try await DaemonProcess.with(configuration) { daemon in
                for target in [Chat.target, Self.messages] {
                    let response = try await daemon.client().post(target, ContractStreamTests.body(target))
                    #expect(response.status == 200)
                    #expect(try ContractStreamTests.lastEvent(response.text).data["error"] != nil)
                    #expect(!response.text.contains("[DONE]") && !response.text.contains("message_stop"))
                }
                try await eventually("both are stored") { try await daemon.database.requestCount() == 2 }
                let rows = try await daemon.database.sums()
                let outcome = action.contains("stall") ? "timed_out" : "cut"
                #expect(rows.allSatisfy { $0.outcome == outcome && $0.output > 0 })
                #expect(Set(rows.map(\.quality)) == ["estimated", "partial"])
            }
        }
    }

    @Test("usage that came before the cut is kept whole")
    func keepsUsageBeforeTheCut() async throws {
        // Role, twelve pieces of text, the end, the usage; the end mark is missing.
        let scenario = ContractWire.scenario(#"{"cut": {"after_events": 15}}"#)
        try await SimulatorProcess.with(scenario: scenario) { simulator in
            try await DaemonProcess.with(.accounting(simulator, keys: 1)) { daemon in
                _ = try await daemon.client().post(Chat.target, Chat.body(model: "gpt-sim", stream: true))
                try await eventually("it is stored") { try await daemon.database.requestCount() == 1 }
                let row = try #require(try await daemon.database.sums().first)
                let seen = try await simulator.statistics().totals.tokensPartial
                #expect(seen.output > 0)
                #expect(row.tokens == TokenSums(seen))
            }
        }
    }

    @Test("a quiet stream gets comments or pings, only between its events, until its time is over")
    func keepsCallersAlive() async throws {
        let scenario = ContractWire.scenario(#"{"stall_after": 6}"#)
        try await SimulatorProcess.with(scenario: scenario) { simulator in
            var configuration = DaemonConfiguration.accounting(simulator, keys: 1)
            configuration.tables["upstream"] = "idle_timeout = \"2s\""
            configuration.tables["usage"] = "keepalive = \"200ms\""
            try await DaemonProcess.with(configuration) { daemon in
                for target in [Chat.target, Self.messages] {
                    let response = try await daemon.client().post(target, ContractStreamTests.body(target))
                    let blocks = response.text.components(separatedBy: "\n\n")
                    // The simulator sends one ping of its own at the beginning of Messages.
                    let sign = target == Self.messages ? "event: ping" : ":"
                    #expect((5...12).contains(blocks.filter { $0.hasPrefix(sign) }.count), "\(target)")
                    let starts = [":", "data: ", "event: "]
                    #expect(blocks.allSatisfy { block in block.isEmpty || starts.contains(where: block.hasPrefix) })
                    let error = try ContractStreamTests.lastEvent(response.text).data["error"] as? [String: Any]
                    #expect(error?["code"] as? String == "upstream_timeout")
                }
            }
        }
    }

    @Test("comments and pings of the provider keep no dead stream alive")
    func endsDeadStreams() async throws {
        let scenario = ContractWire.scenario(#"{"stall_after": 6, "stall_keep_alive_ms": 50}"#)
        try await SimulatorProcess.with(scenario: scenario) { simulator in
            var configuration = DaemonConfiguration.accounting(simulator, keys: 1)
            configuration.tables["upstream"] = "idle_timeout = \"500ms\""
            try await DaemonProcess.with(configuration) { daemon in
                for target in [Chat.target, Self.messages] {
                    let response = try await daemon.client().post(target, ContractStreamTests.body(target))
                    let error = try ContractStreamTests.lastEvent(response.text).data["error"] as? [String: Any]
                    #expect(error?["code"] as? String == "upstream_timeout")
                }
                _ = try await daemon.settledMetrics(after: 2)
                #expect(Set(try await daemon.database.sums().map(\.outcome)) == ["timed_out"])
                #expect(try await simulator.statistics().totals.aborted == 2)
            }
        }
    }
}
