import DBusControl

/// What `kmictl prices show` and `kmictl prices import` show.
struct PriceReport: Report {
    let status: PriceStatus
    /// How many models had a price before an import; `nil` if there was none.
    var modelsBefore: UInt32?

    var json: JSONValue {
        var members = self.status.json
        if let before = self.modelsBefore { members["models_before"] = .unsigned(UInt64(before)) }
        return .object(members)
    }

    var names: [String] { [self.status.finding?.entry?.name ?? self.status.version] }

    func text(_ style: TextStyle) -> String {
        let status = self.status
        var fields = FieldList()
        if let finding = status.finding {
            fields.append("provider", Table.Cell(finding.provider))
            let prices = (finding.entry?.prices ?? [:]).sorted { $0.key < $1.key }
            fields.append(
                "price", [Table.Cell(Self.head(finding))] + prices.map { Table.Cell(Self.line($0.key, $0.value)) })
        }
        fields.append("version", Table.Cell(status.version))
        fields.append("effective", Table.Cell(status.effectiveDate))
        fields.append("age", Table.Cell(status.ageDays.map { $0 == 1 ? "1 day" : "\($0) days" } ?? ""))
        fields.append("models", Table.Cell(self.models))
        fields.append("source", Table.Cell(status.source))
        fields.append("sha256", Table.Cell(status.sha256))
        return fields.text(style)
    }

    private var models: String {
        let count = CountText.exact(UInt64(self.status.models))
        return self.modelsBefore.map { "\(count) (\(CountText.exact(UInt64($0))) before)" } ?? count
    }

    /// Where the price is from; words that are not known stand for themselves.
    private static func head(_ finding: PriceStatus.Finding) -> String {
        let name = finding.entry?.name ?? ""
        return switch finding.basis {
        case "table": name
        case "override": "\(name) (of the configuration)"
        case "plan": "none: paid for by a plan"
        case "free": "none: one's own machine"
        default: "\(name) (\(finding.basis))"
        }
    }

    /// `$0.60 for a million: input_cost_per_token`, since a single token costs next to nothing.
    private static func line(_ name: String, _ pico: UInt64) -> String {
        guard name.contains("token") else { return "\(MoneyText.exact(Int64(clamping: pico))) each: \(name)" }
        let (million, overflow) = Int64(clamping: pico).multipliedReportingOverflow(by: 1_000_000)
        return "\(MoneyText.exact(overflow ? .max : million)) for a million: \(name)"
    }
}
