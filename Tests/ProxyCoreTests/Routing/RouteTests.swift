import ProxyCore
import Testing

struct RouteTests {
    private static let providers = ["kimi", "a@b+c", "v1"]

    private static func route(_ path: String, _ method: String = "POST", base: String = "/kmi-rotor/v1") throws -> Route
    {
        try RouteTable(basePath: base, providers: Self.providers).classify(
            method: method, target: RequestTarget(parsing: path))
    }

    static let rows: [(String, String, Route)] = [
        ("POST", "/v1/chat/completions", .openAI(rest: "/chat/completions")),
        ("POST", "/v1/completions", .openAI(rest: "/completions")),
        ("POST", "/v1/responses?x", .openAI(rest: "/responses")),
        ("GET", "/v1/responses/r_1/input_items", .openAI(rest: "/responses/r_1/input_items")),
        ("POST", "/v1/unknown//x;y/%2F", .openAI(rest: "/unknown//x;y/%2F")),
        ("POST", "/v1/", .openAI(rest: "/")),
        ("POST", "/v1//messages", .openAI(rest: "//messages")),
        ("POST", "/v1/messagesx", .openAI(rest: "/messagesx")),
        ("POST", "/v1/threads/t/messages", .openAI(rest: "/threads/t/messages")),
        ("POST", "/v1/messages", .anthropic(rest: "/messages")),
        ("POST", "/v1/messages/count_tokens?beta=true", .anthropic(rest: "/messages/count_tokens")),
        ("POST", "/v1/messages/", .anthropic(rest: "/messages/")),
        ("GET", "/v1/messages/batches/b", .anthropic(rest: "/messages/batches/b")),
        ("GET", "/v1/models", .models(.list)),
        ("HEAD", "/v1/models?limit=1", .models(.list)),
        ("GET", "/v1/models/", .models(.list)),
        ("GET", "/v1/models/kimi-k2", .models(.entry(id: "kimi-k2"))),
        ("GET", "/v1/models/vendor%2Fmodel:free", .models(.entry(id: "vendor/model:free"))),
        ("GET", "/v1/models/vendor/model:free", .models(.entry(id: "vendor/model:free"))),
        ("GET", "/v1/models/%ff", .models(.entry(id: "%ff"))),
        ("GET", "/v1/modelsx", .openAI(rest: "/modelsx")),
        ("DELETE", "/v1/models/ft:x", .openAI(rest: "/models/ft:x")),
        ("POST", "/p/kimi/chat/completions", .provider(name: "kimi", rest: "/chat/completions")),
        ("GET", "/p/kimi/models", .provider(name: "kimi", rest: "/models")),
        ("GET", "/p/kimi", .provider(name: "kimi", rest: "")),
        ("GET", "/p/kimi/", .provider(name: "kimi", rest: "/")),
        ("GET", "/p/kimi//x", .provider(name: "kimi", rest: "//x")),
        ("GET", "/p/a%40b+c/x", .provider(name: "a@b+c", rest: "/x")),
        ("GET", "/p/a@b+c/x", .provider(name: "a@b+c", rest: "/x")),
        ("GET", "/p/v1/v1/x", .provider(name: "v1", rest: "/v1/x")),
        ("GET", "/p/Kimi/x", .notFound),
        ("GET", "/p/other/x", .notFound),
        ("GET", "/p/", .notFound),
        ("GET", "/p", .notFound),
        ("POST", "/kmi-rotor/v1/messages", .base(rest: "/messages")),
        ("GET", "/kmi-rotor/v1/models", .base(rest: "/models")),
        ("GET", "/kmi-rotor/v1", .base(rest: "")),
        ("GET", "/kmi-rotor/v1/", .base(rest: "/")),
        ("GET", "/kmi-rotor/v1x", .notFound),
        ("GET", "/kmi-rotor", .notFound),
        ("GET", "/", .notFound),
        ("GET", "/v1", .notFound),
        ("GET", "/V1/models", .notFound),
        ("GET", "/v1x/models", .notFound),
        ("GET", "//v1/models", .notFound),
        ("TRACE", "/v1/models", .methodNotAllowed),
        ("CONNECT", "/v1/models", .methodNotAllowed),
        ("QUERY", "/v1/chat/completions", .openAI(rest: "/chat/completions")),
    ]

    @Test("tells the route (contract section 4, X-020)", arguments: rows)
    func tellsRoute(method: String, path: String, route: Route) throws {
        #expect(try Self.route(path, method) == route)
    }

    @Test(
        "mounts the base path as documented (X-064)",
        arguments: [
            ("", "/kmi-rotor/v1/x", Route.notFound), ("", "/", .notFound),
            ("/", "/anything/x", .base(rest: "/anything/x")),
            ("/", "/", .base(rest: "/")), ("/", "/v1/chat/completions", .openAI(rest: "/chat/completions")),
            ("/", "/p/kimi/x", .provider(name: "kimi", rest: "/x")), ("/", "/p/other/x", .notFound),
            ("/", "/v1", .base(rest: "/v1")), ("//", "/x", .base(rest: "/x")), ("/a/b/", "/a/b/x", .base(rest: "/x")),
            ("/a/b/", "/a/b", .base(rest: "")), ("/a/b/", "/a/bc", .notFound), ("a/b", "/a/b/c", .base(rest: "/c")),
            ("/v1", "/v1/x", .openAI(rest: "/x")), ("/v1", "/v1", .base(rest: "")),
        ])
    func mountsBasePath(base: String, path: String, route: Route) throws {
        #expect(try Self.route(path, base: base) == route)
    }

    static let dialects: [(String, HeaderFields, Dialect)] = [
        ("/v1/messages", [:], .anthropic), ("/v1/chat/completions", [:], .openai),
        ("/v1/chat/completions", ["Anthropic-Version": "2023-06-01"], .anthropic), ("/v1/models", [:], .openai),
        ("/v1/models", ["anthropic-version": "x"], .anthropic), ("/p/kimi/v1/messages/count_tokens", [:], .anthropic),
        ("/kmi-rotor/v1/messages", [:], .anthropic), ("/p/kimi/v1beta/models/g:generateContent", [:], .gemini),
        ("/p/kimi/v1beta/models/g:streamGenerateContent?alt=sse", [:], .gemini), ("/nowhere/messages", [:], .anthropic),
        ("/nowhere", [:], .openai),
    ]

    @Test("tells the dialect (contract section 4)", arguments: dialects)
    func tellsDialect(path: String, headers: HeaderFields, dialect: Dialect) throws {
        let target = try RequestTarget(parsing: path)
        let route = RouteTable(basePath: "/kmi-rotor/v1", providers: Self.providers)
            .classify(method: path.hasPrefix("/v1/models") ? "GET" : "POST", target: target)
        #expect(route.dialect(target: target, headers: headers) == dialect)
        #expect(Dialect.ofUnrouted(target: path, headers: headers) == (dialect == .gemini ? .openai : dialect))
    }
}
