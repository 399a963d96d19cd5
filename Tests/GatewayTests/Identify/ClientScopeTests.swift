import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// What a token is good for, on every endpoint (L-011, L-004).
struct ClientScopeTests {
    private static func fixture(_ change: (inout Configuration.Client) throws -> Void) throws -> GatewayFixture {
        try GatewayFixture { configuration in
            try change(&configuration.clients[0])
            configuration.server.dryRun = true
            let model = try #require(ModelName("alias"))
            let target = Configuration.ModelAlias.Target(
                provider: try #require(ProviderName("kimi")), model: try #require(ModelName("m")))
            configuration.models = [Configuration.ModelAlias(name: model, targets: [target])]
        }
    }

    @Test(
        "a token for one model gets 403 for any other on every endpoint, aliases included (L-011)",
        arguments: [
            "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/messages",
            "/v1/messages/count_tokens", "/p/kimi/chat/completions", "/p/kimi/v1/messages",
            "/kmi-rotor/v1/chat/completions", "/v1/anything/else",
        ])
    func models(target: String) throws {
        let fixture = try Self.fixture { $0.models = [try #require(ModelName("m"))] }
        #expect(fixture.post(#"{"model":"m"}"#, target).status == 200)
        for body in [#"{"model":"other"}"#, #"{"model":"alias"}"#, "{}", #"{"Model":"m"}"#] {
            let exchange = fixture.post(body, target)
            #expect(exchange.status == 403, "\(body)")
            #expect(exchange.header("x-kmi-error") == "forbidden")
        }
        fixture.expectAllSettled()
    }

    @Test(
        "a token for one route reaches it at no other mount (L-011)",
        arguments: [
            ("/v1/chat/completions", 200), ("/v1/chat/completions?x=1", 200), ("/v1/chat/completions/", 403),
            ("/v1//chat/completions", 403), ("/v1/chat/%63ompletions", 403), ("/p/kimi/chat/completions", 403),
            ("/p/kimi/v1/chat/completions", 403), ("/kmi-rotor/v1/chat/completions", 403),
            ("/kmi-rotor/v1/v1/chat/completions", 403), ("/v1/messages", 403), ("/v1/responses", 403),
        ])
    func routes(target: String, status: Int) throws {
        let fixture = try Self.fixture { $0.routes = ["/v1/chat/completions"] }
        #expect(fixture.post(#"{"model":"m"}"#, target).status == status)
        let list = fixture.open("GET", "/v1/models")
        #expect(list.status == 403)
        fixture.expectAllSettled()
    }

    @Test("a pattern opens what lies below it, on the mount that it names (L-011)")
    func patterns() throws {
        let fixture = try Self.fixture { $0.routes = ["/v1/models", "/p/kimi/*"] }
        #expect(fixture.open("GET", "/v1/models").status == 200)
        #expect(fixture.open("GET", "/v1/models/alias").status == 403)
        #expect(fixture.post(#"{"model":"m"}"#, "/p/kimi/chat/completions").status == 200)
        #expect(fixture.post(#"{"model":"m"}"#, "/v1/chat/completions").status == 403)
    }

    /// Lists of projects, the client's own, what the request names, and what it counts for; `nil` is a refusal.
    private static let projectCases: [([String], String?, String?, String?)] = [
        ([], nil, "any", "any"), ([], "own", nil, "own"), (["a"], nil, nil, "a"), (["a"], nil, "a", "a"),
        (["a"], nil, "b", nil), (["a", "b"], nil, "b", "b"), (["a", "b"], nil, nil, nil), (["a", "b"], "b", nil, "b"),
        (["a", "b"], "b", "a", "a"), (["a", "b"], "b", "c", nil),
    ]

    @Test("a token for certain projects counts for these alone (L-011)", arguments: projectCases)
    func accountsFor(projects: [String], own: String?, named: String?, counted: String?) throws {
        let fixture = try Self.fixture { client in
            client.projects = projects
            client.project = own
        }
        let exchange = fixture.post(
            #"{"model":"m"}"#, "/v1/chat/completions", named.map { [("X-KMI-Project", $0)] } ?? [])
        #expect(exchange.status == (counted == nil ? 403 : 200))
        fixture.expectAllSettled()
        // One that was refused does not count for a project that it may not name.
        #expect(fixture.observer.records.map(\.project) == [counted ?? own])
        if named == nil { #expect(fixture.open("GET", "/v1/models").status == 200) }
    }

    @Test("high priority needs its scope, or the own user on the Unix socket (L-004)")
    func priority() throws {
        let hurry = [("X-KMI-Priority", "high")]
        let plain = try Self.fixture { _ in }
        let refused = plain.post(#"{"model":"m"}"#, "/v1/chat/completions", hurry)
        #expect(refused.status == 403)
        #expect(refused.text.contains("priority:high"))
        for priority in ["low", "normal"] {
            #expect(
                plain.post(#"{"model":"m"}"#, "/v1/chat/completions", [("X-KMI-Priority", priority)]).status == 200)
        }
        let own = plain.post(
            #"{"model":"m"}"#, "/v1/chat/completions", hurry + [("Authorization", "")],
            transport: .unix(uid: GatewayFixture.userID, pid: 1))
        #expect(own.status == 200)
        // A token that is shown there is what counts.
        #expect(
            plain.post(
                #"{"model":"m"}"#, "/v1/chat/completions", hurry, transport: .unix(uid: GatewayFixture.userID, pid: 1)
            ).status == 403)
        let scoped = try Self.fixture { $0.scopes.insert(.priorityHigh) }
        #expect(scoped.post(#"{"model":"m"}"#, "/v1/chat/completions", hurry).status == 200)
        let open = try GatewayFixture { configuration in
            configuration.auth.requireToken = false
            configuration.server.dryRun = true
        }
        #expect(open.post("{}", "/v1/x", hurry + [("Authorization", "")]).status == 403)
    }

    @Test("on the Unix socket a token has to be right, and without one only the own user gets in (A-001)")
    func socket() throws {
        let fixture = try Self.fixture { _ in }
        func status(_ uid: UInt32, _ authorization: String) -> Int? {
            fixture.post("{}", "/v1/x", [("Authorization", authorization)], transport: .unix(uid: uid, pid: 1)).status
        }
        let own = GatewayFixture.userID
        #expect(status(own, "") == 200)
        #expect(status(own, "Bearer wrong") == 401)
        #expect(status(own, "Bearer \(GatewayFixture.token)") == 200)
        #expect(status(own + 1, "") == 401)
        #expect(status(own + 1, "Bearer \(GatewayFixture.token)") == 200)
        #expect(status(0, "") == 401)
        let closed = try GatewayFixture { $0.auth.sameUserSocket = false }
        #expect(
            closed.post("{}", "/v1/x", [("Authorization", "")], transport: .unix(uid: own, pid: 1)).status == 401)
    }

    @Test("a request carries who is calling and from where, to whoever limits it (L-005)")
    func identity() throws {
        let proxy = try AddressBlock(parsing: "10.0.0.0/8")
        let fixture = try GatewayFixture { configuration in
            configuration.auth.trustedProxies = [proxy]
            configuration.auth.requireToken = false
            configuration.server.dryRun = true
        }
        func caller(_ authorization: String, _ transport: ConnectionInfo.Transport) throws -> Caller {
            var fields: HeaderFields = ["Host": "localhost", "X-Forwarded-For": "192.0.2.1, 198.51.100.9"]
            if !authorization.isEmpty { fields.add(name: "Authorization", value: authorization) }
            let exchange = FakeExchange(
                eventLoop: fixture.loop, connection: ConnectionInfo(transport: transport, id: 1))
            let flow = fixture.gateway.respond(
                to: RequestHead(method: "GET", target: "/v1/x", headers: fields), on: exchange)
            exchange.handler = flow
            fixture.run()
            return try #require((flow as? RequestFlow)?.caller)
        }
        let token = "Bearer \(GatewayFixture.token)"
        #expect(try caller("", .tcp(peer: "10.0.0.1")).identity.description == "address:198.51.100.9")
        #expect(try caller("", .tcp(peer: "10.0.0.1")).address == NumericAddress("198.51.100.9"))
        #expect(try caller("", .tcp(peer: "127.0.0.1")).identity.description == "address:127.0.0.1")
        #expect(try caller(token, .tcp(peer: "10.0.0.1")).identity.description == "client:ci")
        #expect(try caller(token, .tcp(peer: "10.0.0.1")).address == NumericAddress("198.51.100.9"))
        #expect(try caller("", .unix(uid: GatewayFixture.userID, pid: 1)).identity.description == "uid:1000")
        #expect(try caller("", .unix(uid: GatewayFixture.userID, pid: 1)).address == nil)
    }
}
