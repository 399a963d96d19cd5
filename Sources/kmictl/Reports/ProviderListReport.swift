import DBusControl

/// What `kmictl providers list` shows.
struct ProviderListReport: Report {
    let providers: [ProviderStatus]

    var json: JSONValue { .array(self.providers.map(\.json)) }
    var names: [String] { self.providers.map(\.name) }

    func text(_ style: TextStyle) -> String {
        var table = Table(columns: [
            Table.Column(title: "NAME", minimum: 12),
            Table.Column(title: "KIND", rank: 2),
            Table.Column(title: "BASE", minimum: 24, rank: 1),
            Table.Column(title: "BREAKER"),
            Table.Column(title: "KEYS", isNumeric: true),
            Table.Column(title: "MODELS", isNumeric: true, rank: 3),
        ])
        for provider in self.providers {
            table.append([
                Table.Cell(provider.name),
                Table.Cell(provider.kind),
                Table.Cell(provider.baseURL),
                Self.breaker(provider, style),
                Table.Cell(String(provider.keys.count)),
                // Nothing is known before they were asked for.
                Table.Cell(provider.models.isEmpty ? "" : String(provider.models.count)),
            ])
        }
        return table.text(style)
    }

    private static func breaker(_ provider: ProviderStatus, _ style: TextStyle) -> Table.Cell {
        let retry = provider.breakerRetryAt
        let back = retry == 0 ? "" : ", " + Timestamp.relative(retry, now: style.now)
        if provider.breaker != "closed" { return Table.Cell(provider.breaker + back, .bad) }
        return provider.overloadedUntil > style.now ? Table.Cell("overloaded", .resting) : Table.Cell(provider.breaker)
    }
}
