import DBusControl

/// What `kmictl keys list` shows.
struct KeyListReport: Report {
    let keys: [KeyStatus]

    var json: JSONValue { .array(self.keys.map(\.json)) }
    var names: [String] { self.keys.map(\.label) }

    func text(_ style: TextStyle) -> String {
        // A column that would be empty takes the room that others need.
        let hasModels = self.keys.contains { !$0.modelStates.isEmpty }
        let hasLimits = self.keys.contains { !$0.limits.values.isEmpty }
        let hasAccounts = self.keys.contains { !$0.account.isEmpty }
        let models = hasModels ? [Table.Column(title: "MODELS", minimum: 23, rank: 2)] : []
        var table = Table(
            columns: [
                Table.Column(title: "LABEL", minimum: 12),
                Table.Column(title: "PROVIDER", minimum: 8, rank: 4),
                Table.Column(title: "STATE"),
                Table.Column(title: "BACK"),
                Table.Column(title: "REASON", rank: 1),
            ] + models + [
                Table.Column(title: "REQUESTS", isNumeric: true, rank: 3),
                Table.Column(title: "ERRORS", isNumeric: true, rank: 5),
                Table.Column(title: "LAST USED", rank: 6),
                Table.Column(title: "RUNNING", isNumeric: true, rank: 7),
                Table.Column(title: "PRIO", isNumeric: true, rank: 8),
                Table.Column(title: "WEIGHT", isNumeric: true, rank: 9),
            ] + (hasLimits ? [Table.Column(title: "LIMITS", rank: 10)] : [])
                + (hasAccounts ? [Table.Column(title: "ACCOUNT", rank: 11)] : []))
        for key in self.keys {
            table.append(
                Self.row(key, hasModels: hasModels, style) + (hasLimits ? [Table.Cell(key.limits.text)] : [])
                    + (hasAccounts ? [Table.Cell(key.account)] : []))
        }
        return table.text(style)
    }

    private static func row(_ key: KeyStatus, hasModels: Bool, _ style: TextStyle) -> [Table.Cell] {
        let models = Table.Cell(ModelStatesText.summary(key.modelStates, now: style.now), .resting)
        return [
            Table.Cell(key.label),
            Table.Cell(key.provider),
            Table.Cell(key.state + (key.warn ? " !" : ""), StateColour.ofKey(key.state)),
            Table.Cell(key.usableAt == 0 ? "" : Timestamp.relative(key.usableAt, now: style.now)),
            Table.Cell(key.reason),
        ] + (hasModels ? [models] : []) + [
            Table.Cell(CountText.exact(key.requests)),
            Table.Cell(CountText.exact(key.errorCount)),
            Table.Cell(key.lastUsedAt == 0 ? "never" : Timestamp.relative(key.lastUsedAt, now: style.now)),
            Table.Cell(String(key.inFlight)),
            Table.Cell(String(key.priority)),
            Table.Cell(String(key.weight)),
        ]
    }
}
