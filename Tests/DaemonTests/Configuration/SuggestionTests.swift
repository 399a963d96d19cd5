import Testing

@testable import Daemon

struct SuggestionTests {
    @Test(
        "counts insertions, deletions, replacements and swaps",
        arguments: [
            ("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("abc", "ab", 1), ("abc", "xbc", 1), ("abc", "acb", 1),
            ("lisen", "listen", 1), ("kitten", "sitting", 3),
        ])
    func distance(_ left: String, _ right: String, _ expected: Int) {
        #expect(Suggestion.distance(left, right) == expected)
        #expect(Suggestion.distance(right, left) == expected)
    }

    @Test func namesOnlyWhatIsNear() {
        let keys = ["listen", "socket", "admin_listen"]
        #expect(Suggestion.nearest(to: "lsiten", among: keys) == "listen")
        #expect(Suggestion.nearest(to: "admin-listen", among: keys) == "admin_listen")
        #expect(Suggestion.nearest(to: "port", among: keys) == nil)
        #expect(Suggestion.nearest(to: "x", among: ["b", "a"]) == "a")
    }
}
