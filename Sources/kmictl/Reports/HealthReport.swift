import DBusControl

/// What `kmictl health` shows: the windows of each key's plan.
struct HealthReport: Report {
    let keys: [KeyStatus]

    var json: JSONValue {
        .array(
            self.keys.map { key in
                .object([
                    "label": .string(key.label), "provider": .string(key.provider), "state": .string(key.state),
                    "warn": .boolean(key.warn), "windows": .array(key.windows.map { Self.json($0, of: key) }),
                ])
            })
    }

    var names: [String] { self.keys.map(\.label) }

    func text(_ style: TextStyle) -> String {
        // A column that would be empty takes the room that others need.
        let hasNotes = self.keys.contains { !$0.inconsistentWindows.isEmpty }
        let notes = hasNotes ? [Table.Column(title: "NOTE")] : []
        var table = Table(
            columns: [
                Table.Column(title: "KEY", minimum: 12),
                Table.Column(title: "PROVIDER", minimum: 8, rank: 2),
                Table.Column(title: "STATE", rank: 3),
                Table.Column(title: "WINDOW", minimum: 8),
                Table.Column(title: "USED"),
                Table.Column(title: "RESETS"),
                Table.Column(title: "AMOUNT", rank: 4),
            ] + notes)
        for key in self.keys {
            if key.windows.isEmpty {
                table.append(Self.head(key) + [Table.Cell("-"), Table.Cell("unknown")])
            }
            for window in key.windows { table.append(Self.head(key) + Self.cells(window, of: key, style)) }
        }
        return table.text(style)
    }

    private static func head(_ key: KeyStatus) -> [Table.Cell] {
        [Table.Cell(key.label), Table.Cell(key.provider), Table.Cell(key.state, StateColour.ofKey(key.state))]
    }

    private static func cells(_ window: KeyStatus.Window, of key: KeyStatus, _ style: TextStyle) -> [Table.Cell] {
        let text = WindowText(window: window)
        return [
            Table.Cell(window.name),
            text.bar(style),
            Table.Cell(window.resetsAt == 0 ? "" : Timestamp.relative(window.resetsAt, now: style.now)),
            Table.Cell(text.amount),
            Table.Cell(key.inconsistentWindows.contains(window.name) ? "inconsistent" : "", .resting),
        ]
    }

    private static func json(_ window: KeyStatus.Window, of key: KeyStatus) -> JSONValue {
        .object([
            "name": .string(window.name), "used": .number(window.used), "limit": .number(window.limit),
            "resets_at": .moment(window.resetsAt),
            "used_ratio": WindowText(window: window).share.map { .number($0) } ?? .null,
            "inconsistent": .boolean(key.inconsistentWindows.contains(window.name)),
        ])
    }
}
