import ProxyCore
import Testing

struct AnswerClassificationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var kind: ProviderKind
        var status: Int
        var body: String
        var errorClass: ErrorClass
        var blame: AnswerClassification.Blame
        var headers: HeaderFields = [:]

        init(
            _ kind: ProviderKind,
            _ status: Int,
            _ body: String,
            _ errorClass: ErrorClass,
            _ blame: AnswerClassification.Blame,
            headers: HeaderFields = [:]
        ) {
            self.kind = kind
            self.status = status
            self.body = body
            self.errorClass = errorClass
            self.blame = blame
            self.headers = headers
        }

        var testDescription: String { "\(self.kind.rawValue) \(self.status) \(self.body.prefix(90))" }
    }

    /// An error body with a type, a message and a code.
    private static func error(_ type: String, _ message: String = "", code: String? = nil) -> String {
        let code = code.map { #","code":"\#($0)""# } ?? ""
        return #"{"error":{"message":"\#(message)","type":"\#(type)"\#(code)}}"#
    }

    private static func google(_ code: Int, _ status: String, _ message: String = "", details: String = "[]") -> String
    {
        #"{"error":{"code":\#(code),"message":"\#(message)","status":"\#(status)","details":\#(details)}}"#
    }

    static let kimi = [
        Row(
            .kimi, 401, error("invalid_authentication_error", "The API Key appears to be invalid or may have expired"),
            .providerAuthFailed, .key),
        Row(.kimi, 402, #"{"error":{"message":"unable to verify your membership benefits"}}"#, .providerBilling, .key),
        Row(
            .kimi, 403,
            error("access_terminated_error", "You've reached your weekly (7-day) usage limit. Resets soon."),
            .providerQuotaExhausted, .key),
        Row(
            .kimi, 403, error("access_terminated_error", "You've reached your usage limit for this billing cycle"),
            .providerQuotaExhausted, .key),
        Row(
            .kimi, 403, error("access_terminated_error", "You've reached your monthly usage limit"),
            .providerQuotaExhausted, .key),
        Row(
            .kimi, 403,
            error(
                "access_terminated_error",
                "Kimi For Coding is currently only available for Coding Agents such as Kimi CLI, Claude Code"),
            .providerForbidden, .request),
        Row(.kimi, 403, error("access_terminated_error", "Something else"), .providerForbidden, .keyAndModel),
        Row(.kimi, 403, error("permission_error", "concurrent request limit"), .providerRateLimited, .key),
        Row(.kimi, 403, error("permission_denied_error"), .providerForbidden, .keyAndModel),
        Row(.kimi, 403, error("brand_new_error"), .providerForbidden, .keyAndModel),
        Row(
            .kimi, 429,
            error("rate_limit_reached_error", "request reached project TPM rate limit, current: 1, limit: 1"),
            .providerRateLimited, .key),
        Row(
            .kimi, 429, #"{"error":{"message":"You've reached your usage limit for this period"}}"#,
            .providerQuotaExhausted, .key),
        Row(
            .kimi, 429,
            #"{"error":{"message":"The engine is currently overloaded, please try again later","type":"rate_limit_error"},"type":"error"}"#,
            .providerOverloaded, .provider),
        Row(.kimi, 429, error("engine_overloaded_error"), .providerOverloaded, .provider),
        Row(
            .kimi, 429,
            error(
                "exceeded_current_quota_error",
                "Your account is suspended due to insufficient balance, usage limit for this period"), .providerBilling,
            .key),
        Row(
            .kimi, 400, error("invalid_request_error", "here is an explanation of your usage limit for this period"),
            .providerRejected, .request),
    ]

    static let others = [
        Row(.moonshot, 401, error("incorrect_api_key_error"), .providerAuthFailed, .key),
        Row(.moonshot, 403, error("x", "insufficient balance"), .providerBilling, .key),
        Row(.moonshot, 429, error("rate_limit_reached_error"), .providerRateLimited, .keyAndModel),
        Row(.moonshot, 429, error("exceeded_current_quota_error"), .providerBilling, .key),
        Row(.moonshot, 429, error("engine_overloaded_error"), .providerOverloaded, .provider),
        Row(.moonshot, 400, error("content_filter", "considered high risk"), .providerRejected, .request),
        Row(.moonshot, 500, error("server_error"), .providerServerError, .provider),
        Row(
            .openAI, 401, error("invalid_request_error", "Incorrect API key provided", code: "invalid_api_key"),
            .providerAuthFailed, .key),
        Row(
            .openAI, 401, error("invalid_request_error", "You must be a member of an organization to use the API"),
            .providerAuthFailed, .key),
        Row(.openAI, 401, error("invalid_request_error", "IP not authorized"), .providerForbidden, .key),
        Row(
            .openAI, 403, error("request_forbidden", "", code: "unsupported_country_region_territory"),
            .providerForbidden, .request),
        Row(
            .openAI, 404, error("invalid_request_error", "The model `x` does not exist", code: "model_not_found"),
            .providerForbidden, .keyAndModel),
        Row(.openAI, 404, error("invalid_request_error"), .providerRejected, .request),
        Row(
            .openAI, 429, error("insufficient_quota", "You exceeded your current quota", code: "insufficient_quota"),
            .providerBilling, .key),
        Row(
            .openAI, 429, error("insufficient_quota", "", code: "project_spend_limit_exceeded"), .providerBilling, .key),
        Row(
            .openAI, 429, error("tokens", "Rate limit reached", code: "rate_limit_exceeded"), .providerRateLimited,
            .keyAndModel),
        Row(
            .openAI, 429, error("tokens", "Request too large for gpt", code: "rate_limit_exceeded"), .providerRejected,
            .request),
        Row(.openAI, 429, error("slow_down"), .providerRateLimited, .keyAndModel),
        Row(.openAI, 429, error("usage_limit_reached"), .providerQuotaExhausted, .key),
        Row(
            .openAI, 503, error("service_unavailable_error", "", code: "server_is_overloaded"), .providerOverloaded,
            .provider),
        Row(
            .openAI, 400, error("invalid_request_error", "", code: "context_length_exceeded"), .providerRejected,
            .request),
        Row(
            .openAI, 400, error("invalid_request_error", "", code: "invalid_encrypted_content"), .providerRejected,
            .affinity),
        Row(
            .anthropic, 401, #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
            .providerAuthFailed, .key),
        Row(.anthropic, 402, error("billing_error"), .providerBilling, .key),
        Row(
            .anthropic, 400, error("invalid_request_error", "Your credit balance is too low to access the API"),
            .providerBilling, .key),
        Row(
            .anthropic, 400, error("invalid_request_error", "You have reached your specified API usage limits."),
            .providerBilling, .key),
        Row(
            .anthropic, 400, error("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
            .providerRejected, .request),
        Row(
            .anthropic, 400, error("invalid_request_error", "messages.1: Invalid `signature` in `thinking` block"),
            .providerRejected, .affinity),
        Row(.anthropic, 403, error("permission_error"), .providerForbidden, .keyAndModel),
        Row(.anthropic, 404, error("not_found_error"), .providerRejected, .request),
        Row(.anthropic, 413, error("request_too_large"), .providerRejected, .request),
        Row(.anthropic, 429, error("rate_limit_error"), .providerRateLimited, .keyAndModel),
        Row(
            .anthropic, 429, error("rate_limit_error"), .providerQuotaExhausted, .key,
            headers: ["Anthropic-RateLimit-Unified-5h-Reset": "1"]),
        Row(.anthropic, 500, error("api_error"), .providerServerError, .provider),
        Row(.anthropic, 504, error("timeout_error"), .providerTimeout, .provider),
        Row(.anthropic, 529, error("overloaded_error"), .providerOverloaded, .provider),
        Row(
            .gemini, 400,
            google(400, "INVALID_ARGUMENT", "API key not valid", details: #"[{"reason":"API_KEY_INVALID"}]"#),
            .providerAuthFailed, .key),
        Row(.gemini, 400, "[" + google(400, "INVALID_ARGUMENT", "API key expired.") + "]", .providerAuthFailed, .key),
        Row(.gemini, 400, google(400, "INVALID_ARGUMENT"), .providerRejected, .request),
        Row(.gemini, 400, google(400, "FAILED_PRECONDITION"), .providerBilling, .key),
        Row(.gemini, 403, google(403, "PERMISSION_DENIED", "Consumer has been suspended"), .providerAuthFailed, .key),
        Row(.gemini, 403, google(403, "PERMISSION_DENIED"), .providerForbidden, .keyAndModel),
        Row(
            .gemini, 429,
            google(
                429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details"
            ), .providerRateLimited, .keyAndModel),
        Row(.gemini, 429, google(429, "RESOURCE_EXHAUSTED", "Quota exceeded, limit: 0"), .providerBilling, .key),
        Row(.gemini, 503, google(503, "UNAVAILABLE", "The model is overloaded"), .providerOverloaded, .provider),
        Row(.gemini, 504, google(504, "DEADLINE_EXCEEDED"), .providerTimeout, .provider),
        Row(.deepSeek, 402, error("unknown_error", "Insufficient Balance"), .providerBilling, .key),
        Row(.deepSeek, 400, error("x", "Content Exists Risk"), .providerRejected, .request),
        Row(.deepSeek, 422, "", .providerRejected, .request),
        Row(
            .openRouter, 402,
            #"{"error":{"code":402,"message":"","metadata":{"limit_source":"openrouter_in_flight_budget"}}}"#,
            .providerRateLimited, .key),
        Row(.openRouter, 402, #"{"error":{"code":402,"message":"Insufficient credits"}}"#, .providerBilling, .key),
        Row(
            .openRouter, 403, #"{"error":{"code":403,"message":"","metadata":{"reasons":["x"],"flagged_input":"y"}}}"#,
            .providerRejected, .request),
        Row(.openRouter, 502, #"{"error":{"code":502,"message":"down"}}"#, .providerOverloaded, .provider),
        Row(.openRouter, 408, "", .providerServerError, .provider),
        Row(
            .local, 503, #"{"error":{"message":"Loading model","type":"unavailable_error"}}"#, .providerOverloaded,
            .provider),
        Row(.local, 400, #"{"error":"exceeds the available context size"}"#, .providerRejected, .request),
    ]

    static let statuses: [(Int, ErrorClass)] = [
        (400, .providerRejected), (401, .providerAuthFailed), (402, .providerBilling), (403, .providerForbidden),
        (404, .providerRejected), (408, .providerTimeout), (409, .providerRejected), (413, .providerRejected),
        (418, .providerRejected), (422, .providerRejected), (429, .providerRateLimited), (500, .providerServerError),
        (502, .providerServerError), (503, .providerOverloaded), (504, .providerTimeout), (524, .providerTimeout),
        (529, .providerOverloaded), (599, .providerServerError),
    ]

    private static func classify(_ row: Row, rules: [ClassificationRule] = []) -> AnswerClassification? {
        AnswerClassifier.classify(
            status: row.status, headers: row.headers, body: Array(row.body.utf8), kind: row.kind, ownRules: rules,
            now: WallTime(microseconds: 0))
    }

    @Test("knows what Kimi Code says (X-005)", arguments: kimi)
    func knowsKimi(row: Row) {
        #expect(Self.classify(row)?.errorClass == row.errorClass)
        #expect(Self.classify(row)?.blame == row.blame)
    }

    @Test("knows what the others say (X-005)", arguments: others)
    func knowsOthers(row: Row) {
        #expect(Self.classify(row)?.errorClass == row.errorClass)
        #expect(Self.classify(row)?.blame == row.blame)
    }

    @Test("goes by the status where the body says nothing", arguments: statuses)
    func goesByStatus(status: Int, errorClass: ErrorClass) {
        for body in [
            "", "<html>429 rate limit invalid_api_key</html>", "{}", #"{"error":null}"#, "{\"error\":{\"type\":\"rate_",
        ] {
            let answer = Self.classify(Row(.compatible, status, body, errorClass, .key))
            #expect(answer?.errorClass == errorClass)
            #expect(answer?.decidedBy == "status")
        }
    }

    @Test(arguments: [100, 200, 204, 302, 399])
    func takesNoErrorForNone(status: Int) {
        #expect(Self.classify(Row(.openAI, status, Self.error("insufficient_quota"), .providerBilling, .key)) == nil)
    }

    @Test func asksOwnRulesFirst() {
        let row = Row(
            .kimi, 429, Self.error("engine_overloaded_error", "The Engine", code: "E1"), .providerOverloaded, .provider)
        func outcome(_ rule: ClassificationRule) -> ErrorClass? { Self.classify(row, rules: [rule])?.errorClass }
        #expect(outcome(.init(status: 429, outcome: .billing)) == .providerBilling)
        #expect(
            outcome(.init(type: "ENGINE_overloaded_error", code: "e1", message: "the ENGINE", outcome: .timeout))
                == .providerTimeout)
        #expect(outcome(.init(status: 430, outcome: .billing)) == .providerOverloaded)
        #expect(outcome(.init(code: "E2", outcome: .billing)) == .providerOverloaded)
        #expect(outcome(.init(message: "motor", outcome: .billing)) == .providerOverloaded)
    }

    static let waits: [(String, HeaderFields, Duration?)] = [
        (
            #"{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"38.9s"}]}}"#, ["Retry-After": "5"],
            .milliseconds(38_900)
        ),
        (#"{"error":{"type":"usage_limit_reached","resets_in_seconds":90}}"#, [:], .seconds(90)),
        (#"{"error":{"type":"usage_limit_reached","resets_at":1060}}"#, [:], .seconds(60)),
        (#"{"error":{"type":"usage_limit_reached","resets_at":10}}"#, [:], .zero),
        (#"{"error":{"type":"usage_limit_reached","resets_in_seconds":9000000}}"#, [:], .seconds(86_400)),
        (
            #"{"error":{"message":"Please retry in 38.9s."}}"#, ["Retry-After": "5", "retry-after-ms": "1500"],
            .milliseconds(1_500)
        ),
        (#"{"error":{"message":"Please retry in 38.9s."}}"#, ["Retry-After": "5"], .seconds(5)),
        (#"{"error":{"message":"Please retry in 38.9s."}}"#, [:], .milliseconds(38_900)),
        (#"{"error":{"message":"Try again in 20ms"}}"#, ["Retry-After": "soon"], .milliseconds(20)),
        (#"{"error":{"message":"Please try again in 6m0s"}}"#, [:], nil),
        ("", [:], nil),
    ]

    @Test("takes the wait from the body, then the headers, then the text (X-069)", arguments: waits)
    func takesWait(body: String, headers: HeaderFields, wait: Duration?) {
        let answer = AnswerClassifier.classify(
            status: 429, headers: headers, body: Array(body.utf8), kind: .gemini,
            now: WallTime(microseconds: 1_000_000_000))
        #expect(answer != nil)
        #expect(answer?.recovery == wait.map { .after($0) } ?? .unknown)
    }

    @Test(
        "classifies errors inside a stream",
        arguments: [
            (
                #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                ErrorClass.providerOverloaded
            ),
            (#"{"error":{"code":429,"message":"","status":"RESOURCE_EXHAUSTED"}}"#, .providerRateLimited),
            (#"{"error":{"code":402,"message":"no credits"}}"#, .providerBilling),
            (
                #"{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":""}}}"#,
                .providerRateLimited
            ),
            (#"{"error":{"message":"boom"}}"#, .providerServerError),
            (#"{"error":{"type":"invalid_request_error","message":"x"}}"#, .providerRejected),
        ])
    func classifiesEvents(body: String, errorClass: ErrorClass) throws {
        let details = try #require(ProviderErrorDetails(body: Array(body.utf8)))
        let answer = AnswerClassifier.classifyEvent(
            details, headers: [:], kind: .openRouter, now: WallTime(microseconds: 0))
        #expect(answer.errorClass == errorClass)
    }

    @Test func readsBodiesUpToABound() {
        let body = Self.error("insufficient_quota", String(repeating: "x", count: 70_000))
        let answer = Self.classify(Row(.openAI, 429, body, .providerRateLimited, .keyAndModel))
        #expect(answer?.errorClass == .providerRateLimited)
        let deep = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        #expect(ProviderErrorDetails(body: Array(deep.utf8)) == nil)
    }
}
