import Foundation
import TestSupport
import Testing

@Suite("Header fields, both ways (contract 4, K-010)", .serialized, .timeLimit(.minutes(5)))
struct ContractFieldTests {
    static let forwarded = [
        "Accept", "Accept-Language", "User-Agent", "anthropic-version", "anthropic-beta", "OpenAI-Beta",
        "X-OpenRouter-Title", "X-Goog-Api-Client", "X-Msh-Platform", "X-Stainless-OS", "HTTP-Referer",
        "Idempotency-Key", "traceparent", "tracestate", "baggage", "X-Client-Name",
    ]
    static let kept = [
        "OpenAI-Organization", "OpenAI-Project", "Referer", "Cookie", "Forwarded", "X-Forwarded-For", "X-Real-IP",
        "Via", "DNT", "Range", "If-None-Match", "X-Request-Id", "X-KMI-Session", "X-KMI-Project", "X-KMI-Foo",
        "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Cache-Control", "X-Api-Key2",
        // Named by Connection.
        "X-App", "X-Title",
    ]

    @Test("the upstream sees the allow-list, the key's own fields and its credential, and nothing else")
    func upwards() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator, keys: [])
            configuration.tables["upstream"] = "forward_headers = [\"X-Client-Name\"]"
            configuration.appendix = """
                [[key]]
                label = "alpha"
                provider = "sim"
                secret = "env:ALPHA"
                headers = { OpenAI-Organization = "org-1", X-Custom = "c" }
                """
            try await DaemonProcess.with(configuration, environment: ["ALPHA": "sk-sim-alpha"]) { daemon in
                let token = daemon.token
                let fields =
                    (Self.forwarded + Self.kept).map { ($0, "v-\($0)") } + [
                        ("Accept-Encoding", "gzip"), ("Accept-Encoding", "br"), ("Connection", "keep-alive, x-app"),
                        ("Connection", "X-Title"), ("Accept", "second"), ("api-key", token), ("x-goog-api-key", token),
                        ("x-kmi-proxy-token", token), ("x-api-key", token),
                    ]
                let bytes = try daemon.client().bytes(
                    "POST", Chat.target, fields: fields + [("Content-Type", "application/json")], body: Chat.body())
                let outcome = try await ContractWire.send(Array(bytes.utf8), over: daemon.client(), answers: 1)
                #expect(outcome.statuses == [200])
                let request = try #require(try await simulator.forwarded().last)
                let expected =
                    Self.forwarded.map { [$0, "v-\($0)"] } + [
                        ["Host", "\(simulator.address)"], ["Content-Type", "application/json"], ["Accept", "second"],
                        ["Accept-Encoding", "identity"], ["OpenAI-Organization", "org-1"], ["X-Custom", "c"],
                        ["Authorization", "Bearer sk-sim-alpha"], ["Content-Length", "\(Chat.body().utf8.count)"],
                    ]
                #expect(Set(request.headers) == Set(expected))
                #expect(request.headers.count == expected.count)

                // What the caller does not send is not made up.
                _ = try await daemon.client().chat()
                let plain = try #require(try await simulator.forwarded().last)
                #expect(!plain.headers.contains { ["accept-encoding", "user-agent"].contains($0[0].lowercased()) })
            }
        }
    }

    @Test("the caller sees the provider's fields, but no hop-by-hop, CORS, HSTS, Alt-Svc or forged ones")
    func downwards() async throws {
        let fields = """
            {"X-Request-Id": "up-1", "Alt-Svc": "h3", "Strict-Transport-Security": "x", "X-KMI-Foo": "evil",
             "Access-Control-Allow-Origin": "*", "X-KMI-Key": "evil", "Connection": "X-Gone", "X-Gone": "1",
             "Keep-Alive": "timeout=5", "Proxy-Authenticate": "Basic", "Set-Cookie": "a=1", "Server": "srv",
             "Date": "Mon, 01 Jan 2024 00:00:00 GMT", "Location": "http://x", "ETag": "\\"x\\"", "Via": "1.1 z"}
            """
        let passed = [
            "Set-Cookie": "a=1", "Server": "srv", "Date": "Mon, 01 Jan 2024 00:00:00 GMT", "Location": "http://x",
            "ETag": "\"x\"", "Via": "1.1 z", "X-KMI-Upstream-Request-Id": "up-1", "X-KMI-Key": "alpha",
            "X-KMI-Provider": "sim", "X-KMI-Attempts": "1",
        ]
        let dropped = [
            "Alt-Svc", "Strict-Transport-Security", "Access-Control-Allow-Origin", "X-KMI-Foo", "X-Gone", "Keep-Alive",
            "Proxy-Authenticate",
        ]
        try await SimulatorProcess.with(scenario: ContractWire.scenario("{\"headers\": \(fields)}")) { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                for stream in [false, true] {
                    let response = try await daemon.client().chat(stream: stream)
                    for (name, value) in passed { #expect(response.head.all(name) == [value], "\(name)") }
                    for name in dropped { #expect(response[name] == nil, "\(name)") }
                    #expect(response.head.all("X-Request-Id").count == 1)
                    #expect(response["X-Request-Id"] != "up-1")
                }
            }
        }
    }

    @Test("the request id is the caller's if it is 1 to 128 visible ASCII characters (T-020)")
    func requestIdentifiers() async throws {
        let long = String(repeating: "a", count: 128)
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                for id in ["a", "~!@\"\\<>", long] {
                    let response = try await daemon.client().get("/v1/x", fields: [("X-Request-Id", id)])
                    #expect(response.head.all("X-Request-Id") == [id])
                }
                for id in ["", "a b", "ä", long + "a"] {
                    let response = try await daemon.client().get("/v1/x", fields: [("X-Request-Id", id)])
                    #expect(response.status == 200)
                    let own = try #require(response["X-Request-Id"])
                    #expect(own != id && !own.isEmpty)
                }
            }
        }
    }
}
