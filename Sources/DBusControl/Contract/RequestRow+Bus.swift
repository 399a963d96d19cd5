public import DBusKit

extension RequestRow {
    /// The names in the dictionary of a request, the same in messages and in `--json`.
    public enum Field: String, Sendable, CaseIterable {
        /// ``RequestRow/id``.
        case id = "id"
        /// ``RequestRow/receivedAt``.
        case receivedAt = "received_at"
        /// ``RequestRow/client``.
        case client = "client"
        /// ``RequestRow/project``.
        case project = "project"
        /// ``RequestRow/dialect``.
        case dialect = "dialect"
        /// ``RequestRow/model``.
        case model = "model"
        /// ``RequestRow/provider``.
        case provider = "provider"
        /// ``RequestRow/key``.
        case key = "key"
        /// ``RequestRow/status``.
        case status = "status"
        /// ``RequestRow/errorClass``.
        case errorClass = "class"
        /// ``RequestRow/isStream``.
        case isStream = "stream"
        /// ``RequestRow/outcome``.
        case outcome = "outcome"
        /// ``RequestRow/duration``.
        case duration = "duration_us"
        /// ``RequestRow/firstByte``.
        case firstByte = "first_byte_us"
        /// ``RequestRow/attempts``.
        case attempts = "attempts"
        /// ``RequestRow/tokens``.
        case tokens = "tokens"
        /// ``RequestRow/cost``; left out while it is unknown.
        case cost = "cost_pico_usd"
        /// ``RequestRow/dropped``; left out while it is 0.
        case dropped = "dropped"
    }

    /// The request as messages carry it, `a{sv}`.
    public var busValue: BusValue {
        var fields: [String: BusValue] = [:]
        for field in Field.allCases { fields[field.rawValue] = self.value(of: field) }
        return .variants(fields)
    }

    /// Reads a request's dictionary; what is missing keeps its default.
    ///
    /// Fails with `invalidArgument` if something is not of the contract's type.
    public init(busValue: BusValue) throws(ControlFault) {
        guard let fields = busValue.asDictionary else {
            throw ControlFault(.invalidArgument, "a request is not of the contract's type")
        }
        self.init()
        let reader = FieldReader<Field>(fields)
        try reader.read(.id, into: &self.id, \.asString)
        try reader.read(.receivedAt, into: &self.receivedAt, \.asUInt64)
        try reader.read(.client, into: &self.client, \.asString)
        try reader.read(.project, into: &self.project, \.asString)
        try reader.read(.dialect, into: &self.dialect, \.asString)
        try reader.read(.model, into: &self.model, \.asString)
        try reader.read(.provider, into: &self.provider, \.asString)
        try reader.read(.key, into: &self.key, \.asString)
        try reader.read(.status, into: &self.status, \.asUInt32)
        try reader.read(.errorClass, into: &self.errorClass, \.asString)
        try reader.read(.isStream, into: &self.isStream, \.asBoolean)
        try reader.read(.outcome, into: &self.outcome, \.asString)
        try reader.read(.duration, into: &self.duration, \.asUInt64)
        try reader.read(.firstByte, into: &self.firstByte, \.asUInt64)
        try reader.read(.attempts, into: &self.attempts) { $0.asList(Attempt.init(busValue:)) }
        try reader.read(.tokens, into: &self.tokens, \.asCounts)
        try reader.read(.cost, into: &self.cost) { $0.asInt64.map(Optional.some) }
        try reader.read(.dropped, into: &self.dropped, \.asUInt64)
    }

    private func value(of field: Field) -> BusValue? {
        switch field {
        case .id: .text(self.id)
        case .receivedAt: .uint64(self.receivedAt)
        case .client: .text(self.client)
        case .project: .text(self.project)
        case .dialect: .text(self.dialect)
        case .model: .text(self.model)
        case .provider: .text(self.provider)
        case .key: .text(self.key)
        case .status: .uint32(self.status)
        case .errorClass: .text(self.errorClass)
        case .isStream: .boolean(self.isStream)
        case .outcome: .text(self.outcome)
        case .duration: .uint64(self.duration)
        case .firstByte: .uint64(self.firstByte)
        case .attempts: .array(of: "a{sv}", self.attempts.map(\.busValue))
        case .tokens: .counts(self.tokens)
        case .cost: self.cost.map { .int64($0) }
        case .dropped: self.dropped == 0 ? nil : .uint64(self.dropped)
        }
    }
}

extension RequestRow.Attempt {
    /// The names in the dictionary of an attempt.
    public enum Field: String, Sendable, CaseIterable {
        /// ``RequestRow/Attempt/key``.
        case key = "key"
        /// ``RequestRow/Attempt/provider``.
        case provider = "provider"
        /// ``RequestRow/Attempt/errorClass``.
        case errorClass = "class"
        /// ``RequestRow/Attempt/status``.
        case status = "status"
        /// ``RequestRow/Attempt/duration``.
        case duration = "duration_us"
        /// ``RequestRow/Attempt/selection``.
        case selection = "selection"
        /// ``RequestRow/Attempt/isPossiblyBilled``.
        case isPossiblyBilled = "possibly_billed"
        /// ``RequestRow/Attempt/decidedBy``.
        case decidedBy = "decided_by"
        /// ``RequestRow/Attempt/waited``.
        case waited = "waited_us"
        /// ``RequestRow/Attempt/passedOver``.
        case passedOver = "passed_over"
    }

    /// The attempt as messages carry it, `a{sv}`.
    var busValue: BusValue {
        .variants([
            Field.key.rawValue: .text(self.key),
            Field.provider.rawValue: .text(self.provider),
            Field.errorClass.rawValue: .text(self.errorClass),
            Field.status.rawValue: .uint32(self.status),
            Field.duration.rawValue: .uint64(self.duration),
            Field.selection.rawValue: .text(self.selection),
            Field.isPossiblyBilled.rawValue: .boolean(self.isPossiblyBilled),
            Field.decidedBy.rawValue: .text(self.decidedBy),
            Field.waited.rawValue: .uint64(self.waited),
            Field.passedOver.rawValue: .textsByName(self.passedOver),
        ])
    }

    init?(busValue: BusValue) {
        guard let fields = busValue.asDictionary else { return nil }
        self.init()
        let reader = FieldReader<Field>(fields)
        do {
            try reader.read(.key, into: &self.key, \.asString)
            try reader.read(.provider, into: &self.provider, \.asString)
            try reader.read(.errorClass, into: &self.errorClass, \.asString)
            try reader.read(.status, into: &self.status, \.asUInt32)
            try reader.read(.duration, into: &self.duration, \.asUInt64)
            try reader.read(.selection, into: &self.selection, \.asString)
            try reader.read(.isPossiblyBilled, into: &self.isPossiblyBilled, \.asBoolean)
            try reader.read(.decidedBy, into: &self.decidedBy, \.asString)
            try reader.read(.waited, into: &self.waited, \.asUInt64)
            try reader.read(.passedOver, into: &self.passedOver, \.asTextsByName)
        } catch {
            // The row that holds the attempt says that its attempts are wrong.
            return nil
        }
    }
}

extension RequestPage {
    /// The page as the reply of `ListRequests` carries it: `aa{sv}` and the cursor.
    public var busValues: [BusValue] {
        [.array(of: "a{sv}", self.rows.map(\.busValue)), .text(self.cursor)]
    }

    /// Reads the reply of `ListRequests`; fails with `invalidArgument` if it is not of the contract's types.
    public init(busValues: [BusValue]) throws(ControlFault) {
        guard busValues.count == 2, let list = busValues[0].asArray, let cursor = busValues[1].asString else {
            throw ControlFault(.invalidArgument, "a page of requests is not of the contract's type")
        }
        self.init(rows: [], cursor: cursor)
        for row in list { self.rows.append(try RequestRow(busValue: row)) }
    }
}
