import Foundation
import TestSupport
import Testing

@Suite("Streams", .serialized, .timeLimit(.minutes(5)))
struct StreamingTests {
    @Test(
        "2,000 events arrive byte for byte as they come directly (X-014, T-023)",
        arguments: [
            ("/v1/chat/completions", Chat.body(model: "sim-events-2000", stream: true)),
            (
                "/v1/messages",
                #"{"model":"sim-events-2000","max_tokens":9000,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#
            ),
        ])
    func areIdentical(target: String, body: String) async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let direct = try await simulator.direct().post(target, body)
                let proxied = try await daemon.client().post(target, body)
                #expect(direct.status == 200)
                #expect(direct.text.components(separatedBy: "data:").count > 2000)
                #expect(proxied.status == 200)
                #expect(proxied.body == direct.body)
                #expect(proxied["Content-Type"] == direct["Content-Type"])
            }
        }
    }

    @Test("the first event arrives before the last is produced (X-003)")
    func areNotCollected() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                let statistics = RawHTTPClient(simulator.address)
                let (sentAtFirst, sentAtLast) = try await onOwnThread {
                    let connection = try client.connect()
                    try connection.write(Chat.request(client, model: "sim-events-2000-delay-2", stream: true))
                    let head = try connection.readHead()
                    guard head.status == 200 else { throw TestFailure("status \(head.status)") }
                    _ = try connection.readPiece()
                    let first = try Self.eventsSent(statistics)
                    while try connection.withPiece({ _ in }) != nil {}
                    return (first, try Self.eventsSent(statistics))
                }
                #expect(sentAtFirst < 1000)
                #expect(sentAtLast >= 2000)
            }
        }
    }

    @Test("a caller that leaves after ten events stops the upstream within a second (K-025)")
    func endWithTheCaller() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                try await onOwnThread {
                    let connection = try client.connect()
                    try connection.write(Chat.request(client, model: "sim-events-2000-delay-5", stream: true))
                    _ = try connection.readHead()
                    var text = ""
                    while text.components(separatedBy: "\n\n").count <= 10 {
                        guard let piece = try connection.readPiece() else { throw TestFailure("the stream has ended") }
                        text += String(decoding: piece, as: UTF8.self)
                    }
                }
                // The connection went with the scope above.
                try await eventually("the upstream has stopped", within: .seconds(1)) {
                    try await simulator.statistics().inFlight == 0
                }
                let key = try await simulator.statistics().key("alpha")
                #expect(key.aborted == 1)
                #expect(key.completed == 0)
                #expect(key.eventsSent < 1000)
                #expect(try await daemon.metric("kmi_in_flight_requests") == 0)
                #expect(try await daemon.metric("kmi_active_streams") == 0)
                // Nobody is to blame but the caller: the key is as good as before.
                #expect(try await daemon.metric("kmi_key_state", ["key": "alpha", "state": "usable"]) == 1)
                #expect(try await daemon.client().chat().status == 200)
            }
        }
    }

    @Test("a cut in mid-stream ends with the dialect's error event and never with a made-up finish (X-040)")
    func endWithAnError() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let response = try await daemon.client().chat(model: "sim-cut-5", stream: true)
                #expect(response.status == 200)
                #expect(response.text.contains(#""error""#))
                #expect(!response.text.contains("[DONE]"))
                #expect(!response.text.contains(#""finish_reason":"stop""#))
                #expect(try await daemon.metric("kmi_streams_cut_total") == 1)
            }
        }
    }

    private static func eventsSent(_ client: RawHTTPClient) throws -> Int {
        let connection = try client.connect()
        try connection.write(client.bytes("GET", "/sim/stats", fields: [("Connection", "close")]))
        let response = try connection.readResponse()
        return try SimulatorProcess.decoder
            .decode(SimulatorProcess.Statistics.self, from: Data(response.body))
            .key("alpha").eventsSent
    }
}
