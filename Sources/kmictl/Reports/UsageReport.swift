import DBusControl

/// What `kmictl usage` shows: tokens and money.
struct UsageReport: Report {
    /// What the rows are grouped by.
    let by: [UsageAxis]
    /// The rows: in the daemon's order where they follow time, else the most expensive first.
    let rows: [UsageRow]

    init(rows: [UsageRow], by: [UsageAxis]) {
        self.by = by
        let followsTime = by.contains(.day) || by.contains(.hour)
        self.rows =
            followsTime
            ? rows
            : rows.enumerated().sorted { left, right in
                let (first, second) = (left.element, right.element)
                if first.cost != second.cost { return first.cost > second.cost }
                let (fewer, more) = (TokenClass.sum(second.tokens), TokenClass.sum(first.tokens))
                return fewer == more ? left.offset < right.offset : fewer < more
            }.map(\.element)
    }

    var json: JSONValue { .array(self.rows.map(\.json)) }
    var names: [String] { self.rows.map { row in self.by.first.map { Self.name($0, of: row) } ?? "" } }

    func text(_ style: TextStyle) -> String {
        guard !self.rows.isEmpty else { return "" }
        let exact = self.table(CountText.exact)
        return exact.fits(style) ? exact.text(style) : self.table(CountText.short).text(style)
    }

    /// What the marks at the costs mean; `nil` where there are none.
    var legend: String? {
        let isUncertain = self.rows.contains { $0.uncertain > 0 }
        let isUnpriced = self.rows.contains { $0.unpriced > 0 }
        guard isUncertain || isUnpriced else { return nil }
        let parts = [
            isUncertain ? "~ some tokens were cut short or guessed" : "",
            isUnpriced ? "+? some tokens have no price, so that the cost lacks them" : "",
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "; ") + "."
    }

    /// The records of `--csv`.
    var csv: [[String]] {
        let head =
            self.by.map(\.rawValue) + ["requests"] + TokenClass.all + [
                "cost_pico_usd", "cost_usd", "unpriced", "uncertain",
            ]
        return [head]
            + self.rows.map { row in
                var record = self.by.map { $0 == .hour ? Timestamp.text(row.hour ?? 0) ?? "" : row[$0] ?? "" }
                record.append(String(row.requests))
                record += TokenClass.all.map { String(row.tokens[$0] ?? 0) }
                record += [
                    String(row.cost), MoneyText.decimal(row.cost), String(row.unpriced), String(row.uncertain),
                ]
                return record
            }
    }

    private func table(_ count: (UInt64) -> String) -> Table {
        var table = Table(
            columns: self.by.map { Table.Column(title: $0.rawValue.uppercased(), minimum: 10) } + [
                Table.Column(title: "REQUESTS", isNumeric: true, rank: 2),
                Table.Column(title: "INPUT", isNumeric: true, rank: 1),
                Table.Column(title: "CACHED", isNumeric: true, rank: 3),
                Table.Column(title: "WRITTEN", isNumeric: true, rank: 4),
                Table.Column(title: "OUTPUT", isNumeric: true, rank: 1),
                Table.Column(title: "REASONING", isNumeric: true, rank: 5),
                Table.Column(title: "COST", isNumeric: true),
            ])
        for row in self.rows {
            table.append(self.by.map { Table.Cell(Self.name($0, of: row)) } + Self.sums(row, count))
        }
        let blanks = self.by.dropFirst().map { _ in Table.Cell("") }
        table.append([Table.Cell("TOTAL")] + blanks + Self.sums(self.total, count))
        return table
    }

    private static func sums(_ row: UsageRow, _ count: (UInt64) -> String) -> [Table.Cell] {
        let cost = (row.uncertain > 0 ? "~" : "") + MoneyText.dollars(row.cost) + (row.unpriced > 0 ? "+?" : "")
        return [Table.Cell(count(row.requests))] + TokenClass.all.map { Table.Cell(count(row.tokens[$0] ?? 0)) } + [
            Table.Cell(cost, row.unpriced > 0 ? .resting : nil)
        ]
    }

    private static func name(_ axis: UsageAxis, of row: UsageRow) -> String {
        if axis == .hour { return row.hour.flatMap(Timestamp.text) ?? "-" }
        return row[axis].flatMap { $0.isEmpty ? nil : $0 } ?? "-"
    }

    /// All rows together.
    private var total: UsageRow {
        self.rows.reduce(into: UsageRow()) { total, row in
            total.requests &+= row.requests
            total.tokens.merge(row.tokens) { TokenClass.sum(["": $0, " ": $1]) }
            let (cost, overflow) = total.cost.addingReportingOverflow(row.cost)
            total.cost = overflow ? .max : cost
            total.unpriced &+= row.unpriced
            total.uncertain &+= row.uncertain
        }
    }
}
