import DBusControl
import ProxyCore
import StateStore

extension DaemonControl {
    func usage(_ query: UsageQuery) async throws(ControlFault) -> [UsageRow] {
        let question = try SpendingQuery(query)
        let spendings: [SpendingRow]
        do throws(StateStoreError) {
            spendings = try await self.store.spending(question)
        } catch {
            throw ControlFault(error)
        }
        var sums = UsageSums(by: query.by)
        for row in spendings { sums.add(row.spending, hour: row.hour) { row[$0] } }
        return sums.rows
    }
}

extension SpendingQuery {
    /// What a caller asks for, in whole hours; the fault says which of its words can name nothing.
    init(_ query: UsageQuery) throws(ControlFault) {
        self.init()
        var axes: [Axis] = []
        for axis in query.by.map(Axis.init) where !axes.contains(axis) { axes.append(axis) }
        self.by = axes
        self.since = query.since.map { WallTime(microseconds: Int64(clamping: UsageQuery.hour(of: $0))) }
        self.until = query.until.map { WallTime(microseconds: Int64(clamping: UsageQuery.endOfHour(of: $0))) }
        self.key = try NameArgument.read(query.key, "label of a key", KeyLabel.init)
        self.provider = try NameArgument.read(query.provider, "name of a provider", ProviderName.init)
        self.model = try NameArgument.read(query.model, "name of a model", ModelName.init)
        self.client = try NameArgument.read(query.client, "name of a client", ClientName.init)
        self.project = query.project
        self.process = query.process
    }
}

extension SpendingQuery.Axis {
    /// What the store sums up by; days are made of hours, since only the daemon knows its time zone.
    init(_ axis: UsageAxis) {
        self =
            switch axis {
            case .key: .key
            case .provider: .provider
            case .model: .model
            case .client: .client
            case .project: .project
            case .process: .process
            case .day, .hour: .hour
            }
    }
}

extension SpendingRow {
    /// The name on an axis; `nil` where there is none, and for times.
    fileprivate subscript(axis: UsageAxis) -> String? {
        switch axis {
        case .key: self.key?.text
        case .provider: self.provider?.text
        case .model: self.model?.text
        case .client: self.client?.text
        case .project: self.project
        case .process: self.process
        case .day, .hour: nil
        }
    }
}
