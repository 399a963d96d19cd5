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
        /// ``RequestRow/usedModel``.
        case usedModel = "used_model"
        /// ``RequestRow/quality``.
        case quality = "quality"
        /// ``RequestRow/pricing``.
        case pricing = "pricing"
        /// ``RequestRow/priceVersion``.
        case priceVersion = "price_version"
        /// ``RequestRow/process``.
        case process = "process"
        /// ``RequestRow/processID``; left out while it is unknown.
        case processID = "process_id"
        /// ``RequestRow/unit``.
        case unit = "unit"
        /// ``RequestRow/user``.
        case user = "user"
        /// ``RequestRow/userID``; left out while it is unknown.
        case userID = "user_id"
        /// ``RequestRow/requestBody``; left out unless it was captured.
        case requestBody = "request_body"
        /// ``RequestRow/answerBody``; left out unless it was captured.
        case answerBody = "answer_body"
        /// ``RequestRow/areBodiesCut``; left out where there is no body.
        case areBodiesCut = "bodies_cut"
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
        try reader.read(.usedModel, into: &self.usedModel, \.asString)
        try reader.read(.quality, into: &self.quality, \.asString)
        try reader.read(.pricing, into: &self.pricing, \.asString)
        try reader.read(.priceVersion, into: &self.priceVersion, \.asString)
        try reader.read(.process, into: &self.process, \.asString)
        try reader.read(.processID, into: &self.processID) { $0.asUInt32.map(Optional.some) }
        try reader.read(.unit, into: &self.unit, \.asString)
        try reader.read(.user, into: &self.user, \.asString)
        try reader.read(.userID, into: &self.userID) { $0.asUInt32.map(Optional.some) }
        try reader.read(.requestBody, into: &self.requestBody) { $0.asString.map(Optional.some) }
        try reader.read(.answerBody, into: &self.answerBody) { $0.asString.map(Optional.some) }
        try reader.read(.areBodiesCut, into: &self.areBodiesCut, \.asBoolean)
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
        case .usedModel: .text(self.usedModel)
        case .quality: .text(self.quality)
        case .pricing: .text(self.pricing)
        case .priceVersion: .text(self.priceVersion)
        case .process: .text(self.process)
        case .processID: self.processID.map { .uint32($0) }
        case .unit: .text(self.unit)
        case .user: .text(self.user)
        case .userID: self.userID.map { .uint32($0) }
        case .requestBody: self.requestBody.map { .text($0) }
        case .answerBody: self.answerBody.map { .text($0) }
        case .areBodiesCut: self.requestBody == nil && self.answerBody == nil ? nil : .boolean(self.areBodiesCut)
        case .dropped: self.dropped == 0 ? nil : .uint64(self.dropped)
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
