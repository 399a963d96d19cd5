internal import GRDB
internal import ProxyCore

/// What was used by the hour: `spending`.
enum SpendingTables {
    /// Beyond so many sums of an hour, what callers name at will is added to ``ProxyCore/SpendingTable/other``.
    ///
    /// Whoever names another project with each request would fill the disk otherwise, for sums stay much longer than requests.
    static let hourLimit = 1_000
    /// So many sums of an hour each key has all the same: an operator with many keys has more than ``hourLimit`` without
    /// anybody naming anything strange.
    static let keyShare = 16

    /// Adds what was used since the last time.
    static func add(_ table: SpendingTable, to database: Database, _ tally: inout Tally) throws {
        guard !table.isEmpty else { return }
        var (raising, adding) = (
            try RowStatement(SpendingSQL.raise, in: database), try RowStatement(SpendingSQL.add, in: database)
        )
        // How many sums there are is counted only where there is a new one, which is seldom.
        var counts: [WallTime: Int] = [:]
        for (id, spending) in table.entries {
            tally.add(.spending)
            for column in SpendingColumn.allCases { raising.bind(column.value(of: spending)) }
            Self.bind(id, to: &raising)
            try raising.run()
            if database.changesCount > 0 { continue }
            var identity = id
            if try Self.count(of: id, in: database) >= Self.keyShare {
                let count = try counts[id.hour] ?? Self.count(of: id.hour, in: database)
                if count >= Self.hourLimit { identity = id.folded }
                counts[id.hour] = count
            }
            counts[id.hour]? += 1
            Self.bind(identity, to: &adding)
            for column in SpendingColumn.allCases { adding.bind(column.value(of: spending)) }
            try adding.run()
        }
    }

    /// Gives a statement the values of a sum's primary key.
    private static func bind(_ id: Spending.ID, to statement: inout RowStatement) {
        statement.bind(id.hour.microseconds)
        statement.bind(id.key.text)
        statement.bind(id.provider.text)
        statement.bind(id.model?.text ?? "")
        statement.bind(id.client?.text ?? "")
        statement.bind(id.project ?? "")
        statement.bind(id.process ?? "")
    }

    /// How many sums of its hour the key of a new one has, as far as its share.
    private static func count(of id: Spending.ID, in database: Database) throws -> Int {
        var statement = try RowStatement(
            "SELECT count(*) FROM (SELECT 1 FROM spending WHERE hour = ? AND key = ? AND provider = ? LIMIT ?)",
            in: database)
        statement.bind(id.hour.microseconds)
        statement.bind(id.key.text)
        statement.bind(id.provider.text)
        statement.bind(Int64(Self.keyShare))
        return Int(clamping: try statement.number())
    }

    /// How many sums an hour has, as far as the bound.
    private static func count(of hour: WallTime, in database: Database) throws -> Int {
        var statement = try RowStatement(
            "SELECT count(*) FROM (SELECT 1 FROM spending WHERE hour = ? LIMIT ?)", in: database)
        statement.bind(hour.microseconds)
        statement.bind(Int64(Self.hourLimit))
        return Int(clamping: try statement.number())
    }

    /// Sums what a query lets through; malformed rows are counted and passed over.
    static func sums(
        _ query: SpendingQuery, in database: Database, _ malformed: inout Tally
    ) throws -> [SpendingRow] {
        var axes: [SpendingQuery.Axis] = []
        for axis in query.by where !axes.contains(axis) { axes.append(axis) }
        let (condition, arguments) = Self.filter(query)
        let rows = try Row.fetchCursor(
            database, sql: SpendingSQL.sums(by: axes, where: condition),
            arguments: arguments + [SpendingQuery.rowLimit + 1])
        var sums: [SpendingRow] = []
        while let row = try rows.next() {
            guard let sum = Self.sum(row, by: axes) else {
                malformed.add(.spending)
                continue
            }
            guard sums.count < SpendingQuery.rowLimit else {
                throw StateStoreError(
                    .invalidLimit, "more than 100,000 sums; ask for a shorter time, or tell fewer things apart")
            }
            sums.append(sum)
        }
        return sums
    }

    private static func filter(_ query: SpendingQuery) -> (String, StatementArguments) {
        var conditions: [String] = []
        var values: [(any DatabaseValueConvertible)?] = []
        func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        require("hour >= ?", query.since?.startOfHour.microseconds)
        require("hour < ?", query.until?.microseconds)
        require("key = ?", query.key?.text)
        require("provider = ?", query.provider?.text)
        require("model = ?", query.model?.text)
        require("client = ?", query.client?.text)
        require("project = ?", query.project)
        require("process = ?", query.process)
        return (conditions.isEmpty ? "TRUE" : conditions.joined(separator: " AND "), StatementArguments(values))
    }

    private static func sum(_ row: Row, by axes: [SpendingQuery.Axis]) -> SpendingRow? {
        var sum = SpendingRow()
        for axis in axes {
            guard Self.read(axis, of: row, into: &sum) else { return nil }
        }
        for column in SpendingColumn.allCases {
            guard let upper = row.large(column.rawValue + "_upper"), let lower = row.large(column.rawValue + "_lower")
            else { return nil }
            column.set(SpendingSQL.sum(upper: upper, lower: lower), of: &sum.spending)
        }
        return sum
    }

    private static func read(_ axis: SpendingQuery.Axis, of row: Row, into sum: inout SpendingRow) -> Bool {
        if axis == .hour {
            sum.hour = row.large("hour").map(WallTime.init(microseconds:))
            return sum.hour != nil
        }
        guard let text = row.text(axis.rawValue) else { return false }
        // An empty text stands for none.
        guard !text.isEmpty else { return axis != .key && axis != .provider }
        switch axis {
        case .hour: return false
        case .key:
            sum.key = KeyLabel(text)
            return sum.key != nil
        case .provider:
            sum.provider = ProviderName(text)
            return sum.provider != nil
        case .model:
            sum.model = ModelName(text)
            return sum.model != nil
        case .client:
            sum.client = ClientName(text)
            return sum.client != nil
        case .project: sum.project = text
        case .process: sum.process = text
        }
        return true
    }
}
