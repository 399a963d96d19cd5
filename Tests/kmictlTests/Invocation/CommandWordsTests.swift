import Testing

@testable import kmictl

struct CommandWordsTests {
    @Test(
        "puts --json and the shared options where the parser finds them",
        arguments: [
            (["status", "--json"], ["status", "--json=auto"], JSONChoice.automatic),
            (["--json", "status"], ["status", "--json=auto"], .automatic),
            (["-j", "keys", "list"], ["keys", "list", "--json=auto"], .automatic),
            (["keys", "--json=pretty", "list"], ["keys", "list", "--json=pretty"], .pretty),
            (["--json=short"], ["--json=short"], .short),
            (["-qj", "keys"], ["keys", "-q", "--json=auto"], .automatic),
            (
                ["--timeout", "5s", "--system", "rotate", "alpha"], ["rotate", "alpha", "--timeout", "5s", "--system"],
                nil
            ),
            (["--address=unix:path=/x", "mode"], ["mode", "--address=unix:path=/x"], nil),
            (["rotate", "--", "--json"], ["rotate", "--", "--json"], nil),
            ([], [], nil),
        ] as [([String], [String], JSONChoice?)])
    func ordersWords(given: [String], expected: [String], json: JSONChoice?) {
        let words = CommandWords(given)
        #expect(words.list == expected)
        #expect(words.json == json)
    }
}
