import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// Every route of both listeners, called with every kind of credential, against the table of policies (L-010, A-001, T-001).
struct HTTPPolicyMatrixTests {
    /// A kind of credential.
    enum Credential: String, CaseIterable, Sendable {
        case none, wrong, conflicting, expired, revoked
        case otherScope, otherModel, otherRoute, otherProject
        case right

        /// Whether it shows who is calling.
        var isKnown: Bool {
            switch self {
            case .none, .wrong, .conflicting, .expired, .revoked: false
            case .otherScope, .otherModel, .otherRoute, .otherProject, .right: true
            }
        }

        /// The fields of it, with the token of a client of this name where there is one.
        var fields: HeaderFields {
            var fields: HeaderFields = ["Host": "localhost", "X-KMI-Project": "thesis"]
            switch self {
            case .none: break
            case .wrong: fields.add(name: "Authorization", value: "Bearer token-of-nobody")
            case .conflicting:
                fields.add(name: "Authorization", value: "Bearer token-of-right")
                fields.add(name: "x-api-key", value: "token-of-wrong")
            default: fields.add(name: "Authorization", value: "Bearer token-of-\(self.rawValue)")
            }
            return fields
        }
    }

    private static func client(_ credential: Credential, scope: Configuration.Client.Scope) throws
        -> Configuration.Client
    {
        var client = try GatewayFixture.client(credential.rawValue)
        client.scopes = [scope]
        client.models = [try #require(ModelName("m"))]
        switch credential {
        case .expired: client.expires = WallTime(microseconds: 1_767_225_600_000_000)
        case .otherScope: client.scopes = [scope == .inference ? .metrics : .inference, .priorityHigh]
        case .otherModel: client.models = [try #require(ModelName("other"))]
        case .otherRoute: client.routes = ["/v1/other", "/p/kimi/other/*"]
        case .otherProject: client.projects = ["other"]
        case .none, .wrong, .conflicting, .revoked, .right: break
        }
        return client
    }

    /// A gateway that knows all clients but the revoked one, whom it has known.
    private static func fixture(scope: Configuration.Client.Scope) throws -> GatewayFixture {
        let clients = try Credential.allCases.filter { ![.none, .wrong, .conflicting].contains($0) }
            .map { try Self.client($0, scope: scope) }
        let fixture = try GatewayFixture { configuration in
            configuration.clients = clients
            // Whoever is let in gets an answer without a provider.
            configuration.server.dryRun = true
        }
        let remaining = try GatewayFixture.configuration { configuration in
            configuration.clients = clients.filter { $0.name.text != Credential.revoked.rawValue }
            configuration.server.dryRun = true
        }
        fixture.gateway.apply(GatewayFixture.snapshot(remaining))
        return fixture
    }

    // MARK: The data plane

    private static func request(_ route: DataRoute) -> (method: String, target: String) {
        switch route {
        case .models: ("GET", "/v1/models")
        case .openAI: ("POST", "/v1/chat/completions")
        case .anthropic: ("POST", "/v1/messages")
        case .provider: ("POST", "/p/kimi/chat/completions")
        case .base: ("POST", "/kmi-rotor/v1/chat/completions")
        case .nowhere: ("POST", "/nowhere")
        case .refusedMethod: ("TRACE", "/v1/chat/completions")
        case .malformed: ("POST", "/v1/../x")
        }
    }

    private static func expected(_ route: DataRoute, _ credential: Credential) -> Int {
        guard credential.isKnown else { return 401 }
        guard credential != .otherScope else { return 403 }
        switch route {
        case .nowhere: return 404
        case .refusedMethod: return 405
        case .malformed: return 400
        case .models: return credential == .right || credential == .otherModel ? 200 : 403
        case .openAI, .anthropic, .provider, .base: return credential == .right ? 200 : 403
        }
    }

    @Test("the data plane (L-010, L-011)", arguments: DataRoute.allCases, Credential.allCases)
    func dataPlane(route: DataRoute, credential: Credential) throws {
        #expect(route.policy == .inference)
        let fixture = try Self.fixture(scope: .inference)
        let (method, target) = Self.request(route)
        #expect(DataRoute.matching(target, method, in: fixture) == route)
        var fields = credential.fields
        let body = #"{"model":"m"}"#
        if method == "POST" {
            fields.add(name: "Content-Type", value: "application/json")
            fields.add(name: "Content-Length", value: String(body.utf8.count))
        }
        let exchange = fixture.open(method, target, fields)
        if exchange.isBodyWanted {
            exchange.send(ByteBuffer(string: body))
            exchange.sendEnd()
        }
        fixture.run()
        let expected = Self.expected(route, credential)
        #expect(exchange.status == expected)
        #expect((exchange.header("www-authenticate") != nil) == (expected == 401))
        #expect(fixture.transfers.isEmpty)
        #expect(fixture.observer.incidents.count == (expected == 401 ? 1 : 0))
        // Who is not let in learns nothing but that.
        if expected == 401 { #expect(!exchange.text.contains("kimi") && !exchange.text.contains("alpha")) }
        fixture.expectAllSettled()
    }

    // MARK: The admin listener

    private static func ask(
        _ fixture: GatewayFixture, _ method: String = "GET", _ target: String, _ fields: HeaderFields,
        isLocal: Bool, transport: ConnectionInfo.Transport = .tcp(peer: "192.0.2.1")
    ) -> FakeExchange {
        let responder = AdminResponder(gateway: fixture.gateway, metrics: fixture.metrics) { [] }
        var connection = ConnectionInfo(transport: transport, isTLS: !isLocal, id: 1)
        connection.isLocal = isLocal
        let exchange = FakeExchange(eventLoop: fixture.loop, connection: connection)
        exchange.handler = responder.respond(
            to: RequestHead(method: method, target: target, headers: fields), on: exchange)
        fixture.run()
        return exchange
    }

    private static func target(_ route: AdminRoute) -> String {
        route == .nowhere ? "/v1/models" : route.pattern
    }

    @Test(
        "the admin listener off loopback asks for the scope metrics, for all but health (A-001, T-001)",
        arguments: AdminRoute.allCases, Credential.allCases)
    func adminListener(route: AdminRoute, credential: Credential) throws {
        let fixture = try Self.fixture(scope: .metrics)
        let right = route == .nowhere ? 404 : 200
        let far = Self.ask(fixture, "GET", Self.target(route), credential.fields, isLocal: false)
        switch route.policy {
        case .open: #expect(far.status == right)
        case .inference: Issue.record("no route of this listener is for inference")
        case .metrics:
            // Models, routes and projects are about the data plane.
            let expected = !credential.isKnown ? 401 : credential == .otherScope ? 403 : right
            #expect(far.status == expected)
            #expect(fixture.observer.incidents.count == (expected == 401 ? 1 : 0))
            #expect((far.header("www-authenticate") != nil) == (expected == 401))
        }
        // On the machine itself nothing is asked for.
        let near = Self.ask(fixture, "GET", Self.target(route), credential.fields, isLocal: true)
        #expect(near.status == right)
    }

    @Test("health discloses its status and nothing else (A-001)")
    func health() throws {
        let fixture = try Self.fixture(scope: .metrics)
        let answer = Self.ask(fixture, "GET", "/healthz", Credential.none.fields, isLocal: false)
        #expect(answer.text == #"{"status":"ok"}"#)
        #expect(Set(answer.head?.headers.map(\.name) ?? []) == ["Content-Type", "X-Request-Id", "Content-Length"])
    }

    @Test(
        "nothing can be changed over HTTP: whoever may read is refused every other method (T-001)",
        arguments: ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
    func readOnly(method: String) throws {
        let fixture = try Self.fixture(scope: .metrics)
        for route in AdminRoute.allCases {
            for isLocal in [true, false] {
                let answer = Self.ask(
                    fixture, method, Self.target(route), Credential.right.fields, isLocal: isLocal)
                #expect(answer.status == 405)
                #expect(answer.header("allow") == "GET, HEAD")
            }
        }
        // Who may not read does not even learn what there is.
        #expect(Self.ask(fixture, method, "/metrics", Credential.wrong.fields, isLocal: false).status == 401)
    }

    @Test("every route is in the table once, and the table has nothing else (L-010)")
    func table() {
        #expect(HTTPPolicyTable.rows.count == DataRoute.allCases.count + AdminRoute.allCases.count)
        #expect(Set(HTTPPolicyTable.rows).count == HTTPPolicyTable.rows.count)
        #expect(HTTPPolicyTable.rows.filter { $0.policy == .open }.map(\.pattern) == ["/healthz"])
        #expect(Set(HTTPPolicyTable.rows.filter { $0.listener == "data" }.map(\.policy)) == [.inference])
    }
}

extension DataRoute {
    /// The row that a request has.
    fileprivate static func matching(_ target: String, _ method: String, in fixture: GatewayFixture) -> DataRoute {
        do throws(ProxyFault) {
            return DataRoute(
                fixture.gateway.snapshot.routes.classify(method: method, target: try RequestTarget(parsing: target)))
        } catch {
            return .malformed
        }
    }
}
