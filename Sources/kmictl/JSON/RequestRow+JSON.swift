import DBusControl

extension RequestRow {
    /// The request as an object.
    var json: JSONValue {
        .object(Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.json(of: $1) })
    }

    private func json(of field: Field) -> JSONValue? {
        switch field {
        case .id: .string(self.id)
        case .receivedAt: .moment(self.receivedAt)
        case .client: .string(self.client)
        case .project: .string(self.project)
        case .dialect: .string(self.dialect)
        case .model: .string(self.model)
        case .provider: .string(self.provider)
        case .key: .string(self.key)
        case .status: .unsigned(UInt64(self.status))
        case .errorClass: .string(self.errorClass)
        case .isStream: .boolean(self.isStream)
        case .outcome: .string(self.outcome)
        case .duration: .unsigned(self.duration)
        case .firstByte: self.firstByte == 0 ? .null : .unsigned(self.firstByte)
        case .attempts: .array(self.attempts.map(\.json))
        case .tokens: .counts(self.tokens)
        case .cost: self.cost.map { .integer($0) } ?? .null
        case .usedModel: .string(self.usedModel)
        case .quality: .string(self.quality)
        case .pricing: .string(self.pricing)
        case .priceVersion: .string(self.priceVersion)
        case .process: .string(self.process)
        case .processID: self.processID.map { .unsigned(UInt64($0)) } ?? .null
        case .unit: .string(self.unit)
        case .user: .string(self.user)
        case .userID: self.userID.map { .unsigned(UInt64($0)) } ?? .null
        case .requestBody: self.requestBody.map { .string($0) }
        case .answerBody: self.answerBody.map { .string($0) }
        case .areBodiesCut: self.hasBodies ? .boolean(self.areBodiesCut) : nil
        case .dropped: self.dropped == 0 ? nil : .unsigned(self.dropped)
        }
    }
}

extension RequestRow.Attempt {
    /// The attempt as an object.
    fileprivate var json: JSONValue {
        .object(Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.json(of: $1) })
    }

    private func json(of field: Field) -> JSONValue {
        switch field {
        case .key: .string(self.key)
        case .provider: .string(self.provider)
        case .errorClass: .string(self.errorClass)
        case .status: .unsigned(UInt64(self.status))
        case .duration: .unsigned(self.duration)
        case .selection: .string(self.selection)
        case .isPossiblyBilled: .boolean(self.isPossiblyBilled)
        case .decidedBy: .string(self.decidedBy)
        case .waited: .unsigned(self.waited)
        case .passedOver: .object(self.passedOver.mapValues { .string($0) })
        case .model: .string(self.model)
        case .tokens: .counts(self.tokens)
        case .quality: .string(self.quality)
        case .isInconsistent: .boolean(self.isInconsistent)
        case .cost: self.cost.map { .integer($0) } ?? .null
        case .pricing: .string(self.pricing)
        case .priceVersion: .string(self.priceVersion)
        }
    }
}
