public import DBusKit

extension ExplainRow {
    /// The names in the dictionary of a row, the same in messages and in `--json`.
    public enum Field: String, Sendable, CaseIterable {
        /// ``ExplainRow/provider``.
        case provider = "provider"
        /// ``ExplainRow/key``.
        case key = "key"
        /// ``ExplainRow/model``.
        case model = "model"
        /// ``ExplainRow/isChosen``.
        case isChosen = "chosen"
        /// ``ExplainRow/selection``.
        case selection = "selection"
        /// ``ExplainRow/state``.
        case state = "state"
        /// ``ExplainRow/obstacle``.
        case obstacle = "obstacle"
        /// ``ExplainRow/reason``.
        case reason = "reason"
        /// ``ExplainRow/usableAt``.
        case usableAt = "usable_at"
        /// ``ExplainRow/breaker``.
        case breaker = "breaker"
        /// ``ExplainRow/candidate``.
        case candidate = "candidate"
    }

    /// Rows as `ExplainRoute` tells them, `aa{sv}`.
    public static func busValue(of rows: [ExplainRow]) -> BusValue { .array(of: "a{sv}", rows.map(\.busValue)) }

    /// Reads the rows of `ExplainRoute`; fails with `invalidArgument` if they are not of the contract's type.
    public static func rows(busValue: BusValue) throws(ControlFault) -> [ExplainRow] {
        guard let list = busValue.asArray else {
            throw ControlFault(.invalidArgument, "the rows are not of the contract's type")
        }
        var rows: [ExplainRow] = []
        for row in list { rows.append(try ExplainRow(busValue: row)) }
        return rows
    }

    /// The row as messages carry it, `a{sv}`.
    var busValue: BusValue {
        .variants(Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.value(of: $1) })
    }

    /// Reads a row's dictionary; what is missing keeps its default.
    init(busValue: BusValue) throws(ControlFault) {
        guard let fields = busValue.asDictionary else {
            throw ControlFault(.invalidArgument, "a row is not of the contract's type")
        }
        self.init()
        let reader = FieldReader<Field>(fields)
        try reader.read(.provider, into: &self.provider, \.asString)
        try reader.read(.key, into: &self.key, \.asString)
        try reader.read(.model, into: &self.model, \.asString)
        try reader.read(.isChosen, into: &self.isChosen, \.asBoolean)
        try reader.read(.selection, into: &self.selection, \.asString)
        try reader.read(.state, into: &self.state, \.asString)
        try reader.read(.obstacle, into: &self.obstacle, \.asString)
        try reader.read(.reason, into: &self.reason, \.asString)
        try reader.read(.usableAt, into: &self.usableAt, \.asUInt64)
        try reader.read(.breaker, into: &self.breaker, \.asString)
        try reader.read(.candidate, into: &self.candidate, \.asUInt32)
    }

    private func value(of field: Field) -> BusValue {
        switch field {
        case .provider: .text(self.provider)
        case .key: .text(self.key)
        case .model: .text(self.model)
        case .isChosen: .boolean(self.isChosen)
        case .selection: .text(self.selection)
        case .state: .text(self.state)
        case .obstacle: .text(self.obstacle)
        case .reason: .text(self.reason)
        case .usableAt: .uint64(self.usableAt)
        case .breaker: .text(self.breaker)
        case .candidate: .uint32(self.candidate)
        }
    }
}

extension ExplainOptions {
    /// The options of `ExplainRoute`.
    private enum Option: String, ControlOption {
        case key = "key"
        case session = "session"
        case provider = "provider"
        case client = "client"
        case request = "request"
    }

    /// The options as messages carry them, `a{sv}`; what is not known is left out.
    public var busValue: BusValue {
        var options: [String: BusValue] = [:]
        options[Option.key.rawValue] = self.key.map { .text($0) }
        options[Option.session.rawValue] = self.session.map { .text($0) }
        options[Option.provider.rawValue] = self.provider.map { .text($0) }
        options[Option.client.rawValue] = self.client.map { .text($0) }
        options[Option.request.rawValue] = self.request.map { .text($0) }
        return .variants(options)
    }

    /// Reads the options strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.key = try reader.label(.key)
        self.session = try reader.value(.session, expected: "s, 1 to 1024 visible ASCII characters") {
            $0.asString.flatMap { ControlText.isVisibleASCII($0, maximum: 1024) ? $0 : nil }
        }
        self.provider = try reader.label(.provider)
        self.client = try reader.label(.client)
        self.request = try reader.value(.request, expected: "s, 1 to 128 visible ASCII characters") {
            $0.asString.flatMap { ControlText.isVisibleASCII($0, maximum: 128) ? $0 : nil }
        }
        let others = [self.key, self.session, self.provider, self.client]
        guard self.request == nil || others.allSatisfy({ $0 == nil }) else {
            throw ControlFault(.invalidArgument, "option request: expected no other option beside it")
        }
    }
}
