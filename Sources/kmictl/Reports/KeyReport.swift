import DBusControl

/// What `kmictl keys show` shows.
struct KeyReport: Report {
    let key: KeyStatus

    var json: JSONValue { self.key.json }
    var names: [String] { [self.key.label] }

    func text(_ style: TextStyle) -> String {
        let key = self.key
        var fields = FieldList()
        fields.append("label", Table.Cell(key.label))
        fields.append("provider", Table.Cell(key.provider))
        fields.append("account", Table.Cell(key.account))
        fields.append("from", Table.Cell(Self.origin(key.origin)))
        let reason = key.reason.isEmpty ? "" : " (\(key.reason))"
        let warning = key.warn ? ", little of its quota is left" : ""
        fields.append("state", Table.Cell(key.state + reason + warning, StateColour.ofKey(key.state)))
        fields.append("usable", Table.Cell(Timestamp.both(key.usableAt, now: style.now)))
        fields.append("enabled", Table.Cell(key.enabled ? "yes" : "no"))
        fields.append("priority", Table.Cell(String(key.priority)))
        fields.append("weight", Table.Cell(String(key.weight)))
        fields.append("limits", KeyLimits.Kind.allCases.compactMap { Self.cell($0, key.limits[$0]) })
        fields.append("secret", Table.Cell(key.masked))
        fields.append("fingerprint", Table.Cell(key.fingerprint))
        fields.append("windows", key.windows.map { Self.cell($0, of: key, style) })
        fields.append("models", key.modelStates.map { Self.cell($0, style) })
        fields.append("running", Table.Cell(String(key.inFlight)))
        fields.append("requests", Table.Cell(CountText.exact(key.requests)))
        fields.append(
            "errors", key.errors.sorted { $0.key < $1.key }.map { Table.Cell("\(CountText.exact($0.value)) \($0.key)") }
        )
        fields.append(
            "last used", Table.Cell(key.lastUsedAt == 0 ? "never" : Timestamp.both(key.lastUsedAt, now: style.now)))
        return fields.text(style)
    }

    /// Where the key was written down; words that are not known stand for themselves.
    private static func origin(_ word: String) -> String {
        switch word {
        case "file": "the configuration file"
        case "state": "added at run time"
        case "local": "a provider of this machine, which needs none"
        default: word
        }
    }

    private static func cell(_ kind: KeyLimits.Kind, _ limit: UInt32) -> Table.Cell? {
        guard limit > 0 else { return nil }
        let unit =
            switch kind {
            case .rps: "requests a second"
            case .rpm: "requests a minute"
            case .tpm: "tokens a minute"
            case .inFlight: "requests at once"
            }
        return Table.Cell("\(CountText.exact(UInt64(limit))) \(unit)")
    }

    private static func cell(_ window: KeyStatus.Window, of key: KeyStatus, _ style: TextStyle) -> Table.Cell {
        let reset = window.resetsAt == 0 ? "" : ", resets \(Timestamp.relative(window.resetsAt, now: style.now))"
        let doubt = key.inconsistentWindows.contains(window.name) ? ", inconsistent" : ""
        return Table.Cell("\(window.name): \(WindowText(window: window).sentence)\(reset)\(doubt)")
    }

    private static func cell(_ state: KeyStatus.ModelState, _ style: TextStyle) -> Table.Cell {
        let back = state.usableAt == 0 ? "" : ", usable \(Timestamp.relative(state.usableAt, now: style.now))"
        let reason = state.reason.isEmpty ? "" : " (\(state.reason))"
        return Table.Cell("\(state.model): \(state.state)\(reason)\(back)", StateColour.ofKey(state.state))
    }
}
