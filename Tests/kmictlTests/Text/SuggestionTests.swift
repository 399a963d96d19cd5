import Testing

@testable import kmictl

struct SuggestionTests {
    @Test(
        "finds what may be meant",
        arguments: [
            ("stauts", "status"), ("reqests", "requests"), ("KEYS", "keys"), ("rotat", "rotate"), ("banana", nil),
            ("k", nil),
        ] as [(String, String?)])
    func finds(word: String, expected: String?) {
        #expect(Suggestion.nearest(to: word, among: ["status", "keys", "requests", "request", "rotate"]) == expected)
    }

    @Test func isSilentAboutTheWordItself() {
        #expect(Suggestion.phrase(for: "keys", among: ["keys"]).isEmpty)
    }
}
