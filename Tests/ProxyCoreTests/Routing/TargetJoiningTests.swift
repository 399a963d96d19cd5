import ProxyCore
import Testing

struct TargetJoiningTests {
    /// Joins a caller's target below a provider's base.
    private static func join(_ raw: String, _ kind: ProviderKind, _ base: String?, method: String = "POST") throws
        -> TargetJoining.Joined
    {
        let configured =
            try base.map { try UpstreamBase(parsing: $0) } ?? kind.knownBases?.openAI ?? kind.knownBases?.anthropic
        let bases = try #require(BasePaths(kind.bases(configured: configured, anthropic: nil)))
        let target = try RequestTarget(parsing: raw)
        let route = RouteTable(basePath: "/kmi-rotor/v1", providers: ["x"]).classify(method: method, target: target)
        return try #require(TargetJoining.join(route, query: target, bases: bases))
    }

    static let rows: [(ProviderKind, String?, String, String)] = [
        // Kimi Code: both dialects below one base that ends in /v1.
        (.kimi, nil, "/v1/chat/completions", "/coding/v1/chat/completions"),
        (.kimi, nil, "/v1/messages", "/coding/v1/messages"),
        (.kimi, nil, "/v1/messages?beta=true", "/coding/v1/messages?beta=true"),
        (.kimi, nil, "/v1/messages/count_tokens", "/coding/v1/messages/count_tokens"),
        (.kimi, nil, "/v1/v1/messages", "/coding/v1/messages"),
        (.kimi, nil, "/v1/v1/chat/completions", "/coding/v1/chat/completions"),
        (.kimi, nil, "/p/x/chat/completions", "/coding/v1/chat/completions"),
        (.kimi, nil, "/p/x/v1/chat/completions", "/coding/v1/chat/completions"),
        (.kimi, nil, "/p/x/v1/v1/files", "/coding/v1/v1/files"),
        (.kimi, nil, "/p/x/messages", "/coding/v1/messages"),
        (.kimi, nil, "/p/x/v1/messages", "/coding/v1/messages"),
        (.kimi, nil, "/p/x/usages", "/coding/v1/usages"),
        (.kimi, nil, "/p/x", "/coding/v1"),
        (.kimi, nil, "/p/x/", "/coding/v1/"),
        (.kimi, nil, "/p/x/v1", "/coding/v1"),
        (.kimi, nil, "/p/x/v1beta/y", "/coding/v1/v1beta/y"),
        (.kimi, nil, "/p/x//y", "/coding/v1//y"),
        (.kimi, nil, "/p/x/a;b/%2F/%2f?", "/coding/v1/a;b/%2F/%2f?"),
        (.kimi, nil, "/p/x?", "/coding/v1?"),
        (.kimi, nil, "/p/x/a?q=%20&?x=/../&v=", "/coding/v1/a?q=%20&?x=/../&v="),
        (.kimi, nil, "/kmi-rotor/v1/chat/completions", "/coding/v1/chat/completions"),
        (.kimi, nil, "/kmi-rotor/v1/messages", "/coding/v1/messages"),
        (.kimi, nil, "/kmi-rotor/v1", "/coding/v1"),
        (.kimi, "https://api.kimi.ai/coding/v1/", "/v1/messages", "/coding/v1/messages"),
        (.kimi, "https://api.kimi.com/coding", "/v1/messages", "/coding/v1/messages"),
        (.kimi, "https://api.kimi.com/coding", "/v1/chat/completions", "/coding/chat/completions"),
        // Moonshot and DeepSeek: an Anthropic base of their own.
        (.moonshot, nil, "/v1/chat/completions", "/v1/chat/completions"),
        (.moonshot, nil, "/v1/messages", "/anthropic/v1/messages"),
        (.moonshot, nil, "/p/x/v1/messages", "/anthropic/v1/messages"),
        (.moonshot, nil, "/p/x/messages/count_tokens", "/anthropic/v1/messages/count_tokens"),
        (.moonshot, nil, "/p/x/users/me/balance", "/v1/users/me/balance"),
        (.deepSeek, nil, "/v1/chat/completions", "/chat/completions"),
        (.deepSeek, nil, "/v1/messages", "/anthropic/v1/messages"),
        (.deepSeek, nil, "/p/x/v1/messages", "/anthropic/v1/messages"),
        (.deepSeek, nil, "/p/x/v1/chat/completions", "/v1/chat/completions"),
        (.deepSeek, nil, "/p/x/user/balance", "/user/balance"),
        (.deepSeek, "https://api.deepseek.com/v1", "/v1/chat/completions", "/v1/chat/completions"),
        (.deepSeek, "https://api.deepseek.com/v1", "/v1/messages", "/anthropic/v1/messages"),
        // OpenAI.
        (.openAI, nil, "/v1/chat/completions", "/v1/chat/completions"),
        (.openAI, nil, "/v1/responses/r?include=a", "/v1/responses/r?include=a"),
        (.openAI, nil, "/p/x/v1/embeddings", "/v1/embeddings"),
        (.openAI, nil, "/p/x/embeddings", "/v1/embeddings"),
        (.openAI, nil, "/v1/messages", "/v1/messages"),
        (.openAI, nil, "/v1/threads/t/messages", "/v1/threads/t/messages"),
        // Anthropic: no base but its own.
        (.anthropic, nil, "/v1/messages", "/v1/messages"),
        (.anthropic, nil, "/v1/messages/batches?limit=1", "/v1/messages/batches?limit=1"),
        (.anthropic, nil, "/v1/files", "/v1/files"),
        (.anthropic, nil, "/p/x/v1/messages", "/v1/messages"),
        (.anthropic, nil, "/p/x/messages", "/v1/messages"),
        (.anthropic, nil, "/p/x/v1/models", "/v1/models"),
        (.anthropic, nil, "/p/x", "/"),
        (.anthropic, nil, "/p/x?a", "/?a"),
        (.anthropic, "https://gateway.example/anthropic/v1", "/v1/messages", "/anthropic/v1/messages"),
        (.anthropic, "https://gateway.example/anthropic/v1", "/v1/files", "/anthropic/v1/files"),
        // OpenRouter: the Anthropic base lies above the version.
        (.openRouter, nil, "/v1/chat/completions", "/api/v1/chat/completions"),
        (.openRouter, nil, "/v1/messages", "/api/v1/messages"),
        (.openRouter, nil, "/p/x/key", "/api/v1/key"),
        // Gemini: the compatible path, and the native one below the bare host.
        (.gemini, nil, "/v1/chat/completions", "/v1beta/openai/chat/completions"),
        (
            .gemini, "https://generativelanguage.googleapis.com", "/p/x/v1beta/models/g:generateContent?alt=sse",
            "/v1beta/models/g:generateContent?alt=sse"
        ),
        (
            .gemini, "https://generativelanguage.googleapis.com", "/p/x/v1beta/openai/chat/completions",
            "/v1beta/openai/chat/completions"
        ),
        // Local and other servers.
        (.local, "http://127.0.0.1:8080/v1", "/v1/chat/completions", "/v1/chat/completions"),
        (.local, "http://127.0.0.1:8080/v1", "/v1/messages", "/v1/messages"),
        (.local, "http://127.0.0.1:8080", "/v1/messages", "/v1/messages"),
        (.local, "http://127.0.0.1:11434", "/p/x/api/chat", "/api/chat"),
        (.local, "http://127.0.0.1:11434", "/p/x/v1/chat/completions", "/v1/chat/completions"),
        (.local, "unix:/run/llama.sock:/v1", "/v1/chat/completions", "/v1/chat/completions"),
        (.local, "unix:/run/llama.sock", "/p/x/health", "/health"),
        (.compatible, "https://llm.example/openai/v1/", "/v1/audio/speech", "/openai/v1/audio/speech"),
        (.compatible, "https://llm.example/api/v1x", "/p/x/v1/y", "/api/v1x/v1/y"),
        (.compatible, "https://llm.example", "/v1/chat/completions", "/chat/completions"),
    ]

    @Test("joins targets (contract section 4, X-012, X-020)", arguments: rows)
    func joins(kind: ProviderKind, base: String?, raw: String, target: String) throws {
        #expect(try Self.join(raw, kind, base).target == target)
    }

    @Test func tellsWhichBaseItTook() throws {
        #expect(try Self.join("/v1/messages", .deepSeek, nil).usesAnthropicBase)
        #expect(try !Self.join("/v1/chat/completions", .deepSeek, nil).usesAnthropicBase)
        #expect(try Self.join("/v1/files", .anthropic, nil).usesAnthropicBase)
        let target = try RequestTarget(parsing: "/v1/models")
        #expect(TargetJoining.join(.models(.list), query: target, bases: BasePaths(general: "/v1")) == nil)
    }

    @Test(
        "takes the credential header of the kind (provider facts section 10, X-008)",
        arguments: [
            (ProviderKind.kimi, nil, "/v1/messages", UpstreamCredential.bearer),
            (.moonshot, nil, "/v1/messages", .bearer),
            (.openRouter, nil, "/v1/messages", .bearer), (.openAI, nil, "/v1/responses", .bearer),
            (.anthropic, nil, "/v1/messages", .xAPIKey), (.anthropic, nil, "/p/x/v1/models", .xAPIKey),
            (.deepSeek, nil, "/v1/messages", .xAPIKey), (.deepSeek, nil, "/v1/chat/completions", .bearer),
            (.gemini, nil, "/v1/chat/completions", .bearer),
            (
                .gemini, "https://generativelanguage.googleapis.com", "/p/x/v1beta/models/g:generateContent",
                .xGoogAPIKey
            ),
            (.gemini, "https://generativelanguage.googleapis.com", "/p/x/v1beta/models?a=/openai/", .xGoogAPIKey),
            (.gemini, "https://generativelanguage.googleapis.com", "/p/x/v1beta/openai/models", .bearer),
            (.local, "http://127.0.0.1:1/v1", "/v1/chat/completions", .bearer),
        ] as [(ProviderKind, String?, String, UpstreamCredential)])
    func takesCredentialHeader(kind: ProviderKind, base: String?, raw: String, form: UpstreamCredential) throws {
        #expect(try UpstreamCredential.form(kind: kind, joined: Self.join(raw, kind, base)) == form)
    }
}
