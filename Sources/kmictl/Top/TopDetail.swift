import DBusControl

/// What is read when one thing fills the screen: a request, a key, or the help.
struct TopDetail {
    let model: TopModel

    /// What stands above it.
    var title: String {
        switch self.model.view {
        case .tables: ""
        case .help: "help"
        case .request(let row): "request \(row.id)"
        case .key(let label): "key \(label)"
        }
    }

    /// All of its lines.
    func lines(_ style: TextStyle) -> [String] {
        switch self.model.view {
        case .tables: []
        case .help: Self.help(style)
        case .request(let row): Self.lines(of: RequestReport(row: row), style)
        case .key(let label):
            self.model.shown.keys.first { $0.label == label }.map { Self.lines(of: KeyReport(key: $0), style) }
                ?? ["The key is gone."]
        }
    }

    private static func lines(of report: some Report, _ style: TextStyle) -> [String] {
        report.text(style).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func help(_ style: TextStyle) -> [String] {
        var fields = FieldList()
        fields.append("arrows, j k", "move; also PgUp, PgDn, Home, End, g, G")
        fields.append("Tab", "the other table")
        fields.append("Enter", "open the key or the request; Esc goes back")
        fields.append("s, S", "sort by the next column, the other way round")
        fields.append("/", "filter by key, model, provider or client; Enter keeps it, Esc clears it")
        fields.append("p, space", "stop the picture, and let it go on")
        fields.append("q, Ctrl-C", "leave")
        fields.append("", Table.Cell(" "))
        fields.append("requests", "that ended, over the last 10 seconds")
        fields.append("p50 p95 p99", "so many of 100 requests of the last minute took no longer")
        fields.append("first byte", "half of the requests of the last minute had theirs by then")
        fields.append("tokens, cost", "of the last minute; +? where some tokens have no price")
        fields.append(style.isUTF8 ? "≥" : ">=", "there was more: some requests were only counted")
        return fields.text(style).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
