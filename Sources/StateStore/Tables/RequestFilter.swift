internal import GRDB
internal import ProxyCore

/// The conditions that a query puts to the rows of `requests`: constant pieces of text, every value is an argument (T-031).
struct RequestFilter {
    private struct Condition {
        let text: String
        let value: any DatabaseValueConvertible
    }

    /// A bound of the request's number, the column of which depends on where rows come from.
    private struct Bound {
        let comparison: String
        let number: Int64
    }

    private var conditions: [Condition] = []
    private var bounds: [Bound] = []
    private let query: RequestQuery

    init(_ query: RequestQuery) {
        self.query = query
        self.require("received_at >= ?", query.since?.microseconds)
        self.require("received_at < ?", query.until?.microseconds)
        self.require("requests.provider = ?", query.provider?.text)
        self.require("client = ?", query.client?.text)
        self.require("requests.status = ?", query.status)
        self.require("requests.error_class = ?", query.errorClass?.rawValue)
    }

    /// Whether it asks for times.
    var hasTimes: Bool { self.query.since != nil || self.query.until != nil }

    /// Whether it lets every row through, but for the numbers.
    var isEmpty: Bool { self.conditions.isEmpty && self.query.key == nil }

    /// Lets only numbers through that are before one.
    mutating func require(before number: Int64?) {
        if let number { self.bounds.append(Bound(comparison: " < ?", number: number)) }
    }

    /// Lets only this number and later ones through.
    mutating func require(from number: Int64) {
        self.bounds.append(Bound(comparison: " >= ?", number: number))
    }

    /// Lets only numbers through that are within a range.
    mutating func require(within numbers: ClosedRange<Int64>) {
        self.bounds.append(Bound(comparison: " >= ?", number: numbers.lowerBound))
        self.bounds.append(Bound(comparison: " <= ?", number: numbers.upperBound))
    }

    private mutating func require(_ text: String, _ value: (any DatabaseValueConvertible)?) {
        if let value { self.conditions.append(Condition(text: text, value: value)) }
    }

    /// The condition, for rows that come from a driver.
    func text(of driver: RequestSearch.Driver) -> String {
        var texts: [String] = []
        if self.query.key != nil {
            texts.append(
                driver == .key
                    // Of the attempts with that key the first one stands for all, so that no request comes twice.
                    ? """
                    attempts.key = ? AND NOT EXISTS (
                        SELECT 1 FROM attempts AS former WHERE former.request = attempts.request
                        AND former.position < attempts.position AND former.key = attempts.key)
                    """
                    : """
                    EXISTS (SELECT 1 FROM attempts WHERE attempts.request = requests.number AND attempts.key = ?)
                    """)
        }
        // A partial index is used only for rows that are known to be in it.
        if driver == .status { texts.append("requests.status <> 200") }
        texts += self.conditions.map(\.text)
        texts += self.bounds.map { driver.number + $0.comparison }
        return texts.isEmpty ? "TRUE" : texts.joined(separator: " AND ")
    }

    /// The values for the condition.
    var arguments: StatementArguments {
        var values: [(any DatabaseValueConvertible)?] = []
        if let key = self.query.key { values.append(key.text) }
        values += self.conditions.map { Optional($0.value) }
        values += self.bounds.map { Optional($0.number) }
        return StatementArguments(values)
    }

    /// How many rows a driver would have to look at, as far as a bound; `nil` if the query does not suit it.
    func candidates(
        of driver: RequestSearch.Driver, upTo limit: Int, in database: Database
    ) throws -> Int? {
        guard driver != .number, let (condition, values) = self.condition(of: driver) else { return nil }
        let text = "SELECT count(*) FROM (SELECT 1 FROM " + driver.candidates + " WHERE " + condition + " LIMIT ?)"
        return try Int.fetchOne(
            database.cachedStatement(sql: text), arguments: StatementArguments(values) + [limit])
    }

    /// The number of the candidate at a place, the newest one being the first; `nil` if there are fewer, or the query does not
    /// suit the driver.
    func candidate(_ place: Int, of driver: RequestSearch.Driver, in database: Database) throws -> Int64? {
        guard let (condition, values) = self.condition(of: driver) else { return nil }
        let conditions = [condition] + self.bounds.map { driver.number + $0.comparison }
        let text =
            "SELECT " + driver.number + " FROM " + driver.candidates + " WHERE "
            + conditions.joined(separator: " AND ") + " ORDER BY " + driver.number + " DESC LIMIT 1 OFFSET ?"
        let numbers: [(any DatabaseValueConvertible)?] = self.bounds.map { $0.number }
        return try Int64.fetchOne(
            database.cachedStatement(sql: text), arguments: StatementArguments(values + numbers) + [place - 1])
    }

    /// What a driver's index answers alone; `nil` if the query does not suit it.
    private func condition(
        of driver: RequestSearch.Driver
    ) -> (text: String, values: [(any DatabaseValueConvertible)?])? {
        let condition: String
        let values: [(any DatabaseValueConvertible)?]
        switch driver {
        case .errorClass: (condition, values) = ("requests.error_class = ?", [self.query.errorClass?.rawValue])
        case .status:
            guard self.query.status != 200 else { return nil }
            (condition, values) = ("requests.status = ? AND requests.status <> 200", [self.query.status])
        case .client: (condition, values) = ("client = ?", [self.query.client?.text])
        case .provider: (condition, values) = ("requests.provider = ?", [self.query.provider?.text])
        case .key: (condition, values) = ("attempts.key = ?", [self.query.key?.text])
        case .time:
            guard self.hasTimes else { return nil }
            (condition, values) = (Self.times, self.times)
        case .number: (condition, values) = ("TRUE", [])
        }
        return values.allSatisfy { $0 != nil } ? (condition, values) : nil
    }

    /// Between which numbers the rows within the times lie; `nil` if there are none.
    func numbers(in database: Database) throws -> ClosedRange<Int64>? {
        // Whoever asks for all times need not have them all looked at.
        let outside =
            "SELECT EXISTS (SELECT 1 FROM " + RequestSearch.Driver.time.source + " WHERE received_at < ?) OR EXISTS ("
            + "SELECT 1 FROM " + RequestSearch.Driver.time.source + " WHERE received_at >= ?)"
        let isOutside = try Bool.fetchOne(
            database.cachedStatement(sql: outside), arguments: StatementArguments(self.times))
        guard isOutside == true else { return 1...Int64.max }
        let text =
            "SELECT min(number) AS first, max(number) AS last FROM " + RequestSearch.Driver.time.source + " WHERE "
            + Self.times
        let row = try Row.fetchOne(
            database.cachedStatement(sql: text), arguments: StatementArguments(self.times))
        guard let first = row?.large("first"), let last = row?.large("last"), first <= last else { return nil }
        return first...last
    }

    private static let times = "received_at >= ? AND received_at < ?"

    private var times: [(any DatabaseValueConvertible)?] {
        [self.query.since?.microseconds ?? .min, self.query.until?.microseconds ?? .max]
    }
}
