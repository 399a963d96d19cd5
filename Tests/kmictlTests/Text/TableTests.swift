import Testing

@testable import kmictl

struct TableTests {
    private static func style(_ width: Int?) -> TextStyle { TextStyle(width: width, isColoured: false, now: 0) }

    private static func table(_ rows: [[String]]) -> Table {
        var table = Table(columns: [
            Table.Column(title: "NAME", minimum: 8), Table.Column(title: "STATE"),
            Table.Column(title: "COUNT", isNumeric: true), Table.Column(title: "NOTE", minimum: 6, rank: 1),
            Table.Column(title: "MORE", rank: 2),
        ])
        for row in rows { table.append(row.map { Table.Cell($0) }) }
        return table
    }

    @Test func alignsColumnsAndNumbers() {
        let table = Self.table([["alpha", "usable", "7", "", ""], ["b", "cooling", "1234", "note", "x"]])
        #expect(
            table.text(Self.style(nil)) == """
                NAME   STATE    COUNT  NOTE  MORE
                alpha  usable       7
                b      cooling   1234  note  x
                """)
    }

    @Test("counts cells, not characters")
    func alignsWideCharacters() {
        let table = Self.table([["鍵鍵", "usable", "1"], ["é\u{301}", "usable", "2"], ["🔑", "usable", "3"]])
        let starts = table.text(Self.style(nil)).split(separator: "\n").dropFirst().map { line in
            line.firstRange(of: "usable").map { DisplayWidth.of(String(line[..<$0.lowerBound])) }
        }
        #expect(starts == [6, 6, 6])
    }

    @Test("fits every width", arguments: [20, 24, 30, 40, 60, 80, 120])
    func fits(width: Int) {
        let long = String(repeating: "长", count: 40)
        let lines = Self.table([[long, "usable", "123456", long, long]]).text(Self.style(width)).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { DisplayWidth.of(String($0)) <= width })
    }

    @Test func cutsBeforeItLeavesOut() {
        let table = Self.table([["abcdefghijklmnop", "usable", "1", "note", "x"]])
        let whole = table.text(Self.style(36))
        #expect(whole.hasPrefix("NAME       STATE") && whole.contains("abcdefgh…") && whole.contains("MORE"))
        let narrow = table.text(Self.style(34))
        #expect(!narrow.contains("MORE") && narrow.contains("NOTE"))
    }

    @Test("leaves columns out of a pipe, but never cuts a value")
    func cutsNothingInAPipe() {
        let label = String(repeating: "x", count: 64)
        let text = Self.table([[label, "usable", "1", "note", "more"]]).text(Self.style(nil))
        #expect(text.contains(label))
        #expect(!text.contains("more"))
        #expect(!text.contains("…"))
    }

    @Test func isNothingWithoutRows() {
        #expect(Self.table([]).text(Self.style(80)).isEmpty)
    }

    @Test(
        "cuts at whole characters",
        arguments: [
            ("alpha", 5, "alpha"), ("alphabet", 5, "alph…"), ("鍵鍵鍵", 4, "鍵…"), ("鍵鍵鍵", 5, "鍵鍵…"), ("x", 0, ""),
            ("xy", 1, "…"),
        ])
    func truncates(text: String, width: Int, expected: String) {
        #expect(DisplayWidth.truncated(text, to: width) == expected)
    }

    @Test(
        "asks COLUMNS, then the terminal",
        arguments: [
            ("100", 80, 100), (nil, 72, 72), ("wide", 72, 72), ("0", 72, 72), (nil, nil, nil), ("90", nil, 90),
            ("3", 80, 20),
        ] as [(String?, Int?, Int?)])
    func findsWidth(columns: String?, terminal: Int?, width: Int?) {
        #expect(Terminal.width(columns: columns, terminal: terminal) == width)
    }
}
