/// Header fields that providers put on their answers besides the content type.
enum ProviderHeaders {
    /// What OpenAI and its relatives send.
    static func openAI(_ facts: RequestFacts) -> [AnswerScript.HeaderLine] {
        var headers: [AnswerScript.HeaderLine] = [
            .init("x-request-id", facts.identifier("req_")),
            .init("openai-version", "2020-10-01"),
            .init("openai-processing-ms", "12"),
        ]
        if Flavour(model: facts.model, target: facts.target) == .openRouter {
            headers.append(.init("X-Generation-Id", facts.identifier("gen-")))
        }
        return headers + [
            .init("x-ratelimit-limit-requests", "10000"), .init("x-ratelimit-remaining-requests", "9999"),
            .init("x-ratelimit-reset-requests", "6ms"), .init("x-ratelimit-limit-tokens", "2000000"),
            .init("x-ratelimit-remaining-tokens", "1999900"), .init("x-ratelimit-reset-tokens", "3ms"),
        ]
    }

    /// What Anthropic sends.
    static func anthropic(_ facts: RequestFacts) -> [AnswerScript.HeaderLine] {
        [
            .init("request-id", facts.identifier("req_")),
            .init("anthropic-ratelimit-requests-limit", "4000"),
            .init("anthropic-ratelimit-requests-remaining", "3999"),
            .init("anthropic-ratelimit-requests-reset", "2026-11-20T14:05:00Z"),
            .init("anthropic-ratelimit-tokens-limit", "2000000"),
            .init("anthropic-ratelimit-tokens-remaining", "1999000"),
            .init("anthropic-ratelimit-tokens-reset", "2026-11-20T14:05:00Z"),
        ]
    }
}
