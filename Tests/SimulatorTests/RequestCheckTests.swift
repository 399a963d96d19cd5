import Testing

@testable import Simulator

struct RequestCheckTests {
    private func refusal(_ target: String, _ body: JSONValue, key: String? = "k1") -> TypedError? {
        RequestCheck.refusal(
            of: Requests.facts(target, body),
            credential: key,
            invalidCredentials: ["old-*"],
            models: nil
        )
    }

    @Test(
        arguments: [
            ("/v1/chat/completions", Requests.chat(), nil, 401),
            ("/v1/chat/completions", Requests.chat(), "bad-key", 401),
            ("/v1/messages", Requests.chat("m", [("max_tokens", 1)]), "old-one", 401),
            ("/v1/chat/completions", ["messages": []], "k1", 400),
            ("/v1/chat/completions", ["model": "m"], "k1", 400),
            ("/v1/chat/completions", "text", "k1", 400),
            ("/v1/messages", Requests.chat(), "k1", 400),
            ("/v1/embeddings", ["model": "m"], "k1", 400),
            ("/v1/chat/completions", Requests.chat("no-such-model"), "k1", 404),
        ] as [(String, JSONValue, String?, Int)])
    func refusesAsAProviderDoes(target: String, body: JSONValue, key: String?, status: Int) {
        #expect(self.refusal(target, body, key: key)?.status == status)
    }

    @Test func acceptsGoodRequests() {
        #expect(self.refusal("/v1/chat/completions", Requests.chat()) == nil)
        #expect(self.refusal("/v1/messages", Requests.chat("m", [("max_tokens", 1)])) == nil)
        #expect(self.refusal("/unknown", [:], key: nil) == nil)
    }

    @Test(arguments: [
        ("/v1/chat/completions", Route.chatCompletions), ("/chat/completions?x=1", .chatCompletions),
        ("/coding/v1/messages?beta=true", .messages), ("/anthropic/v1/messages", .messages),
        ("/coding/v1/usages", .kimiUsages), ("/v1/usages", .echo), ("/v1/v1/messages", .echo),
        ("/v1/models/a%2Fb", .model("a/b")), ("/v1beta/openai/models", .models), ("/", .echo),
    ])
    func knowsItsPaths(target: String, route: Route) {
        #expect(Route(target: target) == route)
    }

    @Test func everyTypedErrorHasTheShapeOfItsDialect() {
        let chat = Requests.facts("/v1/chat/completions", Requests.chat())
        let messages = Requests.facts("/v1/messages", Requests.chat())
        for (name, error) in ErrorCatalogue.all where error.shape != .wrappedGoogle {
            #expect((400...599).contains(error.status), "\(name)")
            #expect(error.body(for: chat)["error"]?["message"] == .string(error.message), "\(name)")
            if error.shape == .kimi { #expect(error.body(for: messages)["type"] == "error", "\(name)") }
        }
        #expect(ErrorCatalogue.all.count > 90)
    }
}
