import DBusControl

/// What `kmictl requests --summary` shows: how requests were spread over the keys.
struct RequestSummaryReport: Report {
    let summary: RequestSummary

    var json: JSONValue {
        .object([
            "confidence": Self.json(self.summary.confidence),
            "keys": .array(self.summary.rows.map { $0.json(share: self.summary.share(of: $0)) }),
            "providers": .array(
                self.summary.providers.map { provider in
                    .object([
                        "provider": .string(provider),
                        "confidence": Self.json(self.summary.confidence(of: provider)),
                    ])
                }),
        ])
    }

    var names: [String] { self.summary.rows.map(\.key) }

    func text(_ style: TextStyle) -> String {
        guard !self.summary.rows.isEmpty else { return "" }
        var table = Table(columns: [
            Table.Column(title: "KEY", minimum: 12),
            Table.Column(title: "PROVIDER", minimum: 8, rank: 1),
            Table.Column(title: "REQUESTS", isNumeric: true),
            Table.Column(title: "SHARE", isNumeric: true),
            Table.Column(title: "TAKES TURNS"),
            Table.Column(title: "WEIGHT", isNumeric: true, rank: 2),
        ])
        for row in self.summary.rows {
            table.append([
                Table.Cell(row.key),
                Table.Cell(row.provider),
                Table.Cell(CountText.exact(row.requests)),
                Table.Cell(Self.percent(self.summary.share(of: row))),
                Table.Cell(row.isEligible ? "yes" : "no"),
                Table.Cell(String(row.weight)),
            ])
        }
        let lines = self.lines.flatMap { FieldList.wrapped($0, to: style.width) }
        return table.text(style) + "\n\n" + lines.joined(separator: "\n")
    }

    /// One line for each provider; without its name where there is one only.
    private var lines: [String] {
        let providers = self.summary.providers
        return providers.map { provider in
            let of = providers.count == 1 ? "" : " of \(SafeText.line(provider))"
            let confidence = self.summary.confidence(of: provider).map(Self.percent)
            return "rotation confidence\(of): \(confidence ?? Self.tooFew)"
        }
    }

    private static let tooFew = "n/a (fewer than \(RotationConfidence.leastSample) requests on keys that take turns)"

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    private static func json(_ confidence: Double?) -> JSONValue { confidence.map { .number($0) } ?? .null }
}
