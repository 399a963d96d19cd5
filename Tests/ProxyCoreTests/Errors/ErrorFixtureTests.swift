import Foundation
import Testing

@testable import ProxyCore

/// Every row of the provider facts, as the provider sends it.
struct ErrorFixtureTests {
    private static func classify(_ fixture: ErrorFixture) -> AnswerClassification? {
        AnswerClassifier.classify(
            status: fixture.status, headers: fixture.headers, body: Array(fixture.body.utf8),
            kind: fixture.kind, now: ErrorFixture.now)
    }

    @Test("takes what a provider says for what it means (X-005, X-069, K-007)", arguments: ErrorFixture.all)
    func classifies(_ fixture: ErrorFixture) throws {
        let answer = try #require(Self.classify(fixture))
        #expect(answer.errorClass == fixture.errorClass)
        #expect(answer.blame == fixture.blame)
        #expect(answer.decidedBy == fixture.rule)
        #expect(answer.recovery == fixture.recovery)
        #expect(answer.window == fixture.window)
        #expect(answer.daily == fixture.daily)
        #expect(answer.isAmbiguous == fixture.isAmbiguous)
        #expect((answer.unmatched != nil) == (fixture.rule == "status"))
    }

    @Test(
        "takes the same error inside a stream for the same (X-005)",
        arguments: ErrorFixture.all.filter(\.isSameInStream))
    func classifiesInStream(_ fixture: ErrorFixture) throws {
        let details = try #require(ProviderErrorDetails(body: Array(fixture.body.utf8)))
        let answer = AnswerClassifier.classifyEvent(
            details, headers: fixture.headers, kind: fixture.kind, now: ErrorFixture.now)
        #expect(answer.errorClass == fixture.errorClass)
        #expect(answer.blame == fixture.blame)
        #expect(answer.decidedBy == fixture.rule)
        #expect(answer.recovery == fixture.recovery)
    }

    @Test("has a fixture for every row of the table")
    func coversTheTable() {
        let decided = Set(ErrorFixture.all.map(\.rule))
        let names = BuiltInRule.table.map(\.name)
        #expect(names.filter { !decided.contains($0) } == [])
        #expect(Set(names).count == names.count, "a rule's name is its own")
    }

    @Test("has fixtures for every kind of provider", arguments: ProviderKind.allCases)
    func coversTheKinds(_ kind: ProviderKind) {
        #expect(ErrorFixture.all.contains { $0.kind == kind })
    }

    @Test("keeps the words of one provider away from the others (X-005)", arguments: ProviderKind.allCases)
    func keepsKindsApart(_ kind: ProviderKind) {
        for rule in BuiltInRule.table where !rule.kinds.isEmpty && !rule.kinds.contains(kind) {
            for text in rule.texts {
                let text = text.description.split(separator: "…").joined(separator: " ")
                let body = ErrorFixture.error("invalid_request_error", text)
                let answer = AnswerClassifier.classify(
                    status: 400, headers: [:], body: Array(body.utf8), kind: kind, now: ErrorFixture.now)
                #expect(answer?.errorClass == .providerRejected, "\(rule.name): \(text)")
            }
        }
    }

    @Test("lets no words make a 400 that names nothing a fault of the key (X-005)", arguments: ProviderKind.allCases)
    func sparesKeysInSpiteOfWords(_ kind: ProviderKind) {
        for rule in BuiltInRule.table {
            for text in rule.texts {
                let text = text.description.split(separator: "…").joined(separator: " ")
                let body = ErrorFixture.error("brand_new_error", text)
                let answer = AnswerClassifier.classify(
                    status: 400, headers: [:], body: Array(body.utf8), kind: kind, now: ErrorFixture.now)
                #expect(answer?.blame == .request || answer?.blame == .affinity, "\(rule.name): \(text)")
            }
        }
    }

    @Test("the page for operators holds every name of the table")
    func isDocumented() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let page = try String(contentsOfFile: "/\(root)/docs/errors.md", encoding: .utf8).lowercased()
        for rule in BuiltInRule.table where !rule.name.hasPrefix("openrouter.") {
            for name in rule.names where Int(name) == nil {
                #expect(page.contains("`\(name)`"), "\(rule.name): \(name)")
            }
        }
    }

    @Test("writes the phrases of the table in lower case")
    func writesLowerCase() {
        for rule in BuiltInRule.table {
            for text in rule.names + rule.texts.map(\.description) {
                #expect(ProviderErrorDetails.lowercased(text) == text, "\(rule.name)")
            }
        }
    }
}
