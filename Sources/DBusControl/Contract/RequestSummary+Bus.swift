public import DBusKit

extension RequestSummary {
    /// The rows as `SummarizeRequests` tells them, `aa{sv}`.
    public var busValue: BusValue {
        .array(
            of: "a{sv}",
            self.rows.map { row in
                .variants(Row.Field.allCases.reduce(into: [:]) { $0[$1.rawValue] = self.value(of: $1, row) })
            })
    }

    /// Reads the rows of `SummarizeRequests`; what is missing keeps its default.
    ///
    /// Fails with `invalidArgument` if something is not of the contract's type.
    public init(busValue: BusValue) throws(ControlFault) {
        guard let list = busValue.asArray else {
            throw ControlFault(.invalidArgument, "a summary is not of the contract's type")
        }
        self.init(rows: [])
        for row in list { self.rows.append(try Row(busValue: row)) }
    }

    private func value(of field: Row.Field, _ row: Row) -> BusValue {
        switch field {
        case .key: .text(row.key)
        case .provider: .text(row.provider)
        case .requests: .uint64(row.requests)
        case .share: .double(self.share(of: row))
        case .isEligible: .boolean(row.isEligible)
        case .weight: .uint32(row.weight)
        }
    }
}

extension RequestSummary.Row {
    /// The names in the dictionary of a row, the same in messages and in `--json`.
    public enum Field: String, Sendable, CaseIterable {
        /// ``RequestSummary/Row/key``.
        case key = "key"
        /// ``RequestSummary/Row/provider``.
        case provider = "provider"
        /// ``RequestSummary/Row/requests``.
        case requests = "requests"
        /// ``RequestSummary/share(of:)``.
        case share = "share"
        /// ``RequestSummary/Row/isEligible``.
        case isEligible = "eligible"
        /// ``RequestSummary/Row/weight``.
        case weight = "weight"
    }

    fileprivate init(busValue: BusValue) throws(ControlFault) {
        guard let fields = busValue.asDictionary else {
            throw ControlFault(.invalidArgument, "a row of a summary is not of the contract's type")
        }
        self.init()
        let reader = FieldReader<Field>(fields)
        try reader.read(.key, into: &self.key, \.asString)
        try reader.read(.provider, into: &self.provider, \.asString)
        try reader.read(.requests, into: &self.requests, \.asUInt64)
        try reader.read(.isEligible, into: &self.isEligible, \.asBoolean)
        try reader.read(.weight, into: &self.weight, \.asUInt32)
        // It follows from the others.
        var share = 0.0
        try reader.read(.share, into: &share, \.asDouble)
    }
}
