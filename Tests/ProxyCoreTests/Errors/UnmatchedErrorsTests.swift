import ProxyCore
import Testing

struct UnmatchedErrorsTests {
    private let provider: ProviderName

    init() throws {
        self.provider = try #require(ProviderName("kimi"))
    }

    @Test func countsByKind() throws {
        var errors = UnmatchedErrors()
        let first = UnmatchedError(status: 403, type: "brand_new_error", code: nil)
        let other = try #require(ProviderName("other"))
        let isNew = [
            errors.note(first, of: self.provider), errors.note(first, of: self.provider), errors.note(first, of: other),
            errors.note(UnmatchedError(status: nil, type: "brand_new_error", code: nil), of: self.provider),
        ]
        #expect(isNew == [true, false, true, true])
        #expect(errors.counts[.init(provider: self.provider, error: first)] == 2)
        #expect(errors.counts.count == 3 && errors.others == 0)
    }

    @Test func tellsAtMostSixtyFourKindsApart() {
        var errors = UnmatchedErrors()
        var fresh = 0
        for round in 0..<2 {
            for number in 0..<200
            where errors.note(.init(status: 418, type: "t\(number)", code: nil), of: self.provider) {
                fresh += 1
                #expect(round == 0)
            }
        }
        #expect(fresh == 65)
        #expect(errors.counts.count == UnmatchedErrors.maximumKinds)
        #expect(errors.counts.values.allSatisfy { $0 == 2 })
        #expect(errors.others == 272)
    }

    @Test("keeps visible ASCII of at most 64 bytes (A-005)")
    func sanitizes() {
        let error = UnmatchedError(status: 500, type: "a b\n\u{1B}[31mé", code: String(repeating: "c", count: 1_000))
        #expect(error.statusLabel == "500" && UnmatchedError(status: nil, type: nil, code: nil).statusLabel == "stream")
        #expect(error.type == "a_b__[31m__")
        #expect(error.code == String(repeating: "c", count: 64))
    }

    @Test("is told of an error that no rule matched, without its text")
    func comesFromTheClassifier() throws {
        let body = ErrorFixture.error("new_error", "secret sk-123", code: "c7")
        let answer = try #require(
            AnswerClassifier.classify(
                status: 403, headers: [:], body: Array(body.utf8), kind: .kimi, now: ErrorFixture.now))
        #expect(answer.isByStatusAlone)
        #expect(answer.unmatched == UnmatchedError(status: 403, type: "new_error", code: "c7"))
        let google = ErrorFixture.google(418, "NEW_STATUS")
        let other = AnswerClassifier.classify(
            status: 418, headers: [:], body: Array(google.utf8), kind: .gemini, now: ErrorFixture.now)
        #expect(other?.unmatched == UnmatchedError(status: 418, type: "NEW_STATUS", code: "418"))
    }
}
