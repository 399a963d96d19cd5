public import DBusKit

extension AuditRow {
    /// The names in the dictionary of a row, the same in messages and in `--json`.
    public enum Field: String, Sendable, CaseIterable {
        /// ``AuditRow/id``.
        case id = "id"
        /// ``AuditRow/at``.
        case at = "at"
        /// ``AuditRow/actor``.
        case actor = "actor"
        /// ``AuditRow/action``.
        case action = "action"
        /// ``AuditRow/target``.
        case target = "target"
        /// ``AuditRow/result``.
        case result = "result"
        /// ``AuditRow/detail``.
        case detail = "detail"
    }

    /// The row as messages carry it, `a{sv}`.
    var busValue: BusValue {
        .variants([
            Field.id.rawValue: .uint64(self.id), Field.at.rawValue: .uint64(self.at),
            Field.actor.rawValue: .text(self.actor), Field.action.rawValue: .text(self.action),
            Field.target.rawValue: .text(self.target), Field.result.rawValue: .text(self.result),
            Field.detail.rawValue: .text(self.detail),
        ])
    }

    fileprivate init(_ fields: [String: BusValue]) throws(ControlFault) {
        self.init()
        let reader = FieldReader<Field>(fields)
        try reader.read(.id, into: &self.id, \.asUInt64)
        try reader.read(.at, into: &self.at, \.asUInt64)
        try reader.read(.actor, into: &self.actor, \.asString)
        try reader.read(.action, into: &self.action, \.asString)
        try reader.read(.target, into: &self.target, \.asString)
        try reader.read(.result, into: &self.result, \.asString)
        try reader.read(.detail, into: &self.detail, \.asString)
    }
}

extension AuditPage {
    /// The page as the reply of `ListAudit` carries it: `aa{sv}` and the cursor.
    public var busValues: [BusValue] {
        [.array(of: "a{sv}", self.rows.map(\.busValue)), .text(self.cursor)]
    }

    /// Reads the reply of `ListAudit`; fails with `invalidArgument` if it is not of the contract's types.
    public init(busValues: [BusValue]) throws(ControlFault) {
        guard busValues.count == 2, let cursor = busValues[1].asString else {
            throw ControlFault(.invalidArgument, "a page of audit events is not of the contract's type")
        }
        let rows = try busValues[0].rows("a page of audit events") { (fields) throws(ControlFault) in
            try AuditRow(fields)
        }
        self.init(rows: rows, cursor: cursor)
    }
}

extension AuditFilter {
    /// The options of `ListAudit`.
    private enum Option: String, ControlOption {
        case limit = "limit"
        case cursor = "cursor"
        case since = "since"
        case until = "until"
        case action = "action"
    }

    /// The filter as messages carry it, `a{sv}`; what is not asked for is left out.
    public var busValue: BusValue {
        var options: [String: BusValue] = [Option.limit.rawValue: .uint32(self.limit)]
        if !self.cursor.isEmpty { options[Option.cursor.rawValue] = .text(self.cursor) }
        options[Option.since.rawValue] = self.since.map { .uint64($0) }
        options[Option.until.rawValue] = self.until.map { .uint64($0) }
        options[Option.action.rawValue] = self.action.map { .text($0) }
        return .variants(options)
    }

    /// Reads a filter strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.limit = try reader.pageLimit(.limit) ?? self.limit
        self.cursor = try reader.cursor(.cursor) ?? ""
        self.since = try reader.moment(.since)
        self.until = try reader.moment(.until)
        self.action = try reader.value(.action, expected: "s, an action such as key_added") {
            $0.asString.flatMap { ControlText.isLowerSnake($0) ? $0 : nil }
        }
    }
}
