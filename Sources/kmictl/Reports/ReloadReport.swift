import DBusControl

/// What `kmictl reload` shows.
struct ReloadReport: Report {
    let entries: [ReloadEntry]

    var json: JSONValue { .array(self.entries.map(\.json)) }
    var names: [String] { self.entries.map(\.key) }

    func text(_ style: TextStyle) -> String {
        var table = Table(columns: [
            Table.Column(title: "SETTING", minimum: 24),
            Table.Column(title: "RESULT"),
            Table.Column(title: "REASON", minimum: 24, wraps: true),
        ])
        for entry in self.entries {
            table.append([
                Table.Cell(entry.key),
                Table.Cell(String(entry.result.map { $0 == "_" ? " " : $0 }), Self.colour(entry.result)),
                Table.Cell(entry.reason),
            ])
        }
        return table.text(style)
    }

    private static func colour(_ result: String) -> TextStyle.Colour? {
        switch result {
        case "applied": .good
        case "restart_required": .resting
        default: .bad
        }
    }
}
