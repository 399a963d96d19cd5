import DBusControl

/// What `kmictl status` shows.
struct StatusReport: Report {
    let manager: ManagerStatus
    let keys: [KeyStatus]
    let providers: [ProviderStatus]

    /// The properties of the daemon, and the number of keys in each state, and how providers are
    /// (X-061).
    var json: JSONValue {
        var members = self.manager.json
        members["keys"] = .counts(Dictionary(self.counts.map { ($0.state, UInt64($0.count)) }) { first, _ in first })
        members["providers"] = .array(self.providers.map(\.briefJSON))
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
        fields.append("providers", self.providers.compactMap { Self.cell($0, style) })
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

    /// What keeps a provider from being asked; `nil` if nothing does (K-008).
    private static func cell(_ provider: ProviderStatus, _ style: TextStyle) -> Table.Cell? {
        var parts: [String] = []
        switch provider.breaker {
        case "open":
            let isDue = provider.breakerRetryAt <= style.now
            let retry = isDue ? "with the next request" : Timestamp.relative(provider.breakerRetryAt, now: style.now)
            parts.append("breaker open, tried again \(retry)")
        case "half_open": parts.append("breaker half open, one request is trying it")
        default: break
        }
        if provider.overloadedUntil > style.now {
            parts.append("overloaded, asked again \(Timestamp.relative(provider.overloadedUntil, now: style.now))")
        }
        guard !parts.isEmpty else { return nil }
        return Table.Cell("\(provider.name): \(parts.joined(separator: "; "))", .bad)
    }

    /// What wants to be looked at.
    var warnings: [String] {
        var warnings = self.manager.degraded.map { "\($0) does not work as configured" }
        warnings += self.keys.filter { $0.state == "invalid" }.map { "the provider refuses the key \($0.label)" }
        warnings += self.keys.filter { $0.state == "billing" }.map { "the key \($0.label) has no credit left" }
        warnings += self.keys.filter(\.warn).map { "the key \($0.label) has little of its quota left" }
        warnings += self.manager.warnings
        return warnings
    }
}
