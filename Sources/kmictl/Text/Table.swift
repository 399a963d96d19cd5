/// A table with a head line, aligned columns and no lines between.
struct Table {
    /// One column.
    struct Column {
        /// What stands above it.
        var title: String
        /// Whether its texts stand at the right, as numbers do.
        var isNumeric = false
        /// Whether it is never cut, not even where the line is too short for what cannot be left out.
        var isWhole = false
        /// The fewest cells that it is cut to while other columns can be left out; `nil` if it is not cut then.
        var minimum: Int?
        /// Whether its texts go on below themselves where they are too long; for the last column alone.
        var wraps = false
        /// Columns with the highest figure are left out first where the line is too short; 0 is never left out.
        var rank = 0
    }

    /// One field; its text is made harmless when it is printed.
    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var colour: TextStyle.Colour?

        init(_ text: String, _ colour: TextStyle.Colour? = nil) {
            self.text = SafeText.line(text)
            self.colour = colour
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    private static let gap = 2
    private static let least = 4

    let columns: [Column]
    private(set) var rows: [[Cell]] = []

    init(columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; fields that are missing are empty.
    mutating func append(_ cells: [Cell]) {
        let missing = max(0, self.columns.count - cells.count)
        self.rows.append(Array(cells.prefix(self.columns.count)) + Array(repeating: "", count: missing))
    }

    /// The lines, the last one without an end; nothing if there is no row.
    func text(_ style: TextStyle) -> String {
        guard !self.rows.isEmpty else { return "" }
        let layout = self.layout(style)
        let head = layout.map { Cell(self.columns[$0.index].title) }
        let body = self.rows.map { row in layout.map { row[$0.index] } }
        return ([head] + body).flatMap { self.lines($0, layout, style) }.joined(separator: "\n")
    }

    /// Whether all columns find room in a line, whole.
    func fits(_ style: TextStyle) -> Bool {
        let placed = self.columns.indices.map { Placed(index: $0, width: self.naturalWidth(of: $0)) }
        return self.total(placed) <= style.width ?? TextStyle.usualWidth
    }

    /// A column that is shown, and its cells.
    private struct Placed {
        var index: Int
        var width: Int
    }

    /// Which columns are shown how wide.
    ///
    /// All as wide as they need, else cut to their minimum, else without the least important ones, as far as that is
    /// needed; in a line that is shorter still everything is cut.
    ///
    /// Where nothing is to be cut, columns are left out alone.
    private func layout(_ style: TextStyle) -> [Placed] {
        let width = style.width ?? TextStyle.usualWidth
        var placed = self.columns.indices.map { Placed(index: $0, width: self.naturalWidth(of: $0)) }
        while true {
            let fitting = style.width == nil ? placed : self.cut(placed, to: width) { $0.isWhole ? nil : $0.minimum }
            if self.total(fitting) <= width { return self.filled(fitting, to: width) }
            let rank = placed.map { self.columns[$0.index].rank }.max() ?? 0
            guard rank > 0 else { break }
            placed.removeAll { self.columns[$0.index].rank == rank }
        }
        return style.width == nil ? placed : self.cut(placed, to: width) { $0.isWhole ? nil : Self.least }
    }

    /// Takes back in what was left out with others and has room for itself, the most important first; nothing is cut for it.
    private func filled(_ placed: [Placed], to width: Int) -> [Placed] {
        guard placed.allSatisfy({ $0.width == self.naturalWidth(of: $0.index) }) else { return placed }
        var placed = placed
        let missing = self.columns.indices.filter { index in !placed.contains { $0.index == index } }
        for index in missing.sorted(by: { self.columns[$0].rank < self.columns[$1].rank }) {
            let column = Placed(index: index, width: self.naturalWidth(of: index))
            let place = placed.firstIndex { $0.index > index } ?? placed.endIndex
            var wider = placed
            wider.insert(column, at: place)
            if self.total(wider) <= width { placed = wider }
        }
        return placed
    }

    /// Takes cells from the widest column that can give some, until the line fits or none can.
    private func cut(_ placed: [Placed], to width: Int, _ minimum: (Column) -> Int?) -> [Placed] {
        var placed = placed
        var excess = self.total(placed) - width
        while excess > 0 {
            let able = placed.indices.filter { placed[$0].width > minimum(self.columns[placed[$0].index]) ?? .max }
            guard let widest = able.max(by: { placed[$0].width < placed[$1].width }) else { break }
            placed[widest].width -= 1
            excess -= 1
        }
        return placed
    }

    private func total(_ placed: [Placed]) -> Int {
        placed.reduce(0) { $0 + $1.width } + Self.gap * max(0, placed.count - 1)
    }

    private func naturalWidth(of column: Int) -> Int {
        self.rows.reduce(DisplayWidth.of(self.columns[column].title)) { max($0, DisplayWidth.of($1[column].text)) }
    }

    /// The lines of a row: one, or several where its last text goes on below itself.
    private func lines(_ cells: [Cell], _ layout: [Placed], _ style: TextStyle) -> [String] {
        guard style.width != nil, let last = layout.last, let cell = cells.last, self.columns[last.index].wraps else {
            return [self.line(cells, layout, style)]
        }
        return FieldList.wrapped(cell.text, to: last.width).enumerated().map { number, piece in
            let others = number == 0 ? Array(cells.dropLast()) : cells.dropLast().map { _ in Cell("") }
            return self.line(others + [Cell(piece, cell.colour)], layout, style)
        }
    }

    private func line(_ cells: [Cell], _ layout: [Placed], _ style: TextStyle) -> String {
        var line = ""
        for (cell, placed) in zip(cells, layout) {
            let text = DisplayWidth.truncated(cell.text, to: placed.width, mark: style.cutMark)
            let blanks = String(repeating: " ", count: placed.width - DisplayWidth.of(text))
            let painted = style.painted(text, cell.colour)
            if !line.isEmpty || placed.index != layout.first?.index { line += String(repeating: " ", count: Self.gap) }
            line += self.columns[placed.index].isNumeric ? blanks + painted : painted + blanks
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
