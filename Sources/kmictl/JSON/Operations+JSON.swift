import DBusControl

extension AuditRow {
    /// The event as an object.
    var json: JSONValue {
        .object(Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.json(of: $1) })
    }

    private func json(of field: Field) -> JSONValue {
        switch field {
        case .id: .unsigned(self.id)
        case .at: .moment(self.at)
        case .actor: .string(self.actor)
        case .action: .string(self.action)
        case .target: .string(self.target)
        case .result: .string(self.result)
        case .detail: .string(self.detail)
        }
    }
}

extension ConfigurationRow {
    /// The setting as an object.
    var json: JSONValue {
        .object(Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = .string(self.text(of: $1)) })
    }

    private func text(of field: Field) -> String {
        switch field {
        case .key: self.key
        case .value: self.value
        case .source: self.source
        case .origin: self.origin
        case .applies: self.applies
        }
    }
}
