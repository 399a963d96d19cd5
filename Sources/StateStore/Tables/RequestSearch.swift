internal import GRDB
internal import ProxyCore

/// How the requests that a query lets through are found: by the index that leaves the fewest candidates.
///
/// A filter that few rows pass is followed by its own index; where all of them let many rows through, a page is full soon.
/// So that neither has to be guessed, the candidates of each index are counted first, up to a bound. Its SQL is put
/// together from constant pieces only, every value is an argument (T-031).
struct RequestSearch {
    /// What the rows are read from.
    enum Driver: CaseIterable {
        case errorClass
        case status
        case client
        case key
        case provider
        case time
        case number
    }

    /// How much is looked at.
    struct Limits {
        /// Candidates are counted up to so many; that many rows are looked at within a few dozen milliseconds.
        var count = 20_000
        /// At most so many candidates are looked at for a page, which may then be short: two filters that each let many rows
        /// through may let none through together.
        var window = 100_000
    }

    /// What the rows are read from.
    let driver: Driver
    private var filter: RequestFilter
    /// The most candidates for a page; `nil` if there cannot be many that do not pass.
    private let window: Int?

    /// Chooses; `nil` if no row can pass the filter.
    init?(
        _ query: RequestQuery, before number: Int64?, limits: Limits = Limits(), in database: Database
    ) throws {
        var filter = RequestFilter(query)
        filter.require(before: number)
        var best: (driver: Driver, count: Int)?
        for driver in Driver.allCases {
            guard let count = try filter.candidates(of: driver, upTo: limits.count, in: database) else { continue }
            if count == 0 { return nil }
            // At the bound none is better than another, and the first one stays.
            if best.map({ count < $0.count }) ?? true { best = (driver, count) }
        }
        var driver = best?.driver ?? .number
        if filter.hasTimes, best.map({ $0.count >= limits.count }) ?? true {
            // Rows are numbered in the order of their ends, nearly that of their beginnings: what lies within the times lies
            // between two numbers, and every index is ordered by number.
            guard let numbers = try filter.numbers(in: database) else { return nil }
            filter.require(within: numbers)
            if driver == .time { driver = .number }
        }
        let isWide = !filter.isEmpty && best.map { $0.count >= limits.count } ?? true
        self.init(driver, filter, window: isWide ? limits.window : nil)
    }

    /// Takes a plan as it is, for tests of each.
    init(_ driver: Driver, _ filter: RequestFilter, window: Int? = nil) {
        self.driver = driver
        self.filter = filter
        self.window = window
    }

    /// Lets only the next window of candidates through, and returns the number of the last of them; `nil` if these are all.
    mutating func narrow(in database: Database) throws -> Int64? {
        guard let window = self.window, let last = try self.filter.candidate(window, of: self.driver, in: database)
        else { return nil }
        self.filter.require(from: last)
        return last
    }

    /// The newest rows, at most so many, in their order.
    func page(of limit: Int, in database: Database) throws -> [Row] {
        let statement = try database.cachedStatement(sql: self.page)
        var rows: [Row] = []
        for part in try self.filter.parts(of: self.driver, in: database) {
            let arguments = self.filter.arguments(in: part) + [limit - rows.count]
            rows += try Row.fetchAll(statement, arguments: arguments)
            if rows.count >= limit { break }
        }
        return rows
    }

    /// How many rows there are by the last key; those of a key and provider may come in several parts.
    func tallies(in database: Database) throws -> [Row] {
        let statement = try database.cachedStatement(
            sql: "SELECT requests.key, requests.provider, count(*) AS requests " + self.selection
                + " AND requests.key IS NOT NULL GROUP BY requests.key, requests.provider")
        return try self.filter.parts(of: self.driver, in: database).flatMap { part in
            try Row.fetchAll(statement, arguments: self.filter.arguments(in: part))
        }
    }

    /// The statement for a part of a page; its last argument is the most rows.
    var page: String { "SELECT requests.* " + self.selection + " ORDER BY " + self.driver.number + " DESC LIMIT ?" }

    private var selection: String {
        "FROM " + self.driver.source + " WHERE " + self.filter.text(of: self.driver)
    }
}

extension RequestSearch.Driver {
    /// The request's number, by the name under which what the rows come from is ordered by it.
    var number: String { self == .key ? "attempts.request" : "requests.number" }

    /// What has a row for each candidate.
    var candidates: String { self == .key ? "attempts INDEXED BY attempts_by_key" : self.source }

    /// Where rows come from.
    ///
    /// The planner knows nothing of how often a value occurs, so it is told what to do; it fails where it cannot.
    var source: String {
        switch self {
        case .errorClass: "requests INDEXED BY requests_by_error_class"
        case .status: "requests INDEXED BY requests_by_status"
        case .client: "requests INDEXED BY requests_by_client"
        case .provider: "requests INDEXED BY requests_by_provider"
        case .time: "requests INDEXED BY requests_by_time"
        case .number: "requests NOT INDEXED"
        case .key:
            "attempts INDEXED BY attempts_by_key CROSS JOIN requests NOT INDEXED ON requests.number = attempts.request"
        }
    }
}
