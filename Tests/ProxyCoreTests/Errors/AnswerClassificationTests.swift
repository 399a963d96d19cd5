import ProxyCore
import Testing

struct AnswerClassificationTests {
    private static func classify(
        _ kind: ProviderKind,
        _ status: Int,
        _ body: String,
        headers: HeaderFields = [:],
        rules: [ClassificationRule] = []
    ) -> AnswerClassification? {
        AnswerClassifier.classify(
            status: status, headers: headers, body: Array(body.utf8), kind: kind, ownRules: rules,
            now: ErrorFixture.now)
    }

    static let statuses: [(Int, ErrorClass)] = [
        (400, .providerRejected), (401, .providerAuthFailed), (402, .providerBilling), (403, .providerForbidden),
        (404, .providerRejected), (408, .providerTimeout), (409, .providerRejected), (413, .providerRejected),
        (418, .providerRejected), (422, .providerRejected), (429, .providerRateLimited), (500, .providerServerError),
        (502, .providerServerError), (503, .providerOverloaded), (504, .providerTimeout), (524, .providerTimeout),
        (529, .providerOverloaded), (599, .providerServerError),
    ]

    @Test("goes by the status where the body says nothing", arguments: statuses)
    func goesByStatus(status: Int, errorClass: ErrorClass) {
        for body in [
            "", "<html>429 rate limit invalid_api_key</html>", "{}", #"{"error":null}"#, "{\"error\":{\"type\":\"rate_",
        ] {
            let answer = Self.classify(.compatible, status, body)
            #expect(answer?.errorClass == errorClass)
            #expect(answer?.decidedBy == "status")
            #expect(answer?.isByStatusAlone == true)
            #expect(answer?.unmatched == UnmatchedError(status: status, type: nil, code: nil))
        }
    }

    @Test(arguments: [100, 200, 204, 302, 399])
    func takesNoErrorForNone(status: Int) {
        #expect(Self.classify(.openAI, status, ErrorFixture.error("insufficient_quota")) == nil)
    }

    @Test func asksOwnRulesFirst() {
        let body = ErrorFixture.error("engine_overloaded_error", "The Engine", code: "E1")
        func outcome(_ rule: ClassificationRule) -> ErrorClass? {
            Self.classify(.kimi, 429, body, rules: [rule])?.errorClass
        }
        #expect(outcome(.init(status: 429, outcome: .billing)) == .providerBilling)
        #expect(
            outcome(.init(type: "ENGINE_overloaded_error", code: "e1", message: "the ENGINE", outcome: .timeout))
                == .providerTimeout)
        #expect(outcome(.init(status: 430, outcome: .billing)) == .providerOverloaded)
        #expect(outcome(.init(code: "E2", outcome: .billing)) == .providerOverloaded)
        #expect(outcome(.init(message: "motor", outcome: .billing)) == .providerOverloaded)
    }

    @Test("lets an own rule say whom to blame and how long to wait")
    func obeysOwnRules() throws {
        let body = ErrorFixture.error("rate_limit_error", "The engine is currently overloaded")
        let headers: HeaderFields = ["Retry-After": "5"]
        func classified(_ rule: ClassificationRule) throws -> AnswerClassification {
            try #require(Self.classify(.kimi, 429, body, headers: headers, rules: [rule]))
        }
        let plain = try classified(.init(status: 429, outcome: .rateLimited))
        #expect(plain.blame == .key && plain.recovery == .after(.seconds(5)) && !plain.isAmbiguous)
        #expect(plain.decidedBy == "provider.rule" && plain.unmatched == nil)
        let waiting = try classified(
            .init(status: 429, outcome: .rateLimited, blame: .keyAndModel, wait: .seconds(1_200)))
        #expect(waiting.blame == .keyAndModel && waiting.recovery == .after(.seconds(1_200)))
        let long = try classified(.init(status: 429, outcome: .quotaExhausted, wait: .seconds(7 * 86_400)))
        #expect(long.recovery == .at(ErrorFixture.time(7 * 86_400)))
        #expect(try classified(.init(status: 429, outcome: .rejected, blame: .provider)).blame == .provider)
        for outcome in ClassificationRule.Outcome.allCases {
            #expect(outcome.errorClass.rawValue == outcome.rawValue)
        }
        for blame in ClassificationRule.Blame.allCases {
            #expect(blame.classificationBlame.rawValue == blame.rawValue)
        }
    }

    @Test(
        "classifies errors inside a stream in every envelope",
        arguments: [
            (
                #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                ErrorClass.providerOverloaded
            ),
            (#"{"type":"error","code":"rate_limit_exceeded","message":"","sequence_number":3}"#, .providerRateLimited),
            (#"{"type":"error","code":"server_is_overloaded","message":""}"#, .providerOverloaded),
            (#"{"error":{"code":402,"message":"no credits"}}"#, .providerBilling),
            (
                #"{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":""}}}"#,
                .providerRateLimited
            ),
            (#"{"error":{"message":"HTTP 429 upstream"}}"#, .providerRateLimited),
            (#"{"error":{"message":"after 1429 tokens"}}"#, .providerServerError),
            (#"{"error":{"message":"boom"}}"#, .providerServerError),
            (#"{"error":"boom"}"#, .providerServerError),
            (#"{"error":{"type":"invalid_request_error","message":"x"}}"#, .providerRejected),
        ])
    func classifiesEvents(body: String, errorClass: ErrorClass) throws {
        let details = try #require(ProviderErrorDetails(body: Array(body.utf8)))
        let answer = AnswerClassifier.classifyEvent(details, headers: [:], kind: .openRouter, now: ErrorFixture.now)
        #expect(answer.errorClass == errorClass)
    }

    @Test func readsBodiesUpToABound() {
        let body = ErrorFixture.error("insufficient_quota", String(repeating: "x", count: 70_000))
        #expect(Self.classify(.openAI, 429, body)?.errorClass == .providerRateLimited)
        let deep = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        #expect(ProviderErrorDetails(body: Array(deep.utf8)) == nil)
    }

    @Test func boundsWhatItKeepsOfAQuota() throws {
        let id = "PerDay é\\n" + String(repeating: "x", count: 2_000)
        let body = ErrorFixture.google(429, "RESOURCE_EXHAUSTED", "", details: [ErrorFixture.quota(id)])
        let daily = try #require(Self.classify(.gemini, 429, body)?.daily)
        #expect(daily.id.utf8.count == 128 && daily.id.hasPrefix("PerDay____x"))
    }
}
