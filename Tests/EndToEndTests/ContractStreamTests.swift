import Foundation
import TestSupport
import Testing

@Suite("Streams that break, stall, or are left (contract 4, X-040, T-023)", .serialized, .timeLimit(.minutes(5)))
struct ContractStreamTests {
    static let messages = "/v1/messages"

    static func body(_ target: String, model: String = "m") -> String {
        target == Chat.target
            ? Chat.body(model: model, stream: true)
            : #"{"model":"\#(model)","max_tokens":99,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#
    }

    /// The last event of a stream, as JSON.
    static func lastEvent(_ text: String) throws -> (name: String?, data: [String: Any]) {
        guard text.hasSuffix("\n\n") else { throw TestFailure("no event at the end of \(text.suffix(100))") }
        let event = text.dropLast(2).components(separatedBy: "\n\n").last ?? ""
        var name: String?
        var data = ""
        for line in event.split(separator: "\n") {
            if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
            if line.hasPrefix("data: ") { data = String(line.dropFirst(6)) }
        }
        guard let object = try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any] else {
            throw TestFailure("no object in \(event)")
        }
        return (name, object)
    }

    @Test("a cut or a stall between events ends with the dialect's error event, regularly and without a made-up finish")
    func breaks() async throws {
        let faults = [
            (#"{"cut": {"after_events": 5}}"#, "upstream_protocol", "api_error"),
            (#"{"cut": {"after_events": 5, "how": "reset"}}"#, "upstream_protocol", "api_error"),
            (#"{"stall_after": 5}"#, "upstream_timeout", "timeout_error"),
        ]
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["upstream"] = "idle_timeout = \"300ms\""
            configuration.tables["breaker"] = "failures = 1000"
            try await DaemonProcess.with(configuration) { daemon in
                for (action, code, type) in faults {
                    try await simulator.setScenario(ContractWire.scenario(action))
                    for target in [Chat.target, Self.messages] {
                        let response = try await daemon.client().post(target, Self.body(target))
                        #expect(response.status == 200)
                        #expect(!response.text.contains("[DONE]"))
                        #expect(!response.text.contains("message_stop"))
                        #expect(!response.text.contains(#""finish_reason":"stop""#))
                        let last = try Self.lastEvent(response.text)
                        let error = try #require(last.data["error"] as? [String: Any])
                        #expect(error["code"] as? String == code)
                        if target == Chat.target {
                            #expect(last.name == nil)
                            #expect(error["type"] as? String == "server_error")
                        } else {
                            #expect(last.name == "error")
                            #expect(last.data["type"] as? String == "error")
                            #expect(error["type"] as? String == type)
                            #expect(last.data["request_id"] as? String == response["X-Request-Id"])
                        }
                    }
                }
                #expect(try await daemon.metric("kmi_streams_cut_total", ["type": "provider_protocol"]) == 4)
                #expect(try await daemon.metric("kmi_streams_cut_total", ["type": "provider_timeout"]) == 2)
                #expect(try await simulator.statistics().inFlight == 0)
                #expect(try await daemon.metric("kmi_active_streams") == 0)
            }
        }
    }

    @Test(
        "an announced length does not cut the error event short, nor does a cut within an event; one that was passed on in part ends with the connection"
    )
    func endsOfCutStreams() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                try await simulator.setScenario(ContractWire.scenario(#"{"framing": "short-body"}"#))
                let short = try await daemon.client().post(Chat.target, Self.body(Chat.target))
                #expect(try Self.lastEvent(short.text).data["error"] != nil)

                try await simulator.setScenario(ContractWire.scenario(#"{"cut": {"after_bytes": 1500}}"#))
                let within = try await daemon.client().post(Chat.target, Self.body(Chat.target))
                #expect(try Self.lastEvent(within.text).data["error"] != nil)
                #expect(within.text.components(separatedBy: "\n\n").dropLast().allSatisfy { $0.hasSuffix("}") })

                try await simulator.setScenario(
                    ContractWire.scenario(#"{"events": 1, "event_bytes": 1000000, "cut": {"after_bytes": 500000}}"#))
                let client = try daemon.client()
                await #expect(throws: TestFailure.self) {
                    _ = try await client.post(Chat.target, Self.body(Chat.target))
                }
            }
        }
    }

    @Test("an error event within a 200, comments and CRLF pass as they are; an event of 10 MB does too (T-023)")
    func identity() async throws {
        let actions = [
            #"{"error_event_after": 3}"#, #"{"line_ending": "crlf", "keep_alive_every": 2, "events": 20}"#,
            #"{"events": 2, "event_bytes": 10000000}"#,
        ]
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                for action in actions {
                    try await simulator.setScenario(ContractWire.scenario(action))
                    for target in [Chat.target, Self.messages] {
                        let direct = try await simulator.direct().post(target, Self.body(target))
                        let proxied = try await daemon.client().post(target, Self.body(target))
                        #expect(direct.body.count > 100)
                        // Not in the macro, which would print both.
                        let isEqual = proxied.body == direct.body
                        #expect(isEqual, "\(action) \(target)")
                    }
                }
                #expect(try await daemon.metric("kmi_streams_cut_total") == 0)
            }
        }
    }

    @Test(
        "a caller that does not read is held back, and stops the upstream within a second when it leaves (K-025)",
        arguments: [false, true])
    func leaves(withReset: Bool) async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                let connection = HeldConnection(try client.connect())
                // 400 MB, if it were taken.
                try connection.use {
                    try $0.write(Chat.request(client, model: "sim-events-40000-bytes-10000", stream: true))
                }
                var before = -1
                try await eventually("the provider is held back", within: .seconds(10), every: .milliseconds(100)) {
                    let sent = try await simulator.statistics().key("alpha").eventsSent
                    defer { before = sent }
                    return sent > 0 && sent == before
                }
                #expect(try await simulator.statistics().inFlight == 1)
                #expect(try await daemon.metric("kmi_active_streams") == 1)
                #expect(try await daemon.metric("kmi_key_in_flight", ["key": "alpha"]) == 1)
                connection.close(withReset: withReset)
                try await eventually("the upstream has stopped", within: .seconds(1)) {
                    try await simulator.statistics().inFlight == 0
                }
                let key = try await simulator.statistics().key("alpha")
                #expect(key.aborted == 1)
                #expect(key.eventsSent < 10_000)
                for gauge in ["kmi_in_flight_requests", "kmi_active_streams", "kmi_key_in_flight"] {
                    try await eventually("\(gauge) is back", within: .seconds(1)) {
                        try await daemon.metric(gauge) == 0
                    }
                }
            }
        }
    }

    @Test("a caller that leaves before there is an answer stops the upstream too (K-025)")
    func leavesEarly() async throws {
        let late = ContractWire.scenario(#"{"delay_before_head_ms": 30000}"#)
        try await SimulatorProcess.with(scenario: late) { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                let connection = HeldConnection(try client.connect())
                try connection.use { try $0.write(Chat.request(client)) }
                try await eventually("it has arrived") { try await simulator.statistics().inFlight == 1 }
                connection.close(withReset: false)
                try await eventually("the upstream has stopped", within: .seconds(1)) {
                    try await simulator.statistics().inFlight == 0
                }
                try await eventually("it is accounted") {
                    try await daemon.metric("kmi_errors_total", ["type": "caller_cancelled"]) == 1
                }
            }
        }
    }

    @Test("connections live on after streams and refusals, and dead ones of the provider's go unnoticed")
    func reuse() async throws {
        let closing = ContractWire.scenario(#"{"close_connection": true}"#, match: #"{"model": "closing"}"#)
        try await SimulatorProcess.with(scenario: closing) { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                let requests =
                    [
                        Chat.request(client, model: "sim-events-5", stream: true),
                        client.bytes("POST", Chat.target, fields: [("Content-Type", "application/json")], body: "x"),
                        Chat.request(client), client.bytes("GET", "/nowhere"), Chat.request(client, stream: true),
                    ]
                let outcome = try await ContractWire.send(
                    Array(requests.joined().utf8), over: client, answers: requests.count)
                #expect(outcome.statuses == [200, 400, 200, 404, 200])
                #expect(!outcome.isClosed)
                for _ in 0..<10 { #expect(try await client.chat(model: "closing").status == 200) }
                #expect(try await simulator.statistics().totals.statuses["200"] ?? 0 >= 13)
            }
        }
    }
}
