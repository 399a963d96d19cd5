import DBusControl

/// What `kmictl config show` shows.
struct ConfigurationReport: Report {
    let rows: [ConfigurationRow]

    var json: JSONValue { .array(self.rows.map(\.json)) }
    var names: [String] { self.rows.map(\.key) }

    func text(_ style: TextStyle) -> String {
        var table = Table(columns: [
            Table.Column(title: "SETTING", minimum: 24),
            Table.Column(title: "VALUE", minimum: 16),
            Table.Column(title: "CHANGE", rank: 2),
            Table.Column(title: "SOURCE", rank: 1),
            Table.Column(title: "WHERE", minimum: 12, rank: 3),
        ])
        for row in self.rows {
            table.append([
                Table.Cell(row.key),
                Table.Cell(row.value),
                Table.Cell(String(row.applies.map { $0 == "_" ? " " : $0 })),
                Table.Cell(row.source, row.source == "default" ? nil : .resting),
                Table.Cell(row.origin),
            ])
        }
        return table.text(style)
    }
}
