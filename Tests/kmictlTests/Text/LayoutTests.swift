import DBusControl
import Testing

@testable import kmictl

/// How tables and lists of fields use the room of a line.
struct LayoutTests {
    private static func style(_ width: Int?) -> TextStyle { TextStyle(width: width, isColoured: false, now: 0) }

    @Test func takesBackAColumnThatHasRoomWhereAWiderOneHasNone() {
        var table = Table(columns: [
            Table.Column(title: "KEY"), Table.Column(title: "LONG", rank: 1), Table.Column(title: "N", rank: 2),
        ])
        table.append(["alpha", Table.Cell(String(repeating: "x", count: 30)), "7"])
        #expect(table.text(Self.style(20)) == "KEY    N\nalpha  7")
        #expect(table.text(Self.style(38)).hasSuffix("x"))
        #expect(table.text(Self.style(40)).hasSuffix("x  7"))
    }

    @Test func wrapsTheLastColumnBelowItself() {
        var table = Table(columns: [
            Table.Column(title: "KEY"), Table.Column(title: "REASON", minimum: 8, wraps: true),
        ])
        table.append(["a", "one two three"])
        table.append(["b", ""])
        #expect(table.text(Self.style(14)) == "KEY  REASON\na    one two\n     three\nb")
        #expect(table.text(Self.style(nil)) == "KEY  REASON\na    one two three\nb")
    }

    @Test(
        "keeps a figure with the word that it counts",
        arguments: [
            ("usable in 12 s", 12, ["usable in", "12 s"]), ("4 usable, 1 cooling", 14, ["4 usable,", "1 cooling"]),
            ("used (12 %)", 9, ["used", "(12 %)"]), ("in 1,234 s", 7, ["in", "1,234 s"]), ("at 5", 3, ["at", "5"]),
            ("a 1 2 b", 5, ["a 1 2", "b"]),
        ])
    func keepsFigures(text: String, width: Int, lines: [String]) {
        #expect(FieldList.wrapped(text, to: width) == lines)
    }

    @Test func standsBelowTheTextBehindANumber() {
        #expect(FieldList.wrapped("10. one two three", to: 11) == ["10. one two", "    three"])
        #expect(FieldList.wrapped("10.5 one two", to: 9) == ["10.5 one", "two"])
    }

    @Test func alignsWhatIsFollowed() {
        var lines = RequestLines()
        let short = Samples.row("req-1", status: 200)
        var long = Samples.row("req-2", status: 0)
        long.key = "a-label-of-forty-characters-0123456789ab"
        let first = lines.text(of: short, Self.style(200))
        let second = lines.text(of: long, Self.style(200))
        let third = lines.text(of: short, Self.style(200))
        #expect(first.hasSuffix("  200  alpha  kimi-for-coding  1.25 s  complete  ci  req-1"))
        #expect(second.contains("    -  a-label-of-forty-charac…  kimi-for-coding  "))
        #expect(third.contains("  200  alpha                     kimi-for-coding  "))
        // Nothing is cut for programs.
        #expect(lines.text(of: long, Self.style(nil)).contains(long.key))
    }
}
