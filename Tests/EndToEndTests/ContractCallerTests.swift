import Foundation
import TestSupport
import Testing

@Suite("Who may call, and in which order that is asked (contract 4 and 5)", .serialized, .timeLimit(.minutes(5)))
struct ContractCallerTests {
    static let token = DaemonConfiguration(providerBaseURL: "").token
    static let bearer = ("Authorization", "Bearer \(Self.token)")
    static let accepted: [[(String, String)]] = [
        [Self.bearer], [("authorization", "bearer \(Self.token)")], [("x-api-key", Self.token)],
        [("api-key", Self.token)], [("x-goog-api-key", Self.token)], [("x-kmi-proxy-token", Self.token)],
        [Self.bearer, Self.bearer], [Self.bearer, ("x-api-key", Self.token), ("x-goog-api-key", Self.token)],
    ]
    static let refused: [[(String, String)]] = [
        [], [("Authorization", "Basic \(Self.token)")], [("Authorization", Self.token)], [("Authorization", "Bearer")],
        [Self.bearer, ("x-api-key", "other")], [Self.bearer, ("Authorization", "Bearer other")],
        [Self.bearer, ("x-api-key", "")], [("x-api-key", "")], [("x-api-key", "tök")],
        [("x-api-key", String(repeating: "a", count: 4097))],
        [Self.bearer, ("api-key", String(repeating: "a", count: 4097))], [("x-api-key", "\(Self.token),\(Self.token)")],
        [("Cookie", "token=\(Self.token)")],
    ]

    @Test("five forms of the token are taken, and none of them goes up; anything doubtful is 401 (A-001)")
    func credentials() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let stranger = try daemon.stranger()
                for fields in Self.accepted {
                    #expect(try await stranger.get("/v1/x", fields: fields).status == 200, "\(fields)")
                }
                let requests = try await simulator.requests()
                #expect(requests.count == Self.accepted.count)
                #expect(!requests.contains { $0.headers.contains { $0[1].contains(Self.token) } })
                #expect(requests.allSatisfy { $0.key == "sk-sim-alpha" })
                try await simulator.reset()

                for fields in Self.refused {
                    for target in [Chat.target, "/v1/messages"] {
                        let response = try await stranger.post(target, Chat.body(), fields: fields)
                        #expect(response.status == 401, "\(fields)")
                        #expect(response.head.all("WWW-Authenticate") == ["Bearer"])
                    }
                }
                #expect(try await stranger.get("/v1/x?key=\(Self.token)").status == 401)
                // Bytes that are no UTF-8, as old clients send them.
                var bytes = Array("GET /v1/x HTTP/1.1\r\nHost: localhost\r\nx-api-key: t".utf8)
                bytes += [0xF6] + Array("k\r\n\r\n".utf8)
                #expect(try await ContractWire.send(bytes, over: stranger, answers: 1).statuses == [401])
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    /// Something wrong in several ways at once, and the status of the first of them.
    struct Order: Sendable {
        var what: String
        var method = "POST"
        var target = Chat.target
        var fields: [(String, String)] = []
        var length = 10
        var status: Int
    }

    static let evil = ("Host", "attacker.example")
    static let origin = ("Origin", "https://attacker.example")
    static let orders = [
        Order(what: "Host before Origin", fields: [Self.evil, Self.origin], status: 403),
        Order(what: "Host before credential", fields: [Self.evil], status: 403),
        Order(what: "Origin before credential", fields: [Self.origin], status: 403),
        Order(what: "framing before Host", fields: [Self.evil, Self.evil], status: 400),
        Order(what: "credential before route", target: "/nowhere", status: 401),
        Order(what: "credential before method", method: "TRACE", status: 401),
        Order(what: "Host before method", method: "TRACE", fields: [Self.evil], status: 403),
        Order(what: "credential before size", length: 100_000, status: 401),
        Order(what: "credential before dot segments", target: "/v1/../x", status: 401),
        Order(what: "method before anything of the body", method: "TRACE", fields: [Self.bearer], status: 405),
        Order(what: "route before size", target: "/nowhere", fields: [Self.bearer], length: 100_000, status: 404),
        Order(what: "size before model", fields: [Self.bearer], length: 100_000, status: 413),
    ]

    @Test("the order of refusal is that of the contract, and none of it reaches the provider")
    func order() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server.limits"] = "request_body = \"64KiB\""
            try await DaemonProcess.with(configuration) { daemon in
                for entry in Self.orders {
                    let body = entry.method == "POST" ? String(repeating: "x", count: entry.length) : nil
                    let response = try await daemon.stranger()
                        .send(entry.method, entry.target, fields: entry.fields, body: body)
                    #expect(response.status == entry.status, "\(entry.what)")
                    if entry.status == 405 { #expect(response["Allow"]?.contains("POST") == true) }
                }
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    static let hosts: [(String, Int)] = [
        ("LOCALHOST", 200), ("localhost:99", 200), ("127.0.0.1", 200), ("[::1]:7", 200), ("attacker.example", 403),
        ("127.0.0.1.nip.io", 403), ("user@localhost", 403), ("localhost,localhost", 403), ("0x7f.1", 403),
        ("::1", 403), ("localhost/", 403),
    ]

    @Test("Host and Origin are guarded alike on the data and the admin listener (T-006)")
    func guards() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server"] = "allowed_origins = [\"https://ok.example\"]"
            try await DaemonProcess.with(configuration) { daemon in
                let places = [(try daemon.client(), "/v1/x"), (try daemon.admin(), "/healthz")]
                for (client, target) in places {
                    for (host, status) in Self.hosts {
                        #expect(try await client.get(target, fields: [("Host", host)]).status == status, "\(host)")
                    }
                    for origin in [
                        "null", "", "https://ok.example/", "http://ok.example", "https://ok.example.evil",
                        "https://ok.example, https://evil",
                    ] {
                        let response = try await client.get(target, fields: [("Origin", origin)])
                        #expect(response.status == 403, "\(origin)")
                        #expect(response["Access-Control-Allow-Origin"] == nil)
                    }
                    let allowed = try await client.get(target, fields: [("Origin", "https://ok.example")])
                    #expect(allowed.status == 200)
                    #expect(allowed.head.all("Access-Control-Allow-Origin") == ["https://ok.example"])
                }
                let stranger = try daemon.stranger()
                let asks = [("Origin", "https://ok.example"), ("Access-Control-Request-Method", "POST")]
                let preflight = try await stranger.send("OPTIONS", Chat.target, fields: asks)
                #expect(preflight.status == 204)
                #expect(preflight["Access-Control-Allow-Origin"] == "https://ok.example")
                #expect(preflight["Content-Length"] == nil)
                let foreign = [("Origin", "https://evil"), ("Access-Control-Request-Method", "POST")]
                #expect(try await stranger.send("OPTIONS", Chat.target, fields: foreign).status == 403)
                // Without an Origin it is a request like any other.
                #expect(try await stranger.send("OPTIONS", Chat.target, fields: [asks[1]]).status == 401)
                #expect(try await stranger.chat(fields: [asks[0]]).status == 401)
            }
        }
    }

    @Test("errors have exactly the members of their dialect, and say nothing of files and addresses (X-057)")
    func envelopes() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let cases: [(client: RawHTTPClient, target: String, status: Int, code: String, type: String)] = [
                    (try daemon.stranger(), "/v1/x", 401, "unauthorized", "authentication_error"),
                    (try daemon.client(), "/v1/../x", 400, "invalid_request", "invalid_request_error"),
                    (try daemon.client(), "/p/nope/x", 404, "not_found", "invalid_request_error"),
                ]
                for entry in cases {
                    let plain = try await entry.client.get(entry.target, fields: [("X-Request-Id", "r-1")])
                    #expect(plain.status == entry.status)
                    #expect(plain.head.all("X-KMI-Error") == [entry.code])
                    #expect(plain["Content-Type"] == "application/json")
                    #expect(Set(try plain.json().keys) == ["error"])
                    let error = try plain.error()
                    #expect(Set(error.keys) == ["message", "type", "code", "param"])
                    #expect(error["type"] as? String == entry.type)
                    #expect(error["code"] as? String == entry.code)
                    #expect(error["param"] is NSNull)

                    let other = try await entry.client.get(
                        entry.target, fields: [("X-Request-Id", "r-1"), ("anthropic-version", "2023-06-01")])
                    #expect(other.status == entry.status)
                    #expect(Set(try other.json().keys) == ["type", "error", "request_id"])
                    #expect(try other.json()["type"] as? String == "error")
                    #expect(try other.json()["request_id"] as? String == "r-1")
                    let inner = try other.error()
                    #expect(Set(inner.keys) == ["type", "message", "code"])
                    #expect(inner["type"] as? String == (entry.status == 404 ? "not_found_error" : entry.type))
                    for response in [plain, other] {
                        #expect(!response.text.contains(daemon.directory.path))
                        #expect(!response.text.contains("\(simulator.address)"))
                    }
                }
            }
        }
    }
}
