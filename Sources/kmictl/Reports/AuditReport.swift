import DBusControl

/// What `kmictl audit` shows.
struct AuditReport: Report {
    let rows: [AuditRow]

    var json: JSONValue { .array(self.rows.map(\.json)) }
    var names: [String] { self.rows.map { String($0.id) } }

    func text(_ style: TextStyle) -> String {
        var table = Table(columns: [
            Table.Column(title: "WHEN"),
            Table.Column(title: "WHO", minimum: 10),
            Table.Column(title: "ACTION", minimum: 12),
            Table.Column(title: "TARGET", minimum: 10),
            Table.Column(title: "RESULT", rank: 1),
            Table.Column(title: "DETAIL", minimum: 24, wraps: true, rank: 2),
        ])
        for row in self.rows {
            table.append([
                Table.Cell(Timestamp.relative(row.at, now: style.now)),
                Table.Cell(row.actor),
                Table.Cell(row.action),
                Table.Cell(row.target),
                Table.Cell(row.result, Self.colour(row.result)),
                Table.Cell(row.detail),
            ])
        }
        return table.text(style)
    }

    private static func colour(_ result: String) -> TextStyle.Colour? {
        switch result {
        case "ok": nil
        case "refused": .resting
        default: .bad
        }
    }
}
