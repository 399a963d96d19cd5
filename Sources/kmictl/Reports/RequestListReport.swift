import DBusControl

/// What `kmictl requests` shows.
struct RequestListReport: Report {
    let rows: [RequestRow]

    var json: JSONValue { .array(self.rows.map(\.json)) }
    var names: [String] { self.rows.map(\.id) }

    func text(_ style: TextStyle) -> String {
        var table = Table(columns: [
            Table.Column(title: "WHEN"),
            Table.Column(title: "STATUS", isNumeric: true),
            Table.Column(title: "KEY", minimum: 12, rank: 1),
            Table.Column(title: "MODEL", minimum: 12, rank: 2),
            Table.Column(title: "TOOK", isNumeric: true, rank: 3),
            Table.Column(title: "TRIES", isNumeric: true, rank: 7),
            Table.Column(title: "TOKENS", isNumeric: true, rank: 5),
            Table.Column(title: "COST", isNumeric: true, rank: 6),
            Table.Column(title: "RESULT", minimum: 12, rank: 4),
            Table.Column(title: "CLIENT", minimum: 12, rank: 8),
            Table.Column(title: "PROVIDER", minimum: 12, rank: 9),
            Table.Column(title: "ID", minimum: 36),
        ])
        for row in self.rows {
            let colour = StateColour.ofRequest(status: row.status, outcome: row.outcome)
            table.append([
                Table.Cell(Timestamp.relative(row.receivedAt, now: style.now)),
                Table.Cell(row.status == 0 ? "-" : String(row.status), colour),
                Table.Cell(row.key),
                Table.Cell(row.model),
                Table.Cell(DurationText.precise(microseconds: row.duration)),
                Table.Cell(String(row.attempts.count)),
                Table.Cell(row.tokens.isEmpty ? "-" : CountText.short(TokenClass.sum(row.tokens))),
                Table.Cell(row.cost.map(MoneyText.dollars) ?? "-"),
                Table.Cell(row.result, colour),
                Table.Cell(row.client),
                Table.Cell(row.provider),
                Table.Cell(row.id),
            ])
        }
        return table.text(style)
    }
}

/// The lines of `kmictl requests --follow`: columns that become as wide as what has come so far.
struct RequestLines {
    /// The cells that a name takes at most: in a narrow terminal, in a wide one and where there is none.
    private static let widest = (narrow: 16, wide: 24)
    /// The cells of the longest class of error.
    private static let longestResult = 24

    /// The cells of status, key, model, time taken, result and client.
    private var widths = [3, 5, 5, 6, 8, 0]

    /// The line of a row, without an end; cut off at the edge of a terminal.
    mutating func text(of row: RequestRow, _ style: TextStyle) -> String {
        let time = Timestamp.text(row.receivedAt / 1_000_000 * 1_000_000) ?? ""
        let parts = [
            row.status == 0 ? "-" : String(row.status), row.key, row.model,
            DurationText.precise(microseconds: row.duration), row.result, row.client,
        ].map(SafeText.line)
        let name = style.width.map { $0 < 120 ? Self.widest.narrow : Self.widest.wide } ?? Self.widest.wide
        var line = time
        for (column, text) in parts.enumerated() {
            let most = column == 4 ? Self.longestResult : name
            // Where no terminal is there, nothing is cut: what is longer pushes the rest of its own line aside.
            let part = style.width == nil ? text : DisplayWidth.truncated(text, to: most, mark: style.cutMark)
            let cells = DisplayWidth.of(part)
            self.widths[column] = max(self.widths[column], min(cells, most))
            guard self.widths[column] > 0 else { continue }
            let blanks = String(repeating: " ", count: max(0, self.widths[column] - cells))
            // Figures stand at the right.
            line += "  " + (column == 0 || column == 3 ? blanks + part : part + blanks)
        }
        line += "  " + SafeText.line(row.id)
        let fitting = style.width.map { DisplayWidth.truncated(line, to: $0) } ?? line
        return style.painted(fitting, StateColour.ofRequest(status: row.status, outcome: row.outcome))
    }
}

extension RequestRow {
    /// How it ended: the class of the error if there was one, else the outcome.
    var result: String { self.errorClass.isEmpty ? self.outcome : self.errorClass }
}
