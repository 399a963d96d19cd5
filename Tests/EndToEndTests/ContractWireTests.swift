import Foundation
import TestSupport
import Testing

@Suite("Framing, limits and time on the wire (contract 4 and 5)", .serialized, .timeLimit(.minutes(5)))
struct ContractWireTests {
    /// Field lines and what follows the head: each of them could hide a second request from some reader.
    static let shapes: [(lines: [String], body: String)] = [
        (["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], "0\r\n\r\n"),
        (["Transfer-Encoding: xchunked"], "0\r\n\r\n"), (["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"),
        (["Transfer-Encoding: chunked, chunked"], "0\r\n\r\n"), (["Transfer-Encoding : chunked"], "0\r\n\r\n"),
        (["Transfer-Encoding: \u{0B}chunked"], "0\r\n\r\n"), (["Content-Length: 2", "Content-Length: 0"], "{}"),
        (["Content-Length: 2", "Content-Length: 2"], "{}"), (["Content-Length: 2, 2"], "{}"),
        (["Content-Length: +2"], "{}"), (["Content-Length: -1"], ""), (["Content-Length: 0x2"], "{}"),
        (["Content-Length: 18446744073709551618"], "{}"), (["Content-Length:"], ""),
        (["X: a", " b", "Content-Length: 2"], "{}"), (["X: a\0b", "Content-Length: 2"], "{}"),
        (["X: a\rb", "Content-Length: 2"], "{}"), (["Content-Length : 2"], "{}"),
        (["Transfer-Encoding: chunked"], "5;a\nxx\r\nhello\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], "-1\r\n\r\n"),
        (["Transfer-Encoding: chunked"], "0x5\r\nhello\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], "5\r\nhelloXX0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], "5 \r\nhello\r\n0\r\n\r\n"),
    ]

    @Test("a request whose end is in doubt is 400, closes, and nothing of it reaches the provider")
    func smuggling() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                let second = client.bytes("GET", "/v1/second")
                for shape in Self.shapes {
                    let text = ContractWire.chatHead(client, shape.lines) + "\r\n" + shape.body + second
                    let outcome = try await ContractWire.send(Array(text.utf8), over: client, answers: 1)
                    #expect(outcome.statuses == [400], "\(shape)")
                    #expect(outcome.isClosed, "\(shape)")
                    #expect(outcome.answers.first?["X-KMI-Error"] == "invalid_request")
                }
                let old =
                    ContractWire.chatHead(client, ["Transfer-Encoding: chunked"], version: "1.0") + "\r\n0\r\n\r\n"
                #expect(try await ContractWire.send(Array(old.utf8), over: client, answers: 1).statuses == [400])
                // After a body, after an answer that closes: what follows is no request.
                let body = Chat.body()
                let closing =
                    ContractWire.chatHead(client, ["Connection: close", "Content-Length: \(body.utf8.count)"])
                    + "\r\n" + body + second
                let outcome = try await ContractWire.send(Array(closing.utf8), over: client, answers: 2)
                #expect(outcome.statuses == [200])
                let got = client.bytes("GET", "/v1/first", body: second)
                _ = try await ContractWire.send(Array(got.utf8), over: client, answers: 1)
                #expect(try await simulator.requests().map(\.target) == [Chat.target, "/v1/first"])
            }
        }
    }

    @Test("HTTP/1.0, HEAD, Expect, Upgrade and methods")
    func protocolCorners() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                let authorization = "Authorization: Bearer \(daemon.token)\r\n"
                let old = "GET /v1/x HTTP/1.0\r\nHost: localhost\r\n\(authorization)\r\n"
                let closed = try await ContractWire.send(Array(old.utf8), over: client, answers: 2)
                #expect(closed.statuses == [200])
                #expect(closed.isClosed)
                #expect(closed.answers.first?["Transfer-Encoding"] == nil)

                #expect(try await client.send("HEAD", "/v1/x").body.isEmpty)
                for method in ["PATCH", "PUT", "DELETE", "OPTIONS", "PROPFIND"] {
                    #expect(try await client.send(method, "/v1/x").status == 200, "\(method)")
                }
                #expect(try await simulator.requests().last?.method == "PROPFIND")
                let h2c = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAA")]
                #expect(try await client.get("/v1/x", fields: h2c).status == 200)
                let both = [("Connection", "Upgrade"), ("Upgrade", "h2c, websocket")]
                #expect(try await client.get("/v1/x", fields: both).status == 426)
                let tunnel = "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\(authorization)\r\n"
                #expect(try await ContractWire.send(Array(tunnel.utf8), over: client, answers: 1).statuses == [405])

                let body = Chat.body()
                let head = ContractWire.chatHead(
                    client, ["Expect: 100-continue", "Content-Length: \(body.utf8.count)"])
                let status = try await onOwnThread {
                    let connection = try client.connect()
                    try connection.write(head + "\r\n")
                    let interim = try connection.readHead(interim: true)
                    guard interim.status == 100 else { throw TestFailure("\(interim.status) came first") }
                    try connection.write(body)
                    return try connection.readResponse().status
                }
                #expect(status == 200)
                // Who will be refused is not asked for its body.
                let stranger = try daemon.stranger()
                let refused = ContractWire.chatHead(stranger, ["Expect: 100-continue", "Content-Length: 9"]) + "\r\n"
                let interim = try await onOwnThread {
                    let connection = try stranger.connect()
                    try connection.write(refused)
                    return try connection.readHead(interim: true).status
                }
                #expect(interim == 401)
            }
        }
    }

    @Test("limits: 431, 413, 408 for head and body, 503 for connections")
    func limits() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server.limits"] =
                "header_bytes = \"4KiB\"\nrequest_body = \"64KiB\"\nconnections = 3"
            configuration.tables["server.timeouts"] = "header = \"1s\"\nbody = \"300ms\"\nidle = \"1s\""
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                let long = String(repeating: "a", count: 5000)
                let slow = ContractWire.chatHead(client, ["Content-Length: 100"]) + "\r\n{"
                let slowMessage = slow.replacingOccurrences(of: Chat.target, with: "/v1/messages")
                let cases: [(String, Int, String)] = [
                    (client.bytes("GET", "/v1/x", fields: [("X", long)]), 431, "headers_too_large"),
                    (client.bytes("GET", "/v1/\(long)"), 431, "headers_too_large"),
                    (ContractWire.chatHead(client, ["Content-Length: 65537"]) + "\r\n", 413, "body_too_large"),
                    ("GET /v1/x HT", 408, "request_timeout"), (slow, 408, "request_timeout"),
                    (slowMessage, 408, "request_timeout"),
                ]
                for (text, status, code) in cases {
                    let outcome = try await ContractWire.send(Array(text.utf8), over: client, answers: 1)
                    #expect(outcome.statuses == [status])
                    #expect(outcome.answers.first?["X-KMI-Error"] == code)
                    let label = ["code": "\(status)"]
                    #expect(try await daemon.metric("kmi_requests_total", label) >= 1, "\(status)")
                }
                #expect(try await daemon.metric("kmi_rejected_total", ["reason": "request_timeout"]) == 3)
                // A connection that says nothing at all is closed without a word.
                let silent = try await onOwnThread {
                    try client.connect().isClosedByServer(within: .seconds(3))
                }
                #expect(silent)

                try await eventually("all connections are gone") {
                    try await daemon.metric("kmi_open_connections") == 0
                }
                let held = try (0..<3).map { _ in HeldConnection(try client.connect()) }
                try await eventually("three are served") { try await daemon.metric("kmi_open_connections") == 3 }
                let fourth = try await client.get("/v1/x")
                #expect(fourth.status == 503)
                #expect(fourth["X-KMI-Error"] == "overloaded")
                #expect(fourth["Retry-After"].flatMap { Int($0) } ?? 0 >= 1)
                for connection in held { connection.close(withReset: false) }
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    @Test("in_flight, queue and queue_timeout: who waits too long, or in vain, is 503 with Retry-After")
    func admission() async throws {
        let slow = ContractWire.scenario(#"{"delay_before_head_ms": 600}"#)
        try await SimulatorProcess.with(scenario: slow) { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["limits"] = "in_flight = 1\nqueue = 1\nqueue_timeout = \"200ms\""
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                async let first = client.chat()
                try await eventually("the first runs") { try await simulator.statistics().inFlight == 1 }
                async let second = client.chat()
                try await eventually("the second waits") { try await daemon.metric("kmi_queued_requests") == 1 }
                let third = try await client.chat()
                #expect(try await first.status == 200)
                for response in [try await second, third] {
                    #expect(response.status == 503)
                    #expect(response["X-KMI-Error"] == "overloaded")
                    #expect(response["Retry-After"].flatMap { Int($0) } ?? 0 >= 1)
                }
                #expect(try await simulator.statistics().requests == 1)
                #expect(try await daemon.metric("kmi_queued_requests") == 0)
                #expect(try await daemon.metric("kmi_in_flight_requests") == 0)
            }
        }
    }
}
