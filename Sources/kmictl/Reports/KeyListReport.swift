import DBusControl

/// What `kmictl keys list` shows.
struct KeyListReport: Report {
    let keys: [KeyStatus]

    var json: JSONValue { .array(self.keys.map(\.json)) }
    var names: [String] { self.keys.map(\.label) }

    func text(_ style: TextStyle) -> String {
        var table = Table(columns: [
            Table.Column(title: "LABEL", minimum: 20),
            Table.Column(title: "PROVIDER", minimum: 12, rank: 1),
            Table.Column(title: "STATE"),
            Table.Column(title: "BACK", rank: 2),
            Table.Column(title: "REASON", minimum: 16, rank: 4),
            Table.Column(title: "PRIO", isNumeric: true, rank: 6),
            Table.Column(title: "WEIGHT", isNumeric: true, rank: 7),
            Table.Column(title: "RUNNING", isNumeric: true, rank: 5),
            Table.Column(title: "REQUESTS", isNumeric: true),
            Table.Column(title: "ERRORS", isNumeric: true, rank: 1),
            Table.Column(title: "LAST USED", rank: 3),
        ])
        for key in self.keys { table.append(Self.row(key, style)) }
        return table.text(style)
    }

    private static func row(_ key: KeyStatus, _ style: TextStyle) -> [Table.Cell] {
        [
            Table.Cell(key.label),
            Table.Cell(key.provider),
            Table.Cell(key.state + (key.warn ? " !" : ""), StateColour.ofKey(key.state)),
            Table.Cell(key.usableAt == 0 ? "" : Timestamp.relative(key.usableAt, now: style.now)),
            Table.Cell(key.reason),
            Table.Cell(String(key.priority)),
            Table.Cell(String(key.weight)),
            Table.Cell(String(key.inFlight)),
            Table.Cell(String(key.requests)),
            Table.Cell(String(key.errorCount)),
            Table.Cell(key.lastUsedAt == 0 ? "never" : Timestamp.relative(key.lastUsedAt, now: style.now)),
        ]
    }
}

extension KeyStatus {
    /// The failed attempts of all classes.
    fileprivate var errorCount: UInt64 { self.errors.values.reduce(0) { $0 &+ $1 } }
}
