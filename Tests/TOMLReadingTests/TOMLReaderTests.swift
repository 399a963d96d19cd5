import TOMLKit
import Testing

@testable import TOMLReading

/// What is let through to the parser of TOML, and what is kept from it (K-018).
struct TOMLReaderTests {
    private func kind(_ text: String) -> TOMLFault.Kind? {
        let fault = #expect(throws: TOMLFault.self) { try TOMLReader.table(text) }
        return fault?.kind
    }

    /// Each ends a process that gives it to the parser, as texts like them were found to do.
    @Test(
        "keeps what ends the process from the parser, and names its line (K-018)", .timeLimit(.minutes(5)),
        arguments: [
            "[.a]", "[ .a]", "[[.a]]", "[.", "[", "[[", "[ ", "[#]", "[[#", "[{", "[{}]", "[=]", "[,]", "[+a]",
            "[[[a]]]",
            "[[[", "a = [}", "a = [ }", "a = [1, }", "a = [1,\n# two\n}", "a = [[}", "a = {b = [}", "a = [{}, }",
            "a = [1]\n[.b]", "[a]\n[[.b]]", "a = \"[\"\n[.b]", "a = '''\n[.x]\n'''\n[.b]",
            "a = \"\\\"\"\n[.b]",
        ])
    func keepsFromTheParser(_ text: String) throws {
        let fault = try #require(throws: TOMLFault.self) { try TOMLReader.table("first = 1\n\n" + text) }
        #expect(fault.kind == .shapeless)
        let line = try #require(fault.line)
        #expect((3...7).contains(line))
        #expect(self.kind(text) == .shapeless)
        #expect(self.kind("\u{FEFF}" + text) == .shapeless)
    }

    @Test(
        "tells of characters that stand outside of quotes (K-018)",
        arguments: [
            "a = 1\rb = 2", "\u{1}", "a = é", "é = 1", "level = \u{201C}info\u{201D}", "a\u{A0}= 1",
            "a = [\u{7F}]",
        ])
    func tellsOfMisplacedCharacters(_ text: String) {
        let fault = #expect(throws: TOMLFault.self) { try TOMLReader.table("first = 1\n\n" + text) }
        #expect(fault == TOMLFault(line: 3, kind: .misplacedCharacter))
    }

    /// What looks like one of those, and is none.
    static let sound: [(String, [String])] = [
        ("", []),
        ("# [.a]\na = 1 # [}", ["a"]),
        ("a = \"[.b]\"\nb = '[}'", ["a", "b"]),
        ("a = \"\"\"\n[.b]\n[}\"\"\"\nb = 1", ["a", "b"]),
        ("a = '''\n[.b]\n'[}' ''\n'''\nb = 1", ["a", "b"]),
        ("a = \"\"\"\"\"x\"\"\"\"\"\nb = '''''y'''''\n[c]", ["a", "b", "c"]),
        ("a = \"\\\"[\"\n[b]", ["a", "b"]),
        ("a = \"\"\"x \\\n  y\"\"\"\n[b]", ["a", "b"]),
        ("a = '\\'\n[b]", ["a", "b"]),
        ("a = [[1, 2], [[3], []], [{}]]", ["a"]),
        ("a = [\n  [\"x\"], # }\n  { b = [] },\n]\n[c]", ["a", "c"]),
        ("a = [\r\n  1,\r\n]\r\n[b]\r\n", ["a", "b"]),
        ("a = {}\nb = { c = { d = [ { } ] } }", ["a", "b"]),
        ("[a]\n[ a . b ]\n[\t\"c.d\"\t]\n['e']\n[[f]]\n[[ f ]]\n[1]\n[-_]", ["-_", "1", "a", "c.d", "e", "f"]),
        ("\u{FEFF}[a]", ["a"]),
        ("# Schlüssel ☃ 鍵\na = \"é☃\"\n\"é\" = '☃'\n['鍵']", ["a", "é", "鍵"]),
        ("a.b = 1\n\"\".c = 2\n3.14 = 4", ["", "3", "a"]),
        ("[a] # [[\n\n\n\t[b]", ["a", "b"]),
        ("a = 1979-05-27T07:32:00.999-07:00\nb = -inf\nc = +1_0", ["a", "b", "c"]),
    ]

    @Test("lets every sound document through (K-018)", arguments: Self.sound)
    func letsThrough(_ text: String, _ keys: [String]) throws {
        #expect(try TOMLReader.table(text).keys.sorted() == keys)
    }

    @Test("lets a thousand nested lists through, or has them refused by the parser", .timeLimit(.minutes(5)))
    func survivesDepth() {
        let text = "a = " + String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
        guard case .refused = self.kind(text) else {
            Issue.record("not refused by the parser")
            return
        }
    }

    @Test(
        "a string that does not end is the parser's to refuse", arguments: ["a = \"x", "a = \"\"\"x", "a = 'x\n[.b]"])
    func leavesStrings(_ text: String) {
        guard case .refused(let column, let words) = self.kind(text) else {
            Issue.record("not refused by the parser")
            return
        }
        #expect(column > 1)
        #expect(!words.isEmpty)
    }

    @Test(
        "a NUL is refused by its line, in comments too (K-018)",
        arguments: ["a = \"\u{0}\"", "# \u{0}", "a = \"\\u0000\"", "a = \"\\U00000000\""])
    func refusesNUL(_ text: String) {
        let fault = #expect(throws: TOMLFault.self) { try TOMLReader.table("b = 1\n" + text + "\nc = 1") }
        #expect(fault == TOMLFault(line: 2, kind: .nul))
    }
}
