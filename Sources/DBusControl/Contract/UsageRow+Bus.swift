public import DBusKit

extension UsageRow {
    /// The names in the dictionary of a row, the same in messages and in `--json`.
    public enum Field: String, Sendable, CaseIterable {
        /// ``UsageRow/key``; left out where rows are not grouped by it, as in what follows.
        case key = "key"
        /// ``UsageRow/provider``.
        case provider = "provider"
        /// ``UsageRow/model``.
        case model = "model"
        /// ``UsageRow/client``.
        case client = "client"
        /// ``UsageRow/project``.
        case project = "project"
        /// ``UsageRow/process``.
        case process = "process"
        /// ``UsageRow/day``.
        case day = "day"
        /// ``UsageRow/hour``.
        case hour = "hour"
        /// ``UsageRow/requests``.
        case requests = "requests"
        /// ``UsageRow/tokens``.
        case tokens = "tokens"
        /// ``UsageRow/cost``; left out where it is not known.
        case cost = "cost_pico_usd"
        /// ``UsageRow/unpriced``.
        case unpriced = "unpriced"
        /// ``UsageRow/uncertain``.
        case uncertain = "uncertain"
    }

    /// The rows as `GetUsage` tells them, `aa{sv}`.
    public static func busValue(of rows: [UsageRow]) -> BusValue {
        .array(of: "a{sv}", rows.map(\.busValue))
    }

    /// Reads the rows of `GetUsage`; what is missing keeps its default.
    ///
    /// Fails with `invalidArgument` if something is not of the contract's type.
    public static func rows(busValue: BusValue) throws(ControlFault) -> [UsageRow] {
        guard let list = busValue.asArray else {
            throw ControlFault(.invalidArgument, "usage is not of the contract's type")
        }
        var rows: [UsageRow] = []
        rows.reserveCapacity(list.count)
        for row in list { rows.append(try UsageRow(busValue: row)) }
        return rows
    }

    private var busValue: BusValue {
        var fields: [String: BusValue] = [:]
        for field in Field.allCases { fields[field.rawValue] = self.value(of: field) }
        return .variants(fields)
    }

    private init(busValue: BusValue) throws(ControlFault) {
        guard let fields = busValue.asDictionary else {
            throw ControlFault(.invalidArgument, "a row of usage is not of the contract's type")
        }
        self.init()
        let reader = FieldReader<Field>(fields)
        try reader.read(.key, into: &self.key) { $0.asString.map(Optional.some) }
        try reader.read(.provider, into: &self.provider) { $0.asString.map(Optional.some) }
        try reader.read(.model, into: &self.model) { $0.asString.map(Optional.some) }
        try reader.read(.client, into: &self.client) { $0.asString.map(Optional.some) }
        try reader.read(.project, into: &self.project) { $0.asString.map(Optional.some) }
        try reader.read(.process, into: &self.process) { $0.asString.map(Optional.some) }
        try reader.read(.day, into: &self.day) { $0.asString.map(Optional.some) }
        try reader.read(.hour, into: &self.hour) { $0.asUInt64.map(Optional.some) }
        try reader.read(.requests, into: &self.requests, \.asUInt64)
        try reader.read(.tokens, into: &self.tokens, \.asCounts)
        try reader.read(.cost, into: &self.cost) { $0.asInt64.map(Optional.some) }
        try reader.read(.unpriced, into: &self.unpriced, \.asUInt64)
        try reader.read(.uncertain, into: &self.uncertain, \.asUInt64)
    }

    private func value(of field: Field) -> BusValue? {
        switch field {
        case .key: self.key.map { .text($0) }
        case .provider: self.provider.map { .text($0) }
        case .model: self.model.map { .text($0) }
        case .client: self.client.map { .text($0) }
        case .project: self.project.map { .text($0) }
        case .process: self.process.map { .text($0) }
        case .day: self.day.map { .text($0) }
        case .hour: self.hour.map { .uint64($0) }
        case .requests: .uint64(self.requests)
        case .tokens: .counts(self.tokens)
        case .cost: self.cost.map { .int64($0) }
        case .unpriced: .uint64(self.unpriced)
        case .uncertain: .uint64(self.uncertain)
        }
    }
}
