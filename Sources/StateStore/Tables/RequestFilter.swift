internal import GRDB
internal import ProxyCore

/// The conditions that a query puts to the rows of `requests`: constant pieces of text, every value is an argument (T-031).
struct RequestFilter {
    private struct Condition {
        let text: String
        let value: any DatabaseValueConvertible
    }

    private var conditions: [Condition] = []
    /// Between which numbers the request's lies; the column depends on where rows come from.
    private var (first, last) = (Int64.min, Int64.max)
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
        if let number { self.last = min(self.last, number == .min ? .min : number - 1) }
    }

    /// Lets only this number and later ones through.
    mutating func require(from number: Int64) {
        self.first = max(self.first, number)
    }

    /// Lets only numbers through that are within a range.
    mutating func require(within numbers: ClosedRange<Int64>) {
        self.require(from: numbers.lowerBound)
        self.last = min(self.last, numbers.upperBound)
    }

    private mutating func require(_ text: String, _ value: (any DatabaseValueConvertible)?) {
        if let value { self.conditions.append(Condition(text: text, value: value)) }
    }

    /// The parts in which a driver's rows are looked at one after the other: the blocks of requests for that of keys, and
    /// all at once, which is `nil`, for the others.
    func parts(of driver: RequestSearch.Driver, in database: Database) throws -> [RequestBlock?] {
        guard driver == .key else { return [nil] }
        return try RequestBlock.newestFirst(from: self.first, through: self.last, in: database)
    }

    /// The condition, for rows that come from a driver.
    func text(of driver: RequestSearch.Driver) -> String {
        var texts: [String] = []
        if self.query.key != nil {
            texts.append(
                driver == .key
                    // Of the attempts with that key the first one stands for all, so that no request comes twice.
                    ? """
                    \(RequestBlock.condition) AND attempts.key = ? AND NOT EXISTS (
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
        texts.append(Self.bounds(of: driver))
        return texts.joined(separator: " AND ")
    }

    private static func bounds(of driver: RequestSearch.Driver) -> String {
        driver.number + " >= ? AND " + driver.number + " <= ?"
    }

    /// The values for the condition, for rows of a part.
    func arguments(in part: RequestBlock?) -> StatementArguments {
        var values: [(any DatabaseValueConvertible)?] = []
        if let key = self.query.key { values.append(key.text) }
        values += self.conditions.map { Optional($0.value) }
        return Self.arguments(in: part, values + [self.first, self.last])
    }

    private static func arguments(
        in part: RequestBlock?, _ values: [(any DatabaseValueConvertible)?]
    ) -> StatementArguments {
        guard let part else { return StatementArguments(values) }
        return StatementArguments([part.number] + values)
    }

    /// How many rows a driver would have to look at, as far as a bound; `nil` if the query does not suit it.
    func candidates(
        of driver: RequestSearch.Driver, upTo limit: Int, in database: Database
    ) throws -> Int? {
        guard driver != .number, let (condition, values) = self.condition(of: driver) else { return nil }
        let statement = try database.cachedStatement(
            sql: "SELECT count(*) FROM (SELECT 1 FROM " + driver.candidates + " WHERE " + condition + " LIMIT ?)")
        var count = 0
        for part in try self.parts(of: driver, in: database) {
            let arguments = Self.arguments(in: part, values + [limit - count])
            count += try Int.fetchOne(statement, arguments: arguments) ?? 0
            if count >= limit { break }
        }
        return count
    }

    /// The number of the candidate at a place, the newest one being the first; `nil` if there are fewer, or the query does not
    /// suit the driver.
    func candidate(_ place: Int, of driver: RequestSearch.Driver, in database: Database) throws -> Int64? {
        guard let (condition, values) = self.condition(of: driver) else { return nil }
        let statement = try database.cachedStatement(
            sql: "SELECT count(*) AS count, min(number) AS last FROM (SELECT " + driver.number + " AS number FROM "
                + driver.candidates + " WHERE " + condition + " AND " + Self.bounds(of: driver) + " ORDER BY "
                + driver.number + " DESC LIMIT ?)")
        var missing = place
        for part in try self.parts(of: driver, in: database) {
            let arguments = Self.arguments(in: part, values + [self.first, self.last, missing])
            guard let row = try Row.fetchOne(statement, arguments: arguments) else { continue }
            missing -= row.integer("count") ?? 0
            if missing <= 0 { return row.large("last") }
        }
        return nil
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
        case .key:
            (condition, values) = (RequestBlock.condition + " AND attempts.key = ?", [self.query.key?.text])
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
