import ProxyCore
import Testing

struct RoutePatternTests {
    @Test(
        "a path is itself, one with /* all below it, and nothing else (L-011)",
        arguments: [
            ("/v1/messages", "/v1/messages", true), ("/v1/messages", "/v1/messages/", false),
            ("/v1/messages", "/v1/messages/count_tokens", false), ("/v1/messages", "/v1/message", false),
            ("/v1/messages", "/v1//messages", false), ("/v1/messages", "/v1/%6Dessages", false),
            ("/v1/messages", "/V1/messages", false), ("/v1/messages", "/p/kimi/v1/messages", false),
            ("/v1/messages", "/kmi-rotor/v1/messages", false), ("/v1/messages/*", "/v1/messages", false),
            ("/v1/messages/*", "/v1/messages/", false), ("/v1/messages/*", "/v1/messages/batches", true),
            ("/v1/messages/*", "/v1/messages/batches/1", true), ("/v1/messages/*", "/v1/messagesX/1", false),
            ("/v1/*", "/v1/chat/completions", true), ("/v1/*", "/v1", false), ("/*", "/v1/models", true),
            ("/*", "/", false), ("/v1/models", "/v1/models", true), ("/p/kimi/*", "/p/kimix/chat", false),
            ("/v1/chat/*", "/v1/chat/..;/embeddings", false), ("/v1/chat/*", "/v1/chat/a;b/..c;d", true),
            ("/v1/chat/*", "/v1/chat/%2e%2E;x/embeddings", false), ("/v1/chat/*", "/v1/chat/..%3bx/embeddings", false),
            ("/v1/chat/*", "/v1/chat/a%2f..;%2fembeddings", false), ("/v1/chat/*", "/v1/chat/.%5c..%3B", false),
            ("/v1/chat/*", "/v1/chat/a;..", true), ("/v1/chat/*", "/v1/chat/...;x/%2e%2e%2e%3b", true),
            ("/v1/chat/*", "/v1/chat/%3b../x", true),
        ])
    func covers(pattern: String, path: String, isCovered: Bool) {
        #expect(RoutePattern.isValid(pattern))
        #expect(RoutePattern.covers(pattern, path: path) == isCovered)
    }

    @Test(
        "what is no pattern is refused",
        arguments: [
            "", "v1", "*", "/v1*", "/v1/*/x", "/*/*", "/v1/**", "/v1?x", "/v1#x", "/a b", "/é",
            "/" + String(repeating: "a", count: 1_024),
        ])
    func refuses(text: String) {
        #expect(!RoutePattern.isValid(text))
    }
}
