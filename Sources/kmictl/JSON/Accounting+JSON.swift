import DBusControl

extension UsageRow {
    /// The row as an object; names that rows are not grouped by are left out.
    var json: JSONValue {
        .object(Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.json(of: $1) })
    }

    private func json(of field: Field) -> JSONValue? {
        switch field {
        case .key: self.key.map { .string($0) }
        case .provider: self.provider.map { .string($0) }
        case .model: self.model.map { .string($0) }
        case .client: self.client.map { .string($0) }
        case .project: self.project.map { .string($0) }
        case .process: self.process.map { .string($0) }
        case .day: self.day.map { .string($0) }
        case .hour: self.hour.map { .moment($0) }
        case .requests: .unsigned(self.requests)
        case .tokens: .counts(self.tokens)
        case .cost: self.cost.map { .integer($0) } ?? .null
        case .unpriced: .unsigned(self.unpriced)
        case .uncertain: .unsigned(self.uncertain)
        }
    }
}

extension PriceStatus {
    /// The table as an object, by field.
    var json: [String: JSONValue] {
        Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.json(of: $1) }
    }

    private func json(of field: Field) -> JSONValue? {
        switch field {
        case .version: .string(self.version)
        case .effectiveDate: self.effectiveDate.isEmpty ? .null : .string(self.effectiveDate)
        case .sha256: .string(self.sha256)
        case .models: .unsigned(UInt64(self.models))
        case .source: .string(self.source)
        case .ageDays: self.ageDays.map { .unsigned(UInt64($0)) } ?? .null
        case .isFound: self.finding.map { .boolean($0.entry != nil) }
        case .provider: self.finding.map { .string($0.provider) }
        case .basis: self.finding.map { .string($0.basis) }
        case .name: self.finding?.entry.map { .string($0.name) }
        case .prices: self.finding?.entry.map { .counts($0.prices) }
        }
    }
}
