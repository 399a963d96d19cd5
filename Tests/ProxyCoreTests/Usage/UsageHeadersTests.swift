import ProxyCore
import Testing

struct UsageHeadersTests {
    private static func lines(_ headers: HeaderFields, _ kind: ProviderKind) -> [String] {
        UsageHeaders.windows(in: headers, kind: kind, at: UsageFixture.now).map(\.line)
    }

    @Test(arguments: [ProviderKind.openAI, .compatible, .local])
    func readsOpenAI(kind: ProviderKind) {
        let headers: HeaderFields = [
            "x-ratelimit-limit-requests": "60", "x-ratelimit-limit-tokens": "150000",
            "X-RateLimit-Remaining-Requests": "59", "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s",
        ]
        #expect(
            Self.lines(headers, kind) == [
                "requests 1.0/60.0 2026-01-06T12:00:01Z", "tokens 150000.0/150000.0 2026-01-06T12:06:00Z",
            ])
        #expect(
            UsageHeaders.windows(in: headers, kind: kind, at: UsageFixture.now).allSatisfy { $0.source == .headers })
    }

    @Test(
        arguments: [
            ("1s", 1), ("6m0s", 360), ("1h2m3s", 3_723), ("20ms", 0), ("1.5s", 1), ("2d", nil), ("12", 12), ("", nil),
            ("s", nil), ("1x", nil), ("-1s", nil), ("1m-1s", nil), ("999999999999d", nil), ("soon", nil),
        ] as [(String, Int64?)])
    func readsDurations(text: String, seconds: Int64?) {
        let headers: HeaderFields = [
            "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "1",
            "x-ratelimit-reset-requests": text,
        ]
        let window = UsageHeaders.windows(in: headers, kind: .openAI, at: UsageFixture.now).first
        #expect(window?.used == 59)
        #expect(window?.resetsAt.map { Int64(($0 - UsageFixture.now).seconds) } == seconds)
    }

    @Test func readsAnthropic() {
        let headers: HeaderFields = [
            "anthropic-ratelimit-requests-limit": "4000", "anthropic-ratelimit-requests-remaining": "3999",
            "anthropic-ratelimit-requests-reset": "2026-01-06T12:05:00Z",
            "anthropic-ratelimit-input-tokens-limit": "1000", "anthropic-ratelimit-input-tokens-remaining": "250",
            "anthropic-ratelimit-output-tokens-limit": "500",
        ]
        #expect(
            Self.lines(headers, .anthropic) == [
                "requests 1.0/4000.0 2026-01-06T12:05:00Z", "input_tokens 750.0/1000.0 -", "output_tokens -/500.0 -",
            ])
    }

    @Test("reads the windows of a plan apart (X-002)")
    func readsAnthropicUnified() {
        let headers: HeaderFields = [
            "anthropic-ratelimit-unified-status": "rejected", "anthropic-ratelimit-unified-5h-status": "rejected",
            "anthropic-ratelimit-unified-5h-reset": "1767704400",
            "anthropic-ratelimit-unified-7d-status": "allowed_warning",
            "anthropic-ratelimit-unified-7d-utilization": "0.81",
            "anthropic-ratelimit-unified-7d-reset": "1768132800",
        ]
        #expect(
            Self.lines(headers, .anthropic) == [
                "5h 1.0/1.0 2026-01-06T13:00:00Z", "7d 0.81/1.0 2026-01-11T12:00:00Z",
            ])
        #expect(
            Self.lines(
                [
                    "anthropic-ratelimit-unified-5h-status": "allowed",
                    "anthropic-ratelimit-unified-5h-reset": "1767704400",
                ], .anthropic) == ["5h -/- 2026-01-06T13:00:00Z"])
    }

    @Test(
        arguments: [
            ("30", "2026-01-06T12:00:30Z"), ("1767700860", "2026-01-06T12:01:00Z"),
            ("1767700860000", "2026-01-06T12:01:00Z"),
            // Seconds or milliseconds, nobody can tell.
            ("30000", "-"), ("1", "2026-01-06T12:00:01Z"), ("-1", "-"), ("1999999999", "-"),
        ])
    func readsMoonshot(reset: String, time: String) {
        let headers: HeaderFields = [
            "X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "40", "X-RateLimit-Reset": reset,
        ]
        #expect(Self.lines(headers, .moonshot) == ["requests 60.0/100.0 \(time)"])
    }

    @Test func knowsNothingOfWhatIsNotTold() {
        #expect(Self.lines([:], .openAI).isEmpty)
        #expect(Self.lines(["x-ratelimit-remaining-requests": "0"], .openAI).isEmpty)
        #expect(
            Self.lines(["x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-requests": "-1"], .openAI).isEmpty)
        #expect(
            Self.lines(["x-ratelimit-limit-requests": "x", "x-ratelimit-remaining-requests": "0"], .openAI).isEmpty)
        #expect(Self.lines(["x-ratelimit-limit-requests": "10"], .openAI) == ["requests -/10.0 -"])
        #expect(Self.lines(["x-ratelimit-limit-requests": "10"], .kimi).isEmpty)
        #expect(Self.lines(["x-ratelimit-limit-requests": "10"], .anthropic).isEmpty)
    }

    @Test("never traps on odd fields", .timeLimit(.minutes(5)))
    func survivesOddFields() {
        var random = SeededGenerator(seed: 7)
        let values = [
            "", "-", "1e999", "-0", "nan", "9".repeated(40), "6m0s", "6m0", "1.1.1s", "\u{0}", "2026-01-06T12:05:00Z",
            "999999999999h", "1767704400", "0", "1", "rejected", "allowed", "µs", "1µs",
        ]
        let names = ["requests", "tokens", "input-tokens", "output-tokens", "unified-5h", "unified-7d"]
        for _ in 0..<3_000 {
            var headers = HeaderFields()
            for name in names {
                for part in ["limit", "remaining", "reset", "status", "utilization"] {
                    let value = values.randomElement(using: &random) ?? ""
                    headers.add(name: "anthropic-ratelimit-\(name)-\(part)", value: value)
                    headers.add(name: "x-ratelimit-\(part)-\(name)", value: value)
                    headers.add(name: "x-ratelimit-\(part)", value: value)
                }
            }
            for kind in ProviderKind.allCases {
                let isSound = UsageHeaders.windows(in: headers, kind: kind, at: UsageFixture.now).allSatisfy(\.isSound)
                #expect(isSound, "\(headers)")
            }
        }
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
