/// What an import would do, or did.
struct ImportReport: Report {
    /// The lines, in the order of the files.
    let rows: [ImportRow]
    /// Whether nothing was to be changed.
    let isDryRun: Bool
    /// The home directory, which `~` stands for in text; `nil` if there is none.
    let home: String?

    var json: JSONValue {
        .object(["dry_run": .boolean(self.isDryRun), "entries": .array(self.rows.map(\.json))])
    }

    /// The labels of the keys that were added, or would be.
    var names: [String] { self.keys.filter { $0.outcome == .add || $0.outcome == .added }.map(\.label) }

    func text(_ style: TextStyle) -> String {
        [self.table(style), self.lines(style)].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var keys: [ImportRow] { self.rows.filter { !$0.label.isEmpty } }

    private func table(_ style: TextStyle) -> String {
        let hasAccounts = self.keys.contains { !$0.account.isEmpty }
        var table = Table(
            columns: [
                Table.Column(title: "FILE", minimum: 12, rank: 1),
                Table.Column(title: "LABEL", minimum: 12),
                Table.Column(title: "PROVIDER", minimum: 8),
                Table.Column(title: "PRIO", isNumeric: true, rank: 3),
                Table.Column(title: "SECRET", rank: 4),
            ] + (hasAccounts ? [Table.Column(title: "ACCOUNT", minimum: 12, rank: 5)] : []) + [
                Table.Column(title: "RESULT")
            ])
        for row in self.keys {
            table.append(
                [
                    Table.Cell(self.shown(row.file)), Table.Cell(row.label), Table.Cell(row.provider),
                    Table.Cell(String(row.priority)), Table.Cell(row.masked),
                ] + (hasAccounts ? [Table.Cell(row.account)] : []) + [Table.Cell(row.words, row.colour)])
        }
        return table.text(style)
    }

    /// One line for whatever there is to say beside, whole, since it may hold a command to copy.
    private func lines(_ style: TextStyle) -> String {
        self.rows.compactMap { row -> String? in
            let subject = SafeText.line(self.shown(row.file))
            let what = row.label.isEmpty ? row.words : "\(row.label): \(row.words)"
            var parts: [String] = row.reason.isEmpty ? [] : [SafeText.line(self.shortened(row.reason))]
            if !row.newBase.isEmpty { parts.append("a new provider, \(row.newBase)") }
            if !row.isEnabled, !row.label.isEmpty { parts.append("disabled, as in the file") }
            guard !parts.isEmpty else { return nil }
            let advice = row.advice.isEmpty ? "" : ". To do: \(SafeText.line(row.advice))"
            return "\(subject): \(style.painted(what, row.colour)): \(parts.joined(separator: "; "))\(advice)"
        }
        .joined(separator: "\n")
    }

    /// A reason without the home directory in it, and without a stop at its end, since more may follow.
    private func shortened(_ reason: String) -> String {
        let text = self.home.map { $0.count > 1 ? reason.replacing($0 + "/", with: "~/") : reason } ?? reason
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    private func shown(_ path: String) -> String {
        guard let home = self.home, home.count > 1, path.hasPrefix(home + "/") else { return path }
        return "~" + path.dropFirst(home.count)
    }
}

extension ImportRow {
    /// The line as an object.
    var json: JSONValue {
        func text(_ text: String) -> JSONValue { text.isEmpty ? .null : .string(text) }
        return .object([
            "file": .string(self.file), "result": .string(self.outcome.rawValue), "label": text(self.label),
            "provider": text(self.provider), "new_provider_base_url": text(self.newBase),
            "priority": self.label.isEmpty ? .null : .integer(Int64(self.priority)),
            "enabled": self.label.isEmpty ? .null : .boolean(self.isEnabled), "account": text(self.account),
            "masked": text(self.masked), "reason": text(self.reason), "advice": text(self.advice),
        ])
    }

    fileprivate var words: String {
        switch self.outcome {
        case .add: "to be added"
        case .added: "added"
        case .present: "there already"
        case .skipped: "skipped"
        case .refused: "refused"
        case .failed: "failed"
        }
    }

    fileprivate var colour: TextStyle.Colour? {
        switch self.outcome {
        case .add, .added: .good
        case .present, .skipped: nil
        case .refused: .resting
        case .failed: .bad
        }
    }
}
