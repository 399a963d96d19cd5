import DBusControl

/// What `kmictl status` shows.
struct StatusReport: Report {
    let manager: ManagerStatus
    let keys: [KeyStatus]

    /// The properties of the daemon, and the number of keys in each state.
    var json: JSONValue {
        var members = self.manager.json
        members["keys"] = .counts(Dictionary(self.counts.map { ($0.state, UInt64($0.count)) }) { first, _ in first })
        members["warnings"] = .strings(self.warnings)
        return .object(members)
    }

    var names: [String] { [self.manager.state] }

    func text(_ style: TextStyle) -> String {
        let manager = self.manager
        var fields = FieldList()
        let since = manager.startedAt == 0 ? "" : ", started \(Timestamp.relative(manager.startedAt, now: style.now))"
        fields.append(
            "kmid",
            Table.Cell("\(manager.state), version \(manager.version)\(since)", StateColour.ofDaemon(manager.state)))
        fields.append("listening", manager.listeners.map { Table.Cell($0) })
        fields.append("mode", Table.Cell(manager.rotationMode + (manager.dryRun ? ", dry-run" : "")))
        fields.append("next key", manager.activeKey.isEmpty ? Table.Cell("none", .bad) : Table.Cell(manager.activeKey))
        fields.append("keys", self.keysCell)
        fields.append("recovery", Table.Cell(Timestamp.both(manager.nextUsableAt, now: style.now)))
        fields.append("in flight", Table.Cell("\(manager.requestsInFlight)"))
        fields.append("warnings", self.warnings.map { Table.Cell($0, .resting) })
        return fields.text(style)
    }

    /// The number of keys in each state, those of the contract first.
    private var counts: [(state: String, count: Int)] {
        let byState = Dictionary(grouping: self.keys, by: \.state).mapValues(\.count)
        let unknown = byState.keys.filter { !StateColour.keyStates.contains($0) }.sorted()
        return (StateColour.keyStates + unknown).map { ($0, byState[$0] ?? 0) }
    }

    private var keysCell: Table.Cell {
        guard !self.keys.isEmpty else { return Table.Cell("none: kmictl keys add LABEL --provider NAME", .resting) }
        let parts = self.counts.filter { $0.count > 0 }.map { "\($0.count) \($0.state)" }
        let usable = self.keys.contains { $0.state == "usable" }
        return Table.Cell(parts.joined(separator: ", "), usable ? nil : .bad)
    }

    /// What wants to be looked at.
    private var warnings: [String] {
        var warnings = self.manager.degraded.map { "\($0) does not work as configured" }
        warnings += self.keys.filter { $0.state == "invalid" }.map { "the provider refuses the key \($0.label)" }
        warnings += self.keys.filter { $0.state == "billing" }.map { "the key \($0.label) has no credit left" }
        warnings += self.keys.filter(\.warn).map { "the key \($0.label) has little of its quota left" }
        return warnings
    }
}
