import Testing

@testable import ProxyCore

struct RecoveryHintTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var body: String
        var headers: HeaderFields
        var recovery: AnswerClassification.Recovery

        init(_ body: String, _ headers: HeaderFields = [:], _ recovery: AnswerClassification.Recovery) {
            self.body = body
            self.headers = headers
            self.recovery = recovery
        }

        var testDescription: String { "\(self.body.prefix(90)) \(self.headers.map { "\($0.name): \($0.value)" })" }
    }

    private static let text = #"{"error":{"message":"Please retry in 38.9s."}}"#
    private static let requests: HeaderFields = [
        "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s",
    ]

    private static func with(_ headers: HeaderFields, _ more: HeaderFields) -> HeaderFields {
        HeaderFields(fields: Array(headers) + Array(more))
    }

    /// Each source with all weaker ones beside it, so that the order shows (provider facts, section 12.2).
    static let limits: [Case] = [
        Case(
            #"{"error":{"message":"retry in 9s","details":[{"retryDelay":"38.9s"}]}}"#, ["Retry-After": "5"],
            .after(.milliseconds(38_900))),
        Case(#"{"error":{"message":"","resets_at":1795176060}}"#, ["Retry-After": "5"], .after(.seconds(60))),
        Case(
            text, with(requests, ["Retry-After": "5", "retry-after-ms": "1500"]), .after(.milliseconds(1_500))),
        Case(text, with(requests, ["x-ms-retry-after-ms": "250", "Retry-After": "5"]), .after(.milliseconds(250))),
        Case(text, with(requests, ["Retry-After": "5"]), .after(.seconds(5))),
        Case(text, ["Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT"], .after(.seconds(30))),
        Case(text, ["Retry-After": "Fri, 20 Nov 2026 11:00:30 GMT"], .after(.zero)),
        Case(text, requests, .after(.seconds(360))),
        Case(text, [:], .after(.milliseconds(38_900))),
        Case("", [:], .unknown),
        // Only what is used up counts, and of that the longest.
        Case(
            "", with(requests, ["x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h1s"]),
            .after(.seconds(3_601))),
        Case("", ["x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "6m0s"], .unknown),
        Case("", ["x-ratelimit-reset-requests": "6m0s"], .unknown),
        Case(
            "",
            [
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2026-11-20T12:00:07.5Z",
            ], .after(.milliseconds(7_500))),
        Case(
            "",
            ["anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-11-20T11:59:59Z"],
            .after(.zero)),
        Case(
            "",
            ["anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-11-22T12:00:00Z"],
            .unknown),
        // The unit of the plain one is not known: seconds, or a time since 1970 in either unit.
        Case("", ["X-RateLimit-Reset": "30"], .after(.seconds(30))),
        Case("", ["X-RateLimit-Reset": "1795176030"], .after(.seconds(30))),
        Case("", ["X-RateLimit-Reset": "1795176030000"], .after(.seconds(30))),
        Case("", ["X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "30"], .unknown),
        Case("", ["X-RateLimit-Reset": "4102444800000"], .unknown),
        Case("", ["X-RateLimit-Reset": "500000000"], .unknown),
        // 24 hours at most, and what cannot be read counts as absent.
        Case("", ["Retry-After": "999999"], .after(.seconds(86_400))),
        Case(#"{"error":{"message":"Try again in 20ms"}}"#, ["Retry-After": "soon"], .after(.milliseconds(20))),
        Case(#"{"error":{"message":"","details":[{"retryDelay":"-3s"}]}}"#, [:], .unknown),
        Case(#"{"error":{"message":"","details":[{"retryDelay":"soon"}]}}"#, ["Retry-After": "4"], .after(.seconds(4))),
    ]

    @Test("takes the wait from the most precise source (X-069)", arguments: limits)
    func ordersSources(_ testCase: Case) {
        let answer = AnswerClassifier.classify(
            status: 429, headers: testCase.headers, body: Array(testCase.body.utf8), kind: .openAI,
            now: ErrorFixture.now)
        #expect(answer?.errorClass == .providerRateLimited)
        #expect(answer?.recovery == testCase.recovery)
    }

    @Test(
        "believes no hint where nobody can know (K-007)",
        arguments: [
            (401, ErrorFixture.error("authentication_error", "Try again in 20 hours")),
            (402, ErrorFixture.error("billing_error")), (403, ErrorFixture.error("permission_error")),
            (400, ErrorFixture.error("invalid_request_error")),
        ])
    func ignoresHints(status: Int, body: String) {
        let answer = AnswerClassifier.classify(
            status: status, headers: ["Retry-After": "86400"], body: Array(body.utf8), kind: .anthropic,
            now: ErrorFixture.now)
        #expect(answer?.recovery == .unknown)
    }

    private static func used(_ members: String, message: String = "") -> String {
        ErrorFixture.error("usage_limit_reached", message, more: "," + members)
    }

    static let windows: [Case] = [
        Case(used(#""resets_at":1795348800"#), ["Retry-After": "5"], .at(ErrorFixture.time(172_800))),
        Case(used(#""resets_at":"2026-11-22T12:00:00Z""#), [:], .at(ErrorFixture.time(172_800))),
        Case(used(#""resets_at":1795348800,"resets_in_seconds":5"#), [:], .at(ErrorFixture.time(172_800))),
        // Clocks may differ a little.
        Case(used(#""resets_at":1795175990"#), [:], .at(ErrorFixture.time(-10))),
        // Implausible: long past, or further ahead than any window.
        Case(used(#""resets_at":1000"#), ["Retry-After": "5"], .after(.seconds(5))),
        Case(used(#""resets_at":1795170000,"resets_in_seconds":60"#), [:], .after(.seconds(60))),
        Case(used(#""resets_at":1798286400"#), [:], .unknown),
        Case(used(#""resets_in_seconds":9000000"#), [:], .unknown),
        Case(used(#""resets_in_seconds":-5"#), [:], .unknown),
        // Longer than a day: a time of day, not an interval.
        Case(used(#""resets_in_seconds":259200"#), [:], .at(ErrorFixture.time(259_200))),
        Case(used(#""x":1"#), ["Retry-After": "259200"], .at(ErrorFixture.time(259_200))),
        Case(used(#""x":1"#), ["Retry-After": "99999999999"], .unknown),
        Case(used(#""x":1"#, message: "Try again in 3 days 2 hours."), [:], .at(ErrorFixture.time(266_400))),
    ]

    @Test("takes a plan window until it starts anew", arguments: windows)
    func readsPlanWindows(_ testCase: Case) {
        let answer = AnswerClassifier.classify(
            status: 429, headers: testCase.headers, body: Array(testCase.body.utf8), kind: .openAI,
            now: ErrorFixture.now)
        #expect(answer?.errorClass == .providerQuotaExhausted)
        #expect(answer?.recovery == testCase.recovery)
    }

    static let unified: [([String: String], String?, Int64?)] = [
        (["5h-status": "rejected", "5h-reset": "1795179600", "7d-status": "allowed"], "5h", 3_600),
        (["5h-status": "allowed_warning", "7d-status": "rejected", "7d-reset": "2026-11-22T12:00:00Z"], "7d", 172_800),
        (
            ["5h-status": "rejected", "5h-reset": "1795179600", "7d-status": "rejected", "7d-reset": "1795348800"],
            "7d", 172_800
        ),
        (["5h-status": "rejected", "reset": "1795179600"], "5h", 3_600),
        (["status": "rejected", "representative-claim": "seven_day", "reset": "1795348800"], "7d", 172_800),
        (["status": "rejected", "reset": "1795179600", "5h-reset": "1795179600", "7d-reset": "9"], "5h", 3_600),
        (["status": "rejected", "reset": "1795179601"], nil, 3_601),
        (["status": "rejected"], nil, nil),
        (["reset": "1795179600"], nil, 3_600),
        (["5h-reset": "1795179600", "7d-reset": "1795348800"], "5h", 3_600),
        (["5h-status": "rejected", "5h-reset": "soon"], "5h", nil),
    ]

    @Test("finds the window that Anthropic says is used up", arguments: unified)
    func readsUnifiedWindows(fields: [String: String], window: String?, reset: Int64?) {
        let headers = HeaderFields(fields.map { ("anthropic-ratelimit-unified-" + $0.key, $0.value) })
        let answer = AnswerClassifier.classify(
            status: 429, headers: headers, body: Array(ErrorFixture.anthropic("rate_limit_error", "").utf8),
            kind: .anthropic, now: ErrorFixture.now)
        #expect(answer?.errorClass == .providerQuotaExhausted)
        #expect(answer?.window == window)
        #expect(answer?.recovery == reset.map { .at(ErrorFixture.time($0)) } ?? .unknown)
    }

    @Test(
        "reads durations as providers write them",
        arguments: [
            ("6m0s", Duration.seconds(360)), ("1s", .seconds(1)), ("20ms", .milliseconds(20)),
            ("1h2m3s", .seconds(3_723)),
            ("7.66s", .milliseconds(7_660)), ("0s", .zero), ("12", .seconds(12)), ("1d", .seconds(86_400)),
            ("1 minute 30 seconds", .seconds(90)), ("0.5us", .milliseconds(1)),
        ])
    func readsDurations(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(arguments: ["", "s", "-1", "-1s", "1x", "1s!", "nan", "inf", "1e99", "..s", "1..2s", "six minutes", "1 s x"])
    func refusesWhatIsNoDuration(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "finds the wait in a text",
        arguments: [
            ("Please retry in 38.9s.", Duration.milliseconds(38_900)), ("try again in 1m30s", .seconds(90)),
            ("Please try again after 1 seconds", .seconds(1)), ("Please retry after 20 minutes.", .seconds(1_200)),
            ("Try again in 6m0s. Visit x", .seconds(360)), ("retry in 5 second(s)", .seconds(5)),
            ("try again in a moment", nil), ("retry in 12", nil), ("retry in 12 apples", nil), ("retry in ", nil),
            ("retried in 5s", nil), ("try again in soon, retry after 3s", .seconds(3)),
        ])
    func readsTexts(text: String, wait: Duration?) {
        #expect(DurationText.wait(in: MessageText(text)) == wait)
    }
}
