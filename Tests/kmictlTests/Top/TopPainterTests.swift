import Testing

@testable import kmictl

struct TopPainterTests {
    @Test func writesOnlyTheLinesThatChanged() {
        var painter = TopPainter()
        let first = String(decoding: painter.paint(["one", "two", "three"]), as: UTF8.self)
        #expect(first.hasPrefix("\u{1B}[0m\u{1B}[2J\u{1B}[1;1H"))
        #expect(painter.paint(["one", "two", "three"]).isEmpty)
        #expect(
            String(decoding: painter.paint(["one", "2", "three"]), as: UTF8.self) == "\u{1B}[2;1H\u{1B}[K2")
        painter.forget()
        #expect(String(decoding: painter.paint(["one", "2", "three"]), as: UTF8.self).contains("three"))
    }

    @Test("writes a screen of the largest size in bounded bytes")
    func isBounded() {
        let model = TopSamples.full(TopSize(columns: .max, rows: .max))
        var painter = TopPainter()
        let screen = TopScreen(model: model, style: TopSamples.style(isColoured: true))
        // Each cell takes four bytes at most, and few lines have colours.
        #expect(painter.paint(screen.lines).count < 500 * 200 * 4)
    }
}
