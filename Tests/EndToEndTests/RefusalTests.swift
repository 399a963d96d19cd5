import Foundation
import TestSupport
import Testing

@Suite("What is refused, and never reaches the provider", .serialized, .timeLimit(.minutes(5)))
struct RefusalTests {
    /// A request that must be refused.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var method = "POST"
        var target = Chat.target
        var token: String? = DaemonConfiguration(providerBaseURL: "").token
        var fields: [(String, String)] = []
        var status: Int
        var code: String
    }

    static let cases = [
        Case(testDescription: "no token (A-001)", token: nil, status: 401, code: "unauthorized"),
        Case(testDescription: "a wrong token", token: "wrong", status: 401, code: "unauthorized"),
        Case(testDescription: "an empty token", token: "", status: 401, code: "unauthorized"),
        Case(
            testDescription: "two different credentials",
            fields: [("x-api-key", "another")],
            status: 401,
            code: "unauthorized"
        ),
        Case(
            testDescription: "a provider's key in the place of the token",
            token: "sk-sim-alpha",
            status: 401,
            code: "unauthorized"
        ),
        Case(
            testDescription: "a foreign Host (T-006)",
            fields: [("Host", "attacker.example")],
            status: 403,
            code: "forbidden"
        ),
        Case(
            testDescription: "a foreign Origin (T-006)",
            fields: [("Origin", "https://attacker.example")],
            status: 403,
            code: "forbidden"
        ),
        Case(testDescription: "the Origin null (T-006)", fields: [("Origin", "null")], status: 403, code: "forbidden"),
        Case(testDescription: "..", target: "/v1/../sim/stats", status: 400, code: "invalid_request"),
        Case(testDescription: ".. in disguise", target: "/v1/%2e%2E/x", status: 400, code: "invalid_request"),
        Case(testDescription: ".. behind %2f", target: "/v1/a%2f..%2fb", status: 400, code: "invalid_request"),
        Case(testDescription: ".. behind %5c", target: "/v1/a%5c..%5cb", status: 400, code: "invalid_request"),
        Case(testDescription: "TRACE", method: "TRACE", status: 405, code: "method_not_allowed"),
        Case(testDescription: "no such route", target: "/nothing", status: 404, code: "not_found"),
        Case(
            testDescription: "an upgrade (L-003)",
            method: "GET",
            fields: [("Connection", "Upgrade"), ("Upgrade", "websocket")],
            status: 426,
            code: "upgrade_refused"
        ),
        Case(
            testDescription: "two Host lines",
            fields: [("Host", "localhost"), ("Host", "localhost")],
            status: 400,
            code: "invalid_request"
        ),
        Case(
            testDescription: "an absolute target",
            target: "http://localhost/v1/models",
            status: 400,
            code: "invalid_request"
        ),
    ]

    @Test("each is answered by its row of the table, in the caller's dialect (X-057)")
    func areRefused() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                for entry in Self.cases {
                    var fields = entry.fields
                    if let token = entry.token { fields.append(("Authorization", "Bearer \(token)")) }
                    let body = entry.method == "POST" ? Chat.body() : nil
                    let response = try await daemon.stranger()
                        .send(entry.method, entry.target, fields: fields, body: body)
                    #expect(response.status == entry.status, "\(entry.testDescription)")
                    #expect(response["X-KMI-Error"] == entry.code, "\(entry.testDescription)")
                    #expect(response["X-Request-Id"] != nil, "\(entry.testDescription)")
                    #expect(response["Access-Control-Allow-Origin"] == nil, "\(entry.testDescription)")
                    let error = try #require(try response.json()["error"] as? [String: Any])
                    #expect(error["code"] as? String == entry.code, "\(entry.testDescription)")
                    if entry.status == 401 { #expect(response["WWW-Authenticate"] == "Bearer") }
                }
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    @Test("the Anthropic dialect gets its own envelope (X-057)")
    func anthropicEnvelope() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let response = try await daemon.stranger().post("/v1/messages", "{}")
                #expect(response.status == 401)
                let answer = try response.json()
                #expect(answer["type"] as? String == "error")
                #expect(answer["request_id"] as? String == response["X-Request-Id"])
                let error = try #require(answer["error"] as? [String: Any])
                #expect(error["type"] as? String == "authentication_error")
                #expect(error["code"] as? String == "unauthorized")
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    @Test("a body over the limit is 413, chunked included (K-039)")
    func bodyTooLarge() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server.limits"] = "request_body = \"64KiB\""
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                let large = Chat.body(content: String(repeating: "a", count: 70_000))
                let response = try await client.post(Chat.target, large)
                #expect(response.status == 413)
                #expect(response["X-KMI-Error"] == "body_too_large")

                let chunked = try await onOwnThread {
                    let connection = try client.connect()
                    let head = client.bytes(
                        "POST",
                        Chat.target,
                        fields: [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
                    )
                    let size = String(large.utf8.count, radix: 16)
                    try connection.write(head + "\(size)\r\n\(large)\r\n0\r\n\r\n")
                    return try connection.readResponse()
                }
                #expect(chunked.status == 413)
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    @Test("the Unix socket lets the same user in without a token, and refuses a wrong one (contract 4)")
    func unixSocket() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server"] = "socket = \"auto\""
            try await DaemonProcess.with(configuration) { daemon in
                let client = RawHTTPClient(.unix(path: daemon.directory.path("run/kmi/proxy.sock")))
                #expect(try await client.chat().status == 200)
                let refused = try await client.chat(fields: [("Authorization", "Bearer wrong")])
                #expect(refused.status == 401)
                #expect(try await simulator.statistics().requests == 1)
            }
        }
    }
}
