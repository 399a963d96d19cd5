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
                if first.cost ?? 0 != second.cost ?? 0 { return first.cost ?? 0 > second.cost ?? 0 }
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

    /// What the marks at the costs mean, a line each.
    var legend: [String] {
        guard !self.rows.isEmpty else { return [] }
        let shown = self.rows + [self.total]
        let known = shown.filter { $0.cost != nil }
        return [
            known.contains { $0.uncertain > 0 } ? "~ some tokens were cut short, guessed or unknown." : "",
            known.contains { $0.unpriced > 0 } ? "+? some tokens have no price, so that the cost lacks them." : "",
            known.count < shown.count ? "? no token has a price: kmictl prices show MODEL tells more." : "",
        ].filter { !$0.isEmpty }
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
                    row.cost.map { String($0) } ?? "", row.cost.map(MoneyText.decimal) ?? "", String(row.unpriced),
                    String(row.uncertain),
                ]
                return record
            }
    }

    private func table(_ count: (UInt64) -> String) -> Table {
        let total = self.total
        let tokens = zip(
            TokenClass.all, [("INPUT", 1), ("CACHED", 3), ("WRITTEN", 4), ("OUTPUT", 1), ("REASONING", 5)])
        var table = Table(
            columns: self.by.map(Self.column)
                + [Table.Column(title: "REQUESTS", isNumeric: true, rank: 2)]
                + tokens.map { name, column in
                    // What is 0 everywhere says least.
                    let isZero = total.tokens[name] ?? 0 == 0
                    return Table.Column(title: column.0, isNumeric: true, rank: column.1 + (isZero ? 10 : 0))
                }
                + [Table.Column(title: "COST", isNumeric: true)])
        for row in self.rows {
            table.append(self.by.map { Table.Cell(Self.name($0, of: row)) } + Self.sums(row, count))
        }
        let blanks = self.by.dropFirst().map { _ in Table.Cell("") }
        table.append([Table.Cell("TOTAL")] + blanks + Self.sums(total, count))
        return table
    }

    /// A column of names; a time that is cut is another time.
    private static func column(_ axis: UsageAxis) -> Table.Column {
        let title = axis.rawValue.uppercased()
        return axis == .day || axis == .hour
            ? Table.Column(title: title, isWhole: true) : Table.Column(title: title, minimum: 10)
    }

    private static func sums(_ row: UsageRow, _ count: (UInt64) -> String) -> [Table.Cell] {
        let cost = row.cost.map { cost in
            (row.uncertain > 0 ? "~" : "") + MoneyText.dollars(cost) + (row.unpriced > 0 ? "+?" : "")
        }
        return [Table.Cell(count(row.requests))] + TokenClass.all.map { Table.Cell(count(row.tokens[$0] ?? 0)) } + [
            Table.Cell(cost ?? "?", row.unpriced > 0 ? .resting : nil)
        ]
    }

    private static func name(_ axis: UsageAxis, of row: UsageRow) -> String {
        if axis == .hour { return row.hour.flatMap(Timestamp.text) ?? "-" }
        return row[axis].flatMap { $0.isEmpty ? nil : $0 } ?? "-"
    }

    /// All rows together.
    private var total: UsageRow { self.rows.reduce(into: UsageRow()) { $0.add($1) } }
}
