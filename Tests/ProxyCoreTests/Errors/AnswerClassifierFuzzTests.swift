import Testing

@testable import ProxyCore

/// Bodies that nobody expects: nothing may trap, and no key may suffer for what names no error.
struct AnswerClassifierFuzzTests {
    private static let statuses = [400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529, 599]

    private static func check(_ body: [UInt8], using random: inout SeededGenerator) -> AnswerClassification? {
        var last: AnswerClassification?
        let headers = HeaderFields(
            (0..<3).map { _ in
                (Self.headerNames.randomElement(using: &random) ?? "", Self.values.randomElement(using: &random) ?? "")
            })
        for kind in ProviderKind.allCases {
            let status = Self.statuses.randomElement(using: &random) ?? 400
            last = AnswerClassifier.classify(
                status: status, headers: headers, body: body, kind: kind, now: ErrorFixture.now)
            #expect(last != nil)
            if case .after(let wait) = last?.recovery { #expect(wait >= .zero && wait <= .seconds(86_400)) }
            if case .at(let time) = last?.recovery {
                #expect(time - ErrorFixture.now <= .seconds(35 * 86_400))
                #expect(time - ErrorFixture.now >= .seconds(-300))
            }
            if let details = ProviderErrorDetails(body: body) {
                _ = AnswerClassifier.classifyEvent(details, headers: headers, kind: kind, now: ErrorFixture.now)
            }
        }
        return last
    }

    private static let headerNames = [
        "retry-after", "retry-after-ms", "x-ratelimit-reset", "x-ratelimit-remaining", "x-ratelimit-reset-tokens",
        "x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-unified-5h-reset", "anthropic-ratelimit-unified-status",
        "anthropic-ratelimit-unified-7d-status", "anthropic-ratelimit-unified-reset",
    ]

    private static let values = [
        "", "0", "-1", "1e400", "nan", "inf", "9223372036854775807", "99999999999999999999", "1795179600",
        "1795179600000", "6m0s", "1h1h1h", "rejected", "allowed", "2026-11-20T12:00:07Z", "é", "0x10", "0.0000001",
        "9999-12-31T23:59:59Z", "999999999999999",
    ]

    @Test("survives random bytes", .timeLimit(.minutes(5)))
    func survivesBytes() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<1_000 {
            let count = Int.random(in: 0...120, using: &random)
            _ = Self.check((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, using: &random)
        }
    }

    @Test("survives errors that were damaged", .timeLimit(.minutes(5)))
    func survivesDamage() {
        var random = SeededGenerator(seed: 12)
        for fixture in ErrorFixture.all {
            for _ in 0..<6 {
                var body = Array(fixture.body.utf8)
                for _ in 0..<Int.random(in: 1...4, using: &random) where !body.isEmpty {
                    let index = Int.random(in: 0..<body.count, using: &random)
                    switch Int.random(in: 0...2, using: &random) {
                    case 0: body[index] = UInt8.random(in: 0...255, using: &random)
                    case 1: body.remove(at: index)
                    default: body.insert(body[index], at: index)
                    }
                }
                _ = Self.check(body, using: &random)
            }
        }
    }

    /// A random JSON value, whose members have the names of errors and whose values do not.
    private static func value(depth: Int, using random: inout SeededGenerator) -> String {
        switch Int.random(in: 0...(depth > 4 ? 4 : 6), using: &random) {
        case 0: return "null"
        case 1: return Bool.random(using: &random) ? "true" : "false"
        case 2: return Self.numbers.randomElement(using: &random) ?? "0"
        case 3, 4: return "\"\(Self.words.randomElement(using: &random) ?? "")\""
        case 5:
            let elements = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Self.value(depth: depth + 1, using: &random)
            }
            return "[\(elements.joined(separator: ","))]"
        default:
            let members = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                "\"\(Self.members.randomElement(using: &random) ?? "x")\":\(Self.value(depth: depth + 1, using: &random))"
            }
            return "{\(members.joined(separator: ","))}"
        }
    }

    private static let numbers = ["0", "-1", "1e999", "429", "401", "1795348800", "99999999999999999999999", "0.1"]
    private static let members = [
        "error", "type", "code", "message", "status", "details", "retryDelay", "violations", "quotaId", "resets_at",
        "resets_in_seconds", "metadata", "headers", "X-RateLimit-Reset", "innererror", "response", "detail", "reasons",
    ]
    private static let words = [
        "", "explanation", "plan", "36s", "usage limit", "quota", "billing details", "PerDay", "authentication",
        "Your plan's rate limit is explained in the billing details", "key", "balance", "invalid", "expired", "\\u00e9",
    ]

    @Test("never blames a key for a 400 that names no error of a key (X-005)", .timeLimit(.minutes(5)))
    func sparesKeys() {
        var random = SeededGenerator(seed: 13)
        for _ in 0..<1_500 {
            let body = Array(Self.value(depth: 0, using: &random).utf8)
            _ = Self.check(body, using: &random)
            for kind in ProviderKind.allCases where kind != .openRouter {
                let answer = AnswerClassifier.classify(
                    status: 400, headers: [:], body: body, kind: kind, now: ErrorFixture.now)
                #expect(
                    answer?.blame == .request,
                    "\(kind) \(answer?.decidedBy ?? "") \(String(decoding: body, as: UTF8.self))")
            }
        }
    }
}
