import Foundation
import TestSupport
import Testing

@Suite("Routes, joining and models (contract 4)", .serialized, .timeLimit(.minutes(5)))
struct ContractRoutingTests {
    static let targets = [
        ("/v1/", "/v1/"), ("/v1//x", "/v1//x"), ("/v1/x?", "/v1/x?"), ("/v1/x??a", "/v1/x??a"),
        ("/v1/v1/x", "/v1/x"), ("/v1/a/.b", "/v1/a/.b"), ("/v1/...", "/v1/..."), ("/v1/..;/x", "/v1/..;/x"),
        ("/v1/%252e%252e/x", "/v1/%252e%252e/x"), ("/v1/a?../..", "/v1/a?../.."), ("/v1/%zz", "/v1/%zz"),
        ("/v1/\"<>\\^`{|}", "/v1/\"<>\\^`{|}"), ("/p/sim/x", "/v1/x"), ("/p/sim//x", "/v1//x"),
        ("/p/sim/v1/x?v1/", "/v1/x?v1/"), ("/p/s%69m/x", "/v1/x"), ("/kmi-rotor/v1/x", "/v1/x"),
        ("/kmi-rotor/v1/v1/x", "/v1/x"), ("/v1/messagesx", "/v1/messagesx"),
    ]
    static let nowhere = [
        "/", "/v1", "/V1/x", "/%761/x", "//v1/x", "/p", "/p/", "/p//x", "/p/nope/x", "/p/sim%2Fx/y",
        "/kmi-rotor/x", "/kmi-rotor/v1x", "/metrics", "/sim/stats",
    ]

    @Test("targets arrive byte for byte, and what is no route is 404 without an upstream call")
    func targets() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                for (asked, _) in Self.targets { #expect(try await client.get(asked).status == 200, "\(asked)") }
                #expect(try await simulator.requests().map(\.target) == Self.targets.map(\.1))
                try await simulator.reset()
                for target in Self.nowhere {
                    let response = try await client.get(target)
                    #expect(response.status == 404, "\(target)")
                    #expect(response["X-KMI-Error"] == "not_found", "\(target)")
                }
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    /// Providers of each kind: name, kind, path of the base, path of the Anthropic base (`nil`: not given).
    static let providers: [(name: String, kind: String, base: String, anthropic: String?)] = [
        ("kimi", "kimi", "/coding/v1", nil), ("moon", "moonshot", "/v1", nil), ("oai", "openai", "/v1", nil),
        ("anth", "anthropic", "", nil), ("anth1", "anthropic", "/v1", nil), ("deep", "deepseek", "", nil),
        ("deep1", "deepseek", "/v1", nil), ("router", "openrouter", "/api/v1", nil), ("loc", "local", "/v1", nil),
        ("own", "compatible", "/v1/", "/anthropic"), ("own1", "compatible", "/v1", "/anthropic/v1"),
    ]
    /// Where `messages`, with and without `v1/` before it, and `chat/completions` lead.
    static let messages = [
        "kimi": "/coding/v1/messages", "moon": "/anthropic/v1/messages", "oai": "/v1/messages",
        "anth": "/v1/messages", "anth1": "/v1/messages", "deep": "/anthropic/v1/messages",
        "deep1": "/anthropic/v1/messages", "router": "/api/v1/messages", "loc": "/v1/messages",
        "own": "/anthropic/v1/messages", "own1": "/anthropic/v1/messages",
    ]
    static let chats = [
        "kimi": "/coding/v1/chat/completions", "deep": "/chat/completions", "router": "/api/v1/chat/completions",
        "anth": "/chat/completions",
    ]

    @Test("each kind of provider is asked at its base of the dialect, with its credential, and never at /v1/v1")
    func kinds() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            for provider in Self.providers {
                configuration.appendix += """
                    [[provider]]
                    name = "\(provider.name)"
                    kind = "\(provider.kind)"
                    base_url = "\(simulator.baseURL)\(provider.base)"
                    \(provider.anthropic.map { "anthropic_base_url = \"\(simulator.baseURL)\($0)\"" } ?? "")
                    [[key]]
                    label = "k-\(provider.name)"
                    provider = "\(provider.name)"
                    secret = "env:SECRET_\(provider.name)"


                    """
            }
            let secrets = Self.providers.map { ("SECRET_\($0.name)", "sk-\($0.name)") }
            try await DaemonProcess.with(configuration, environment: Dictionary(uniqueKeysWithValues: secrets)) {
                daemon in
                let client = try daemon.client()
                for provider in Self.providers {
                    try await simulator.reset()
                    let mount = "/p/\(provider.name)"
                    for rest in ["messages", "v1/messages", "v1/messages/count_tokens?beta=true", "chat/completions"] {
                        _ = try await client.post("\(mount)/\(rest)", Chat.body())
                    }
                    let messages = try #require(Self.messages[provider.name])
                    let expected = [
                        messages, messages, messages + "/count_tokens?beta=true",
                        Self.chats[provider.name] ?? "/v1/chat/completions",
                    ]
                    let requests = try await simulator.requests()
                    #expect(requests.map(\.target) == expected, "\(provider.name)")
                    #expect(Set(requests.map(\.key)) == ["sk-\(provider.name)"], "\(provider.name)")
                }
            }
        }
    }

    @Test(
        "base_path moves or turns off the compatibility mount",
        arguments: [
            ("", "/kmi-rotor/v1/x", nil), ("/", "/any/thing", "/v1/any/thing"), ("/", "/v1/x", "/v1/x"),
            ("/", "/messages?x", "/v1/messages?x"), ("/x/", "/x/y", "/v1/y"), ("/x/v1", "/x/v1/v1/y", "/v1/y"),
            ("/x", "/kmi-rotor/v1/x", nil),
        ] as [(String, String, String?)])
    func basePath(path: String, asked: String, received: String?) async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server"] = "base_path = \"\(path)\""
            try await DaemonProcess.with(configuration) { daemon in
                let response = try await daemon.client().get(asked)
                #expect(try await simulator.requests().map(\.target) == (received.map { [$0] } ?? []))
                if received == nil { #expect(response.status == 404) }
            }
        }
    }

    /// Bodies and what becomes of them: the body that is sent up, or `nil` for a 400 of the proxy's own.
    static let bodies: [(String, String?)] = [
        (#"{"mod\u0065l" : "k\u0032","messages":[]}"#, #"{"mod\u0065l" : "sim-large","messages":[]}"#),
        (#"  {"a":{"model":"k2"},"model":"k2"}"#, #"  {"a":{"model":"k2"},"model":"sim-large"}"#),
        (#"{"messages":[{"model":"k2"}]}"#, #"{"messages":[{"model":"k2"}]}"#),
        (#"{"MODEL":"k2"}"#, #"{"MODEL":"k2"}"#),
        (#"{"model":"k2","mod\u0065l":"k2"}"#, nil), (#"{"model":"a","model":"a"}"#, nil), (#"{"model":1}"#, nil),
        (#"{"model":"k2""#, nil), (#"{"model":"k2"}x"#, nil), ("nonsense", nil),
    ]

    @Test("an alias is spliced in wherever it stands, and a model in doubt is 400 (X-014)")
    func models() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(Self.aliased(simulator)) { daemon in
                let client = try daemon.client()
                for (body, sent) in Self.bodies {
                    try await simulator.reset()
                    let response = try await client.post(Chat.target, body)
                    #expect(try await simulator.forwarded().map(\.body) == (sent.map { [$0] } ?? []), "\(body)")
                    if sent == nil {
                        #expect(response.status == 400, "\(body)")
                        #expect(response["X-KMI-Error"] == "invalid_request", "\(body)")
                    }
                }
            }
        }
    }

    @Test("an alias in a form is replaced too, and nothing else of the form")
    func form() async throws {
        let form = { (model: String) in
            "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n\(model)\r\n"
                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"k2\"\r\n\r\nk2\r\n--b--\r\n"
        }
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(Self.aliased(simulator)) { daemon in
                let response = try await daemon.client().send(
                    "POST",
                    "/v1/audio/transcriptions",
                    fields: [("Content-Type", "multipart/form-data; boundary=b")],
                    body: form("k2")
                )
                #expect(response.status == 200)
                #expect(response["X-KMI-Model"] == "sim-large")
                #expect(try await simulator.forwarded().map(\.body) == [form("sim-large")])
            }
        }
    }

    /// A request of a client that may use `k2` only, and the status.
    static let limited: [(target: String, type: String, coding: String?, body: String, status: Int)] = [
        (Chat.target, "application/json", nil, Chat.body(model: "k2"), 200),
        (Chat.target, "application/json", "identity", Chat.body(model: "k2"), 200),
        (Chat.target, "application/json", nil, Chat.body(model: "sim-large"), 403),
        (Chat.target, "application/json", nil, #"{"messages":[]}"#, 403),
        (Chat.target, "application/json", "gzip", Chat.body(model: "k2"), 403),
        (Chat.target, "application/octet-stream", nil, Chat.body(model: "k2"), 403),
        ("/p/sim/chat/completions", "application/json", nil, Chat.body(model: "other"), 403),
        ("/kmi-rotor/v1/chat/completions", "application/json", nil, Chat.body(model: "other"), 403),
        ("/v1/messages", "application/json", nil, Chat.body(model: "other"), 403),
        ("/p/sim/anything", "text/plain", nil, "", 403),
        ("/v1/x", "multipart/form-data; boundary=b", nil, Self.part("model", "k2"), 200),
        ("/v1/x", "multipart/form-data; boundary=b", nil, Self.part("model", "other"), 403),
        ("/v1/x", "multipart/form-data; boundary=b", nil, Self.part("file", "k2"), 403),
    ]

    static func part(_ name: String, _ value: String) -> String {
        "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n--b--\r\n"
    }

    @Test("a model list holds on every route, and wherever the model cannot be read")
    func modelLists() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = Self.aliased(simulator)
            configuration.appendix += """
                [[client]]
                name = "limited"
                token = "env:LIMITED_TOKEN"
                models = ["k2"]
                """
            try await DaemonProcess.with(configuration, environment: ["LIMITED_TOKEN": "limited-token"]) { daemon in
                let client = RawHTTPClient(try daemon.address("data"), fields: [("x-api-key", "limited-token")])
                for entry in Self.limited {
                    try await simulator.reset()
                    var fields = [("Content-Type", entry.type)]
                    if let coding = entry.coding { fields.append(("Content-Encoding", coding)) }
                    let response = try await client.send("POST", entry.target, fields: fields, body: entry.body)
                    #expect(response.status == entry.status, "\(entry)")
                    #expect(try await simulator.forwarded().isEmpty == (entry.status == 403), "\(entry)")
                }
                for target in ["/v1/files", "/p/sim/models"] { #expect(try await client.get(target).status == 403) }
                let list = try #require(try await client.get("/v1/models").json()["data"] as? [[String: Any]])
                #expect(list.map { $0["id"] as? String } == ["k2"])
            }
        }
    }

    private static func aliased(_ simulator: SimulatorProcess) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator)
        configuration.appendix = """
            [[model]]
            name = "k2"
            targets = [{ provider = "sim", model = "sim-large" }]

            """
        return configuration
    }
}
