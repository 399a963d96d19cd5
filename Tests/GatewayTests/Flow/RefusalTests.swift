import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// Who is refused, and in which order (contract section 4).
struct RefusalTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var method = "POST"
        var target = "/v1/chat/completions"
        var changes: [(String, String)] = []
        var extra: [(String, String)] = []
        var status: Int
        var code: String?
    }

    /// Each case is refused for the first of its faults; the later ones are there to be overlooked.
    static let cases: [Case] = [
        Case(
            testDescription: "no Host", target: "/nowhere", changes: [("Host", ""), ("Authorization", "")], status: 400,
            code: "invalid_request"),
        Case(
            testDescription: "two Hosts", changes: [("Authorization", "")], extra: [("Host", "localhost")], status: 400,
            code: "invalid_request"),
        Case(
            testDescription: "foreign Host", target: "/nowhere",
            changes: [("Host", "evil.example"), ("Origin", "https://evil.example"), ("Authorization", "")], status: 403,
            code: "forbidden"),
        Case(
            testDescription: "foreign Origin", changes: [("Origin", "https://evil.example"), ("Authorization", "")],
            status: 403, code: "forbidden"),
        Case(
            testDescription: "Origin null", changes: [("Origin", "null"), ("Authorization", "")], status: 403,
            code: "forbidden"),
        Case(
            testDescription: "foreign preflight", method: "OPTIONS",
            changes: [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")], status: 403,
            code: "forbidden"),
        Case(
            testDescription: "no credential", target: "/nowhere", changes: [("Authorization", "")], status: 401,
            code: "unauthorized"),
        Case(
            testDescription: "wrong token", target: "/nowhere", changes: [("Authorization", "Bearer nope")],
            status: 401, code: "unauthorized"),
        Case(
            testDescription: "empty token", changes: [("Authorization", "Bearer ")], status: 401, code: "unauthorized"),
        Case(
            testDescription: "other scheme", changes: [("Authorization", "Basic \(GatewayFixture.token)")], status: 401,
            code: "unauthorized"),
        Case(testDescription: "two tokens", changes: [("x-api-key", "other")], status: 401, code: "unauthorized"),
        Case(
            testDescription: "not ASCII", changes: [("Authorization", "Bearer tök")], status: 401, code: "unauthorized"),
        Case(
            testDescription: "over 4 KiB",
            changes: [("Authorization", "Bearer " + String(repeating: "x", count: 4097))], status: 401,
            code: "unauthorized"),
        Case(
            testDescription: "expired token", changes: [("Authorization", "Bearer token-of-old")], status: 401,
            code: "unauthorized"),
        Case(
            testDescription: "token of metrics", changes: [("Authorization", "Bearer token-of-scraper")], status: 403,
            code: "forbidden"),
        Case(
            testDescription: "no route", target: "/nowhere", changes: [("Content-Length", "999999999")], status: 404,
            code: "not_found"),
        Case(testDescription: "no provider", target: "/p/nobody/chat", status: 404, code: "not_found"),
        Case(
            testDescription: "CONNECT", method: "CONNECT", target: "/v1/chat/completions", status: 405,
            code: "method_not_allowed"),
        Case(testDescription: "TRACE", method: "TRACE", target: "/nowhere", status: 405, code: "method_not_allowed"),
        Case(testDescription: "dot segment", target: "/v1/../x", status: 400, code: "invalid_request"),
        Case(testDescription: "coded dot segment", target: "/v1/%2e%2E/x", status: 400, code: "invalid_request"),
        Case(testDescription: "coded slash", target: "/v1/a%2f..%2fb", status: 400, code: "invalid_request"),
        Case(testDescription: "coded backslash", target: "/v1/a%5c..%5Cb", status: 400, code: "invalid_request"),
        Case(testDescription: "fragment", target: "/v1/x#y", status: 400, code: "invalid_request"),
        Case(testDescription: "absolute form", target: "http://localhost/v1/x", status: 400, code: "invalid_request"),
        Case(
            testDescription: "announced too long",
            changes: [("Content-Length", "1001"), ("Authorization", "Bearer token-of-listed")], status: 413,
            code: "body_too_large"),
        Case(testDescription: "unknown key", changes: [("X-KMI-Key", "nobody")], status: 400, code: "invalid_request"),
        Case(
            testDescription: "unknown priority", changes: [("X-KMI-Priority", "urgent")], status: 400,
            code: "invalid_request"),
        Case(
            testDescription: "session too long", changes: [("X-KMI-Session", String(repeating: "s", count: 257))],
            status: 400, code: "invalid_request"),
    ]

    private static func fixture() throws -> GatewayFixture {
        try GatewayFixture { configuration in
            var old = try GatewayFixture.client("old")
            old.expires = WallTime(microseconds: 1_767_225_600_000_000)
            var scraper = try GatewayFixture.client("scraper")
            scraper.scopes = [.metrics]
            var listed = try GatewayFixture.client("listed")
            listed.models = [try #require(ModelName("m"))]
            configuration.clients += [old, scraper, listed]
            configuration.server.allowedOrigins = ["https://app.example"]
            configuration.server.limits.requestBody = 1000
        }
    }

    @Test("refuses in the order of the contract, without asking a provider (T-006, K-022, K-039)", arguments: cases)
    func refuses(_ one: Case) throws {
        let fixture = try Self.fixture()
        var fields = GatewayFixture.fields(one.changes)
        for (name, value) in one.extra { fields.add(name: name, value: value) }
        let exchange = fixture.open(one.method, one.target, fields)
        #expect(exchange.status == one.status)
        #expect(exchange.header("x-kmi-error") == one.code)
        #expect(exchange.text.contains(#""code":"\#(one.code ?? "")""#))
        #expect(exchange.header("content-type") == "application/json")
        #expect((exchange.header("www-authenticate") == "Bearer") == (one.status == 401))
        #expect(exchange.header("access-control-allow-origin") == nil)
        #expect(exchange.end == .finished)
        #expect(!exchange.isBodyWanted)
        #expect(fixture.transfers.isEmpty)
        #expect(fixture.metric("kmi_rejected_total", ["reason": one.code ?? ""]) == 1)
        #expect(fixture.metric("kmi_requests_total", ["code": String(one.status), "provider": ""]) == 1)
        fixture.expectAllSettled()
    }

    @Test("a preflight of a listed origin needs no token, an ordinary request of it does")
    func preflight() throws {
        let fixture = try Self.fixture()
        let fields = GatewayFixture.fields([
            ("Authorization", ""), ("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST"),
        ])
        let exchange = fixture.open("OPTIONS", "/nowhere", fields)
        #expect(exchange.status == 204)
        #expect(exchange.header("access-control-allow-origin") == "https://app.example")
        #expect(exchange.header("content-length") == nil)
        #expect(exchange.body.readableBytes == 0)
        let refused = fixture.post("{}", "/v1/x", [("Authorization", ""), ("Origin", "https://app.example")])
        #expect(refused.status == 401)
        #expect(refused.header("access-control-allow-origin") == "https://app.example")
        fixture.expectAllSettled()
    }

    @Test(
        "takes a token in each of its places, repeated or not (K-022)",
        arguments: [
            [("Authorization", "bearer   \(GatewayFixture.token) ")], [("x-api-key", GatewayFixture.token)],
            [("api-key", GatewayFixture.token)], [("x-goog-api-key", GatewayFixture.token)],
            [("x-kmi-proxy-token", GatewayFixture.token)],
            [("x-api-key", GatewayFixture.token), ("Authorization", "Bearer \(GatewayFixture.token)")],
        ])
    func credentials(changes: [(String, String)]) throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", [("Authorization", "")] + changes)
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(exchange.status == 200)
        let sent = try fixture.transfer().request.headers
        #expect(!sent.contains { $0.value.contains(GatewayFixture.token) })
        #expect(sent.first("authorization") == "Bearer sk-alpha")
        fixture.expectAllSettled()
    }

    @Test("the Unix socket: the same user needs no token, others do, and a token that is sent must be right")
    func unixSocket() throws {
        let fixture = try Self.fixture()
        let same = ConnectionInfo.Transport.unix(uid: GatewayFixture.userID, pid: 1)
        let foreign = ConnectionInfo.Transport.unix(uid: 1001, pid: 1)
        let none = [("Authorization", ""), ("Host", "any.name")]
        #expect(fixture.post("{}", "/v1/x", none, transport: foreign).status == 401)
        #expect(fixture.post("{}", "/v1/x", [("Authorization", "Bearer no")], transport: same).status == 401)
        #expect(fixture.transfers.isEmpty)
        let allowed = fixture.post("{}", "/v1/x", none, transport: same)
        try fixture.transfer().answer(200)
        #expect(allowed.status == 200)
        let other = fixture.post("{}", "/v1/x", [], transport: foreign)
        try fixture.transfer().answer(200)
        #expect(other.status == 200)
        fixture.expectAllSettled()
    }

    @Test("same_user_socket off asks everybody for a token; require_token off asks nobody")
    func authSettings() throws {
        let strict = try GatewayFixture { $0.auth.sameUserSocket = false }
        let same = ConnectionInfo.Transport.unix(uid: GatewayFixture.userID, pid: 1)
        #expect(strict.post("{}", "/v1/x", [("Authorization", "")], transport: same).status == 401)
        let open = try GatewayFixture { $0.auth.requireToken = false }
        let exchange = open.post("{}", "/v1/x", [("Authorization", "")])
        try open.transfer().answer(200)
        #expect(exchange.status == 200)
        #expect(open.post("{}", "/v1/x", [("Authorization", "Bearer wrong")]).status == 401)
        open.expectAllSettled()
    }

    @Test("a chunked body over the limit is refused before a provider is asked (K-039)")
    func chunkedTooLong() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.open(
            "POST", "/v1/chat/completions", GatewayFixture.fields([("Transfer-Encoding", "chunked")]))
        #expect(exchange.isBodyWanted)
        for _ in 0..<3 { exchange.send(ByteBuffer(repeating: 0x20, count: 400)) }
        exchange.sendEnd()
        #expect(exchange.status == 413)
        #expect(fixture.transfers.isEmpty)
        fixture.expectAllSettled()
    }

    @Test(
        "a caller with a model list is refused wherever the model is another one or cannot be read",
        arguments: [
            (#"{"model":"other"}"#, [], 403), (#"{"messages":[]}"#, [], 403),
            ("no json", [("Content-Type", "text/plain")], 403),
            (#"{"model":"m"}"#, [("Content-Encoding", "gzip")], 403),
            (#"{"model":"m"}"#, [("Content-Type", "application/octet-stream")], 403),
            (#"{"model":"m","model":"other"}"#, [], 400), (#"{"model":"m","mod\u0065l":"m"}"#, [], 400),
            (#"{"model":"m""#, [], 400), (#"{"model":7}"#, [], 400), (#"{"model":"m"}"#, [], 200),
            (#"{"x":{"model":"other"},"model":"m"}"#, [], 200), (#"{"model":"m"}"#, [("Content-Type", "")], 200),
        ] as [(String, [(String, String)], Int)])
    func modelList(body: String, changes: [(String, String)], status: Int) throws {
        for target in ["/v1/chat/completions", "/p/kimi/chat/completions", "/kmi-rotor/v1/chat/completions"] {
            let fixture = try Self.fixture()
            let exchange = fixture.post(body, target, [("Authorization", "Bearer token-of-listed")] + changes)
            if status == 200 {
                try fixture.transfer().answer(200)
            } else {
                #expect(fixture.transfers.isEmpty)
            }
            #expect(exchange.status == status)
            fixture.expectAllSettled()
        }
    }

    @Test("without a body there is no model, so a caller with a model list is refused")
    func modelListWithoutBody() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.open(
            "GET", "/v1/files", GatewayFixture.fields([("Authorization", "Bearer token-of-listed")]))
        #expect(exchange.status == 403)
        fixture.expectAllSettled()
    }

    @Test("where all keys have model lists a request without a readable model is refused; other models find no key")
    func keyModelLists() throws {
        let fixture = try GatewayFixture { configuration in
            for index in configuration.keys.indices {
                configuration.keys[index].models = [try #require(ModelName("m"))]
            }
        }
        #expect(fixture.post(#"{"messages":[]}"#).status == 403)
        #expect(fixture.post(#"{"model":"other"}"#).status == 503)
        let exchange = fixture.post(#"{"model":"m"}"#)
        try fixture.transfer().answer(200)
        #expect(exchange.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a pinned key with a model list is no way round it")
    func pinnedKeyWithModelList() throws {
        let fixture = try GatewayFixture { $0.keys[1].models = [try #require(ModelName("m"))] }
        #expect(fixture.post(#"{"messages":[]}"#, "/v1/chat/completions", [("X-KMI-Key", "beta")]).status == 403)
        let exchange = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", [("X-KMI-Key", "beta")])
        try fixture.transfer().answer(200)
        #expect(exchange.header("x-kmi-key") == "beta")
        fixture.expectAllSettled()
    }

    @Test("errors speak the caller's dialect (X-057)")
    func dialects() throws {
        let fixture = try Self.fixture()
        let anthropic = fixture.post("{}", "/v1/messages", [("Authorization", ""), ("X-Request-Id", "mine")])
        #expect(anthropic.text.hasPrefix(#"{"type":"error","error":{"type":"authentication_error""#))
        #expect(anthropic.text.hasSuffix(#""request_id":"mine"}"#))
        #expect(anthropic.header("x-request-id") == "mine")
        let openai = fixture.post("{}", "/v1/chat/completions", [("Authorization", "")])
        #expect(openai.text.hasPrefix(#"{"error":{"message":"#))
        #expect(openai.header("x-request-id")?.hasPrefix("req_") == true)
        fixture.expectAllSettled()
    }

    @Test("an invalid JSON body tells where it breaks, without showing it (T-017)")
    func invalidJSON() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.post(#"{"model":CANARY}"#)
        #expect(exchange.status == 400)
        #expect(!exchange.text.contains("CANARY"))
        fixture.expectAllSettled()
    }
}
