/// Makes of a screen's lines what a terminal has to be told to show them: those that changed, and nothing else.
struct TopPainter {
    private var shown: [String] = []

    /// Forgets what the terminal shows, because somebody else has drawn on it.
    mutating func forget() { self.shown = [] }

    /// The bytes that bring the terminal from the lines before to these ones; none if nothing changed.
    mutating func paint(_ lines: [String]) -> [UInt8] {
        var text = ""
        if self.shown.count != lines.count {
            // An unfinished sequence ends with the first escape of this one.
            text += "\u{1B}[0m\u{1B}[2J"
            self.shown = Array(repeating: "", count: lines.count)
        }
        for (row, line) in lines.enumerated() where self.shown[row] != line {
            // Erased first, since terminals do not agree on how wide every character is.
            text += "\u{1B}[\(row + 1);1H\u{1B}[K\(line)"
        }
        self.shown = lines
        return Array(text.utf8)
    }
}
