import Testing

@testable import Daemon

/// Documents by the rules of TOML 1.0 (K-018).
struct TOMLDocumentTests {
    private func parse(_ text: String) throws -> [String: ConfigurationNode] {
        try ConfigurationDocument(source: "a.toml", bytes: Array(text.utf8)).root
    }

    static let valid: [(String, [String: ConfigurationNode])] = [
        ("", [:]),
        ("# only a comment", [:]),
        ("\u{FEFF}a = 1", ["a": .integer(1)]),
        ("a = 1\r\nb = 2\r\n", ["a": .integer(1), "b": .integer(2)]),
        (
            "a = 0xDEAD_BEEF\nb = 0o17\nc = 0b101\nd = +1_000",
            [
                "a": .integer(0xDEAD_BEEF), "b": .integer(15), "c": .integer(5), "d": .integer(1000),
            ]
        ),
        ("a = 9223372036854775807\nb = -9223372036854775808", ["a": .integer(.max), "b": .integer(.min)]),
        ("a = 1e3\nb = 1.5\nc = -0.0", ["a": .number(1000), "b": .number(1.5), "c": .number(-0.0)]),
        ("a = inf\nb = -inf", ["a": .number(.infinity), "b": .number(-.infinity)]),
        ("a = true\nb = false", ["a": .boolean(true), "b": .boolean(false)]),
        (#"a = "x\t\"\\\u00e9\U0001F600""#, ["a": .text("x\t\"\\é😀")]),
        (#"a = 'C:\x'"#, ["a": .text(#"C:\x"#)]),
        ("a = \"\"\"\nx\n  y \\\n   z\"\"\"", ["a": .text("x\n  y z")]),
        ("a = '''\n'x''y'''", ["a": .text("'x''y")]),
        ("a = \"\"\"\"\"x\"\"\"\"\"", ["a": .text("\"\"x\"\"")]),
        ("a.b.c = 1\na.\"d.e\" = 2", ["a": .table(["b": .table(["c": .integer(1)]), "d.e": .integer(2)])]),
        ("3.14 = 1", ["3": .table(["14": .integer(1)])]),
        ("\"\" = 1\n'k' = 2", ["": .integer(1), "k": .integer(2)]),
        (
            "a = [ 1, \"x\", [ ], # c\n { b = 1 },\n]",
            [
                "a": .list([.integer(1), .text("x"), .list([]), .table(["b": .integer(1)])])
            ]
        ),
        (
            "[a]\n[a.b]\nc = 1\n[ d . 'e' ]",
            [
                "a": .table(["b": .table(["c": .integer(1)])]), "d": .table(["e": .table([:])]),
            ]
        ),
        (
            "[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 2",
            [
                "a": .list([.table(["b": .integer(1)]), .table(["c": .table(["d": .integer(2)])])])
            ]
        ),
        ("[a.b]\n[a]\nc = 1", ["a": .table(["b": .table([:]), "c": .integer(1)])]),
    ]

    @Test("takes valid documents (K-018)", arguments: Self.valid)
    func takesValid(_ text: String, _ expected: [String: ConfigurationNode]) throws {
        #expect(try self.parse(text) == expected)
    }

    @Test(
        "takes dates and times (K-018)",
        arguments: [
            "1979-05-27T07:32:00Z", "1979-05-27 00:32:00.5-07:00", "1979-05-27T07:32:00", "1979-05-27", "07:32:00",
        ])
    func takesTimes(_ text: String) throws {
        guard case .time = try #require(try self.parse("a = \(text)")["a"]) else {
            Issue.record("\(text) is no time")
            return
        }
    }

    @Test(
        "refuses invalid documents with their line (K-018)",
        arguments: [
            "\na = ", "\na", "\n= 1", "\na = 1 b = 2", "\na = 1\na = 2", "\na b = 1", "\na = 01", "\na = 1__0",
            "\na = _1",
            "\na = 1.", "\na = .5", "\na = 0x", "\na = 0X1", "\na = 9223372036854775808", "\na = True", "\na = \"x",
            "\na = \"x\ny\"", "\na = \"\\q\"", "\na = \"\\uD800\"", "\na = 'x", "\na = [1", "\na = [1 2]",
            "\na = { b = 1, }", "\na = { b = 1\n}", "\na = {}\na.b = 1", "\n[a]\n[a]", "\n[a", "\n[]", "\n[[a]",
            "\n[a]b = 1",
            "\na = 1\n[a]", "\na = []\n[[a]]", "\n[[a]]\n[a]", "\n[a]\n[[a]]", "\na.b = 1\n[a]", "\na = 2020-13-01",
            "\na = 2020-02-30", "\na = 25:00:00", "\na = \"\u{7F}\"", "\na = 1 # \u{1}", "\nbaré = 1",
        ])
    func refusesInvalid(_ text: String) throws {
        let error = #expect(throws: ConfigurationSyntaxError.self) { try self.parse(text) }
        let line = try #require(error?.problem.origin.line)
        #expect((2...3).contains(line))
        #expect(error?.problem.message.contains("\n") == false)
    }

    @Test("refuses bytes that are not UTF-8, and NUL, by their line (K-018)")
    func refusesBadBytes() {
        let invalid = #expect(throws: ConfigurationSyntaxError.self) {
            try ConfigurationDocument(source: "a.toml", bytes: Array("a = 1\nb = \"".utf8) + [0xFF] + Array("\"".utf8))
        }
        #expect(invalid?.problem.description == "a.toml:2: is not valid UTF-8")
        for text in ["\na = \"x\\u0000y\"", "\na = \"x\\U00000000y\"", "\n# \u{0}"] {
            let error = #expect(throws: ConfigurationSyntaxError.self) { try self.parse(text) }
            #expect(error?.problem.origin.line == 2)
        }
    }

    @Test(.timeLimit(.minutes(5))) func boundsNesting() {
        let deep = "a = " + String(repeating: "[", count: 10_000)
        #expect(throws: ConfigurationSyntaxError.self) { try self.parse(deep) }
        // The index is never given such a document, and survives it.
        _ = TOMLPositionIndex(deep)
        _ = TOMLPositionIndex("a = " + String(repeating: "{a=", count: 10_000))
    }
}
