import DBusControl

/// What `kmictl explain` shows.
struct ExplainReport: Report {
    let rows: [ExplainRow]
    /// The id of the request that has ended, if it is one that is explained.
    var request: String?

    var json: JSONValue { .array(self.rows.map(\.json)) }
    var names: [String] { self.rows.filter(\.isChosen).map(\.key) }

    func text(_ style: TextStyle) -> String {
        let head = self.head(style)
        guard !self.rows.isEmpty else { return head }
        var table = Table(columns: self.columns)
        for row in self.rows { table.append(self.cells(row, style)) }
        let lines = FieldList.wrapped(head, to: style.width).joined(separator: "\n")
        return "\(lines)\n\n\(table.text(style))"
    }

    /// Which key it is, and why.
    private func head(_ style: TextStyle) -> String {
        if let request = self.request {
            let attempts = self.rows.filter(\.isChosen)
            guard let last = attempts.last else {
                return SafeText.line("the request \(request) was never sent to a provider.")
            }
            let count = attempts.count == 1 ? "in 1 attempt" : "in \(attempts.count) attempts, the last one"
            return SafeText.line("the request \(request) was sent \(count) with \(Self.named(last)).")
        }
        if let chosen = self.rows.first(where: \.isChosen) {
            return SafeText.line("the next request would use \(Self.named(chosen)).")
        }
        guard !self.rows.isEmpty else { return "there is no key for such a request." }
        let soonest = self.rows.filter { $0.usableAt > style.now }.min { $0.usableAt < $1.usableAt }
        guard let soonest else { return "no key can be used." }
        let back = Timestamp.relative(soonest.usableAt, now: style.now)
        return SafeText.line("no key can be used now; \(soonest.key) of \(soonest.provider) is back \(back).")
    }

    /// `alpha of kimi (its turn)`.
    private static func named(_ row: ExplainRow) -> String {
        let why = row.selection.isEmpty ? "" : " (\(RouteWords.selection(row.selection)))"
        return "\(row.key) of \(row.provider)\(why)"
    }

    private var columns: [Table.Column] {
        let key = Table.Column(title: "KEY", minimum: 12)
        let provider = Table.Column(title: "PROVIDER", minimum: 8, rank: 1)
        let why = Table.Column(title: "WHY")
        guard self.request == nil else {
            let number = Table.Column(title: "TRY", isNumeric: true)
            return [number, key, provider, why, Table.Column(title: "RESULT", minimum: 16)]
        }
        return [
            key, provider, Table.Column(title: "STATE"), why, Table.Column(title: "BACK"),
            Table.Column(title: "MODEL", minimum: 10, rank: 2),
        ]
    }

    private func cells(_ row: ExplainRow, _ style: TextStyle) -> [Table.Cell] {
        let key = Table.Cell(row.key.isEmpty ? "-" : row.key, row.isChosen ? .good : nil)
        let provider = Table.Cell(row.provider)
        let why = Table.Cell(Self.why(row))
        guard self.request == nil else {
            let result = row.reason.isEmpty ? Table.Cell("ok", .good) : Table.Cell(row.reason, .resting)
            return [Table.Cell(String(row.candidate)), key, provider, why, row.isChosen ? result : ""]
        }
        return [
            key, provider, Table.Cell(row.state, StateColour.ofKey(row.state)), why,
            Table.Cell(row.usableAt == 0 ? "" : Timestamp.relative(row.usableAt, now: style.now)),
            Table.Cell(row.model),
        ]
    }

    private static func why(_ row: ExplainRow) -> String {
        if row.key.isEmpty { return "the provider has no key" }
        guard row.isChosen else { return RouteWords.obstacle(row) }
        return row.selection.isEmpty ? "taken" : "taken: \(RouteWords.selection(row.selection))"
    }
}
