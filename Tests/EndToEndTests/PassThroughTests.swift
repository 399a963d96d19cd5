import Foundation
import TestSupport
import Testing

@Suite("What goes up and what comes down", .serialized, .timeLimit(.minutes(5)))
struct PassThroughTests {
    @Test(
        "path and query reach the provider byte for byte (X-012, X-020)",
        arguments: [
            "/v1/embeddings?a=b&c=%2F%3f&d=%C3%BC",
            "/v1/a//b;c=d/e%2Ff?",
            "/v1/something/new?beta=true",
            "/v1/files/%7Etilde%20space?x=1&x=2",
        ])
    func targets(target: String) async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                _ = try await daemon.client().get(target)
                let request = try #require(try await simulator.requests().last)
                #expect(request.target == target)
                #expect(request.method == "GET")
            }
        }
    }

    @Test(
        "the three mounts join the provider's base",
        arguments: [
            ("/v1/chat/completions", "/v1/chat/completions"),
            ("/p/sim/chat/completions", "/v1/chat/completions"),
            ("/p/sim/v1/chat/completions", "/v1/chat/completions"),
            ("/kmi-rotor/v1/chat/completions", "/v1/chat/completions"),
            ("/v1/messages", "/v1/messages"),
            ("/v1/messages/count_tokens?beta=true", "/v1/messages/count_tokens?beta=true"),
        ])
    func mounts(asked: String, received: String) async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                _ = try await daemon.client().post(asked, Chat.body())
                #expect(try await simulator.requests().last?.target == received)
            }
        }
    }

    @Test("the body arrives byte for byte, whatever it is (X-014)")
    func body() async throws {
        // Odd spacing, escapes, large and exact numbers, and members that nobody knows.
        let odd =
            #"{ "model" :"sim-large","x":1.0e+2,"n":123456789012345678901234567890,"#
            + #""messages":[{"role":"user","content":"\u00e4ä\/","reasoning_content":null}] , "metadata":{"a":[ ]}}"#
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let response = try await daemon.client().post(Chat.target, odd)
                #expect(response.status == 200)
                #expect(try await simulator.requests().last?.body == odd)
            }
        }
    }

    @Test("credentials, hop-by-hop and control fields stop here; the allowed ones pass (contract 4, T-021)")
    func requestFields() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let response = try await daemon.client().chat(fields: [
                    ("Cookie", "a=b"), ("X-Unknown", "1"), ("Via", "1.1 x"), ("X-Forwarded-For", "10.0.0.1"),
                    ("X-KMI-Session", "s"), ("X-KMI-Project", "p"), ("OpenAI-Organization", "org"),
                    ("Accept-Encoding", "gzip, br"), ("User-Agent", "agent/1"), ("Anthropic-Beta", "x"),
                    ("X-Stainless-Lang", "python"), ("Idempotency-Key", "i"), ("traceparent", "00-a-b-01"),
                ])
                #expect(response.status == 200)
                let request = try #require(try await simulator.requests().last)
                let fields = Dictionary(grouping: request.headers, by: { $0[0].lowercased() })
                for name in [
                    "cookie", "x-unknown", "via", "x-forwarded-for", "x-kmi-session", "x-kmi-project",
                    "openai-organization",
                ] {
                    #expect(fields[name] == nil, "\(name)")
                }
                #expect(fields["accept-encoding"]?.map { $0[1] } == ["identity"])
                #expect(fields["user-agent"]?.map { $0[1] } == ["agent/1"])
                #expect(fields["authorization"]?.map { $0[1] } == ["Bearer sk-sim-alpha"])
                for name in ["anthropic-beta", "x-stainless-lang", "idempotency-key", "traceparent"] {
                    #expect(fields[name]?.count == 1, "\(name)")
                }
                #expect(!request.headers.contains { $0[1].contains(daemon.token) })
            }
        }
    }

    @Test("answers carry what the proxy adds, and the provider's own fields (X-058)")
    func responseFields() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let direct = try await simulator.direct().chat()
                let response = try await daemon.client().chat(fields: [("X-Request-Id", "my-own-id")])
                #expect(response["X-Request-Id"] == "my-own-id")
                #expect(response["X-KMI-Provider"] == "sim")
                #expect(response["X-KMI-Key"] == "alpha")
                #expect(response["X-KMI-Attempts"] == "1")
                #expect(response["X-KMI-Model"] == nil)
                #expect(response["Content-Type"] == direct["Content-Type"])
                #expect(response.body == direct.body)
                if let own = direct["X-Request-Id"] {
                    #expect(response["X-KMI-Upstream-Request-Id"] != nil, "the provider sends \(own)")
                }
                // An id of ours is made where the caller's is unusable.
                let other = try await daemon.client().chat(fields: [("X-Request-Id", "not usable")])
                #expect(other["X-Request-Id"] != "not usable")
                #expect(other["X-Request-Id"]?.isEmpty == false)
            }
        }
    }

    @Test("an alias replaces the model, every other byte stays, and the answer names the real one (X-014)")
    func alias() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.appendix =
                "[[model]]\nname = \"k2\"\ntargets = [{ provider = \"sim\", model = \"sim-large\" }]\n"
            try await DaemonProcess.with(configuration) { daemon in
                let asked = #"{"x":"k2", "model" : "k2" ,"messages":[{"role":"user","content":"k2"}]}"#
                let response = try await daemon.client().post(Chat.target, asked)
                #expect(response.status == 200)
                #expect(response["X-KMI-Model"] == "sim-large")
                let sent = #"{"x":"k2", "model" : "sim-large" ,"messages":[{"role":"user","content":"k2"}]}"#
                #expect(try await simulator.requests().last?.body == sent)
            }
        }
    }

    @Test("a key can be pinned, and an unknown label is 400 (contract 4)")
    func pinned() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator, keys: ["alpha", "beta"])) { daemon in
                let client = try daemon.client()
                for _ in 0..<4 {
                    let response = try await client.chat(fields: [("X-KMI-Key", "beta")])
                    #expect(response["X-KMI-Key"] == "beta")
                }
                #expect(try await client.chat(fields: [("X-KMI-Key", "delta")]).status == 400)
                // No failover: the pinned key's own answer comes through.
                let limited = try await client.chat(model: "sim-status-429", fields: [("X-KMI-Key", "beta")])
                #expect(limited.status == 429)
                #expect(try await simulator.statistics().key("alpha").requests == 0)
            }
        }
    }

    @Test("a request of a few pipelined ones is answered in order on one connection")
    func pipelined() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                let lengths = try await onOwnThread {
                    let connection = try client.connect()
                    let models = ["sim-events-3", "sim-events-9", "sim-events-6"]
                    try connection.write(models.map { Chat.request(client, model: $0) }.joined())
                    return try models.map { _ in try connection.readResponse().body.count }
                }
                #expect(lengths[0] < lengths[2])
                #expect(lengths[2] < lengths[1])
            }
        }
    }
}
