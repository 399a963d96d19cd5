import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// What goes up, and what comes back, when all goes well.
struct ForwardingTests {
    @Test("method, path, query and body go up byte for byte; header fields by the allow-list")
    func passesOn() throws {
        let fixture = try GatewayFixture()
        let body = #"{ "model" : "m" , "messages" : [ { "content" : "h\u00e9" } ], "x":1e400 }"#
        let exchange = fixture.post(
            body, "/v1/chat;a=b//c%2Fd?x=1&y=%zz",
            [
                ("X-Custom", "1"), ("Cookie", "c=1"), ("User-Agent", "agent/1"), ("Accept-Encoding", "gzip"),
                ("X-Stainless-Lang", "js"), ("X-KMI-Session", "s"), ("X-KMI-Project", "p"), ("X-KMI-Priority", "low"),
                ("Connection", "Accept-Language"), ("Accept-Language", "de"), ("OpenAI-Organization", "org"),
            ])
        let transfer = try fixture.transfer()
        #expect(transfer.request.method == "POST")
        #expect(transfer.request.target == "/coding/v1/chat;a=b//c%2Fd?x=1&y=%zz")
        #expect(transfer.request.origin.host == "api.kimi.com")
        #expect(transfer.length == body.utf8.count)
        let sent = transfer.request.headers
        #expect(
            sent.map { $0.name.lowercased() }.sorted() == [
                "accept-encoding", "authorization", "content-type", "user-agent", "x-stainless-lang",
            ])
        #expect(sent.first("accept-encoding") == "identity")
        transfer.answer(
            200,
            [
                "Content-Type": "application/json", "X-Request-Id": "theirs", "Set-Cookie": "a=1", "set-cookie": "b=2",
                "Strict-Transport-Security": "max-age=1", "Access-Control-Allow-Origin": "*", "X-KMI-Key": "forged",
                "x-ratelimit-remaining": "7", "Connection": "keep-alive",
            ], #"{"ok":true}"#)
        #expect(transfer.text == body)
        fixture.run()
        #expect(exchange.status == 200)
        #expect(exchange.text == #"{"ok":true}"#)
        #expect(exchange.head?.headers.all("set-cookie") == ["a=1", "b=2"])
        #expect(exchange.header("x-ratelimit-remaining") == "7")
        #expect(exchange.header("x-kmi-upstream-request-id") == "theirs")
        #expect(exchange.header("x-request-id") != "theirs")
        #expect(exchange.head?.headers.all("x-kmi-key") == ["alpha"])
        #expect(exchange.header("x-kmi-provider") == "kimi")
        #expect(exchange.header("x-kmi-attempts") == "1")
        #expect(exchange.header("x-kmi-model") == nil)
        for name in ["strict-transport-security", "access-control-allow-origin", "connection", "x-kmi-error"] {
            #expect(exchange.header(name) == nil)
        }
        fixture.expectAllSettled()
    }

    @Test("requests take turns over the keys")
    func rotates() throws {
        let fixture = try GatewayFixture()
        var keys: [String?] = []
        for _ in 0..<6 {
            let exchange = fixture.post()
            try fixture.transfer().answer(200)
            keys.append(exchange.header("x-kmi-key"))
        }
        #expect(keys == ["alpha", "beta", "gamma", "alpha", "beta", "gamma"])
        fixture.expectAllSettled()
    }

    @Test(
        "an alias is spliced in, every other byte stays, and X-KMI-Model tells the real model (X-014)",
        arguments: [
            #"{"model":"k2","a":1}"#, #"{ "a": 1.0, "model" :  "k\u0032"}"#, "{\"b\":[\"model\"],\n\"model\":\"k2\"}",
        ])
    func alias(body: String) throws {
        let fixture = try GatewayFixture { configuration in
            configuration.models = [
                Configuration.ModelAlias(
                    name: try #require(ModelName("k2")),
                    targets: [
                        .init(
                            provider: try #require(ProviderName("kimi")),
                            model: try #require(ModelName("kimi-for-coding")))
                    ])
            ]
        }
        let exchange = fixture.post(body)
        let transfer = try fixture.transfer()
        transfer.answer(200)
        let expected = body.replacing("\"k2\"", with: "\"kimi-for-coding\"").replacing(
            "\"k\\u0032\"", with: "\"kimi-for-coding\"")
        #expect(transfer.text == expected)
        #expect(transfer.length == expected.utf8.count)
        #expect(exchange.header("x-kmi-model") == "kimi-for-coding")
        fixture.expectAllSettled()
    }

    @Test("an alias fails over to its next provider, by priority")
    func aliasTargets() throws {
        let fixture = try GatewayFixture { configuration in
            configuration.providers.append(try GatewayFixture.provider("other"))
            configuration.keys = [try GatewayFixture.key("alpha"), try GatewayFixture.key("omega", provider: "other")]
            let model = try #require(ModelName("k2"))
            configuration.models = [
                Configuration.ModelAlias(
                    name: model,
                    targets: [
                        .init(provider: try #require(ProviderName("kimi")), model: try #require(ModelName("km"))),
                        .init(
                            provider: try #require(ProviderName("other")), model: try #require(ModelName("om")),
                            priority: 3),
                    ])
            ]
        }
        let exchange = fixture.post(#"{"model":"k2"}"#)
        #expect(try fixture.transfer().request.origin.host == "other.example")
        try fixture.transfer().answer(503)
        #expect(fixture.transfers.count == 2)
        try fixture.transfer().answer(200)
        #expect(try fixture.transfer().text == #"{"model":"km"}"#)
        #expect(exchange.header("x-kmi-model") == "km")
        #expect(exchange.header("x-kmi-provider") == "kimi")
        #expect(exchange.header("x-kmi-attempts") == "2")
        fixture.expectAllSettled()
    }

    @Test("requests without a body go up without one; an empty one stays empty")
    func withoutBody() throws {
        let fixture = try GatewayFixture()
        let get = fixture.open("GET", "/v1/files")
        #expect(try fixture.transfer().request.body == .none)
        try fixture.transfer().answer(200)
        #expect(get.status == 200)
        let empty = fixture.open("POST", "/v1/files", GatewayFixture.fields([("Content-Length", "0")]))
        #expect(try fixture.transfer().request.body == .length(0))
        try fixture.transfer().answer(200)
        #expect(empty.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a body whose length is announced and that names no model goes up while it comes in")
    func streamsUp() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.open(
            "POST", "/v1/audio", GatewayFixture.fields([("Content-Type", "audio/wav"), ("Content-Length", "9")]))
        let transfer = try fixture.transfer()
        transfer.takeBody()
        #expect(transfer.text == "")
        for piece in ["abc", "def", "ghi"] {
            exchange.send(ByteBuffer(string: piece))
            #expect(transfer.text.hasSuffix(piece))
            transfer.takeBody()
        }
        exchange.sendEnd()
        transfer.answer(200)
        #expect(transfer.text == "abcdefghi")
        #expect(exchange.status == 200)
        fixture.expectAllSettled()
    }

    @Test("an early answer is passed on while the body still goes up")
    func earlyAnswer() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.open(
            "POST", "/v1/audio", GatewayFixture.fields([("Content-Type", "audio/wav"), ("Content-Length", "6")]))
        let transfer = try fixture.transfer()
        transfer.takeBody()
        exchange.send(ByteBuffer(string: "abc"))
        transfer.head(200, ["Content-Type": "text/event-stream"])
        transfer.body("data: 1\n\n")
        #expect(exchange.status == 200)
        transfer.takeBody()
        exchange.send(ByteBuffer(string: "def"))
        exchange.sendEnd()
        #expect(transfer.text == "abcdef")
        transfer.complete()
        #expect(exchange.text == "data: 1\n\n")
        fixture.expectAllSettled()
    }

    @Test("a chunked body goes up with its length")
    func chunked() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.open(
            "POST", "/v1/audio",
            GatewayFixture.fields([("Content-Type", "audio/wav"), ("Transfer-Encoding", "chunked")]))
        exchange.send(ByteBuffer(string: "abc"))
        exchange.send(ByteBuffer(string: "def"))
        #expect(fixture.transfers.isEmpty)
        exchange.sendEnd()
        #expect(try fixture.transfer().length == 6)
        try fixture.transfer().answer(200)
        #expect(exchange.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a dry run calls no provider (X-063)")
    func dryRun() throws {
        let fixture = try GatewayFixture { $0.server.dryRun = true }
        let exchange = fixture.post()
        #expect(exchange.status == 200)
        #expect(exchange.header("x-kmi-dry-run") == "true")
        #expect(exchange.text == #"{"dry_run":true,"provider":"kimi","key":"alpha","model":"m"}"#)
        #expect(fixture.transfers.isEmpty)
        fixture.expectAllSettled()
    }

    @Test("a request keeps the configuration that it began with (T-015)")
    func keepsSnapshot() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields([("Content-Length", "13")]))
        fixture.gateway.apply(GatewayFixture.snapshot(try GatewayFixture.configuration { $0.server.dryRun = true }))
        exchange.send(ByteBuffer(string: #"{"model":"m"}"#))
        exchange.sendEnd()
        try fixture.transfer().answer(200)
        #expect(exchange.header("x-kmi-dry-run") == nil)
        #expect(fixture.post().header("x-kmi-dry-run") == "true")
        fixture.expectAllSettled()
    }

    @Test("a request that outlives a reload takes a key that came in with it, and sends that key's secret (T-015)")
    func takesNewKey() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields([("Content-Length", "13")]))
        let renewed = try GatewayFixture.configuration { $0.keys = [try GatewayFixture.key("delta")] }
        fixture.gateway.apply(GatewayFixture.snapshot(renewed))
        exchange.send(ByteBuffer(string: #"{"model":"m"}"#))
        exchange.sendEnd()
        #expect(try fixture.transfer().credential == "Bearer sk-delta")
        try fixture.transfer().answer(200)
        #expect(exchange.header("x-kmi-key") == "delta")
        #expect(try fixture.key("delta").state == .usable)
        fixture.expectAllSettled()
    }

    @Test("a key's own fields and each provider's form of credential are sent")
    func keyFields() throws {
        let fixture = try GatewayFixture { configuration in
            configuration.keys[0].headers = [HeaderFields.Field(name: "OpenAI-Organization", value: "org-1")]
        }
        _ = fixture.post("{}", "/v1/chat/completions", [("OpenAI-Organization", "callers")])
        #expect(try fixture.transfer().request.headers.all("openai-organization") == ["org-1"])
        try fixture.transfer().answer(200)
        _ = fixture.post("{}", "/v1/messages", [("anthropic-version", "2023-06-01"), ("anthropic-beta", "x")])
        let transfer = try fixture.transfer()
        #expect(transfer.request.target.hasSuffix("/v1/messages"))
        #expect(transfer.request.headers.first("anthropic-version") == "2023-06-01")
        #expect(transfer.credential?.contains("sk-beta") == true)
        transfer.answer(200)
        fixture.expectAllSettled()
    }
}
