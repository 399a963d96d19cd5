import Foundation
import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

/// How pages are found among many rows.
@Suite(.timeLimit(.minutes(5)))
struct RequestSearchTests {
    /// Every combination of filters.
    private static func queries() throws -> [RequestQuery] {
        try (0..<64).map { bits in
            func has(_ bit: Int) -> Bool { bits >> bit & 1 == 1 }
            var query = RequestQuery()
            query.key = has(0) ? try label("beta") : nil
            query.provider = has(1) ? try provider("sim") : nil
            query.client = has(2) ? try client("laptop") : nil
            query.status = has(3) ? 429 : nil
            query.errorClass = has(4) ? .providerRateLimited : nil
            if has(5) {
                query.since = WallTime(microseconds: newYear.microseconds + 50)
                query.until = WallTime(microseconds: newYear.microseconds + 350)
            }
            return query
        }
    }

    /// Records that pass and fail each of these filters.
    private static func records() throws -> [RequestRecord] {
        try (0..<400).map { number in
            func has(_ bit: Int) -> Bool { number >> bit & 1 == 1 }
            var record = try served(number, by: has(0) ? "beta" : "gamma", at: has(1) ? "sim" : "elsewhere")
            record.client = has(2) ? try client("laptop") : nil
            record.status = has(3) ? 429 : 200
            record.errorClass = has(4) ? .providerRateLimited : nil
            if has(5) {
                // The key twice in one request.
                record.attempts.insert(
                    RequestRecord.Attempt(key: try label("beta"), provider: try provider("sim")), at: 0)
            }
            // Not in the order of the numbers.
            record.receivedAt = WallTime(microseconds: newYear.microseconds + Int64((number * 7) % 400))
            return record
        }
    }

    private static func passes(_ record: RequestRecord, _ query: RequestQuery) -> Bool {
        (query.key.map { key in record.attempts.contains { $0.key == key } } ?? true)
            && (query.provider.map { record.provider == $0 } ?? true)
            && (query.client.map { record.client == $0 } ?? true)
            && (query.status.map { record.status == $0 } ?? true)
            && (query.errorClass.map { record.errorClass == $0 } ?? true)
            && (query.since.map { record.receivedAt >= $0 } ?? true)
            && (query.until.map { record.receivedAt < $0 } ?? true)
    }

    /// Writes these with numbers on both sides of the border of two blocks.
    private static func number(_ records: [RequestRecord], in store: StateStore) async throws {
        try await store.onWriter { database in
            try database.execute(sql: "INSERT INTO sqlite_sequence VALUES ('requests', 3900)")
        }
        for record in records { store.append(record) }
        try await store.settled()
    }

    @Test("every way to find requests finds the same ones, in their order, by an index and without sorting")
    func agrees() async throws {
        try await TemporaryDirectory.with { directory in
            let (queries, records) = (try Self.queries(), try Self.records())
            try await withStore(in: directory) { store async throws in
                try await Self.number(records, in: store)
                for query in queries {
                    let expected = Array(records.filter { Self.passes($0, query) }.map(\.id).reversed())
                    #expect(try await store.requests(query).records.map(\.id) == Array(expected.prefix(100)))
                    let found = try await store.onWriter { database in
                        try RequestSearch.Driver.allCases.compactMap {
                            driver -> (driver: RequestSearch.Driver, ids: [String], plan: [String])? in
                            var filter = RequestFilter(query)
                            filter.require(before: 10_000)
                            let candidates = try filter.candidates(of: driver, upTo: 9, in: database)
                            guard driver == .number || candidates != nil else { return nil }
                            let search = RequestSearch(driver, filter)
                            let parts = try filter.parts(of: driver, in: database)
                            #expect(parts.count == (driver == .key ? 2 : 1))
                            let plan = try Row.fetchAll(
                                database, sql: "EXPLAIN QUERY PLAN " + search.page,
                                arguments: filter.arguments(in: parts[0]) + [1_000])
                            let rows = try search.page(of: 1_000, in: database)
                            return (driver, rows.compactMap { $0.text("id") }, plan.compactMap { $0.text("detail") })
                        }
                    }
                    for (driver, ids, plan) in found {
                        #expect(ids == expected, "\(driver) \(query)")
                        #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(driver) \(plan)")
                        #expect(plan.contains { $0.contains("TEMP B-TREE") } == (driver == .time), "\(driver) \(plan)")
                    }
                    #expect(found.count >= 1)
                }
            }
        }
    }

    @Test("pages of a key neither skip nor repeat a request that used it twice (A-024)")
    func pagesByKey() async throws {
        try await TemporaryDirectory.with { directory in
            let records = try Self.records()
            try await withStore(in: directory) { store async throws in
                try await Self.number(records, in: store)
                var query = RequestQuery()
                query.key = try label("beta")
                query.limit = 7
                var ids: [String] = []
                repeat {
                    let page = try await store.requests(query)
                    ids += page.records.map(\.id)
                    query.cursor = page.next
                } while !query.cursor.isEmpty
                #expect(ids == records.filter { Self.passes($0, query) }.map(\.id).reversed())
            }
        }
    }

    @Test("a search ends after a window; all pages together have every row once, the summary counts all (A-024)")
    func endsAfterWindows() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let count = 6_000
                try await store.fill(count)
                for (name, query) in try Self.wideQueries() {
                    let (pages, expected, sum) = try await store.onWriter {
                        database -> ([[String]], [String], UInt64) in
                        var limits = RequestSearch.Limits()
                        (limits.count, limits.window) = (500, 401)
                        var pages: [[String]] = []
                        var next: Int64?
                        var malformed: Tally = [:]
                        repeat {
                            let page = try RequestTables.page(
                                query, before: next, limits: limits, in: database, &malformed)
                            pages.append(page.records.map(\.id))
                            next = page.next
                        } while next != nil && pages.count < count
                        let whole = RequestSearch(.number, RequestFilter(query))
                        let rows = try whole.page(of: count, in: database)
                        let summary = try RequestTables.summary(query, in: database, &malformed)
                        return (pages, rows.compactMap { $0.text("id") }, summary.reduce(0) { $0 + $1.requests })
                    }
                    #expect(pages.flatMap(\.self) == expected, "\(name)")
                    #expect(sum == UInt64(expected.count), "\(name)")
                    #expect(pages.count > 1 && pages.contains { $0.count < query.limit }, "\(name)")
                    #expect(pages.allSatisfy { $0.count <= 401 }, "no page looked at more: \(name)")
                }
            }
        }
    }

    /// Filters of which each lets many rows through, and most of them together none.
    private static func wideQueries() throws -> [(name: String, query: RequestQuery)] {
        var queries: [(String, RequestQuery)] = []
        func add(_ name: String, _ change: (inout RequestQuery) throws -> Void) throws {
            var query = RequestQuery()
            query.limit = 1_000
            try change(&query)
            queries.append((name, query))
        }
        try add("key and provider") {
            $0.key = try label("failing")
            $0.provider = try provider("provider0")
        }
        try add("key and status 200") {
            $0.key = try label("failing")
            $0.status = 200
        }
        try add("client and status") {
            $0.client = try client("laptop")
            $0.status = 529
        }
        try add("class and client") {
            $0.errorClass = .providerOverloaded
            $0.client = try client("laptop")
        }
        try add("status 200") { $0.status = 200 }
        try add("client and status 200") {
            $0.client = try client("laptop")
            $0.status = 200
        }
        try add("provider and since") {
            $0.provider = try provider("provider1")
            $0.since = WallTime(microseconds: newYear.microseconds + 1_000_000_000)
        }
        return queries
    }

    /// Each filter with something frequent, rare and absent, and combinations that have few rows or none.
    private static func manyQueries(_ rows: Int) throws -> [(name: String, query: RequestQuery)] {
        var queries: [(String, RequestQuery)] = []
        func add(_ name: String, _ change: (inout RequestQuery) throws -> Void) throws {
            var query = RequestQuery()
            try change(&query)
            queries.append((name, query))
        }
        func time(_ part: Double) -> WallTime {
            WallTime(microseconds: newYear.microseconds + Int64(Double(rows) * part) * 1_000_000)
        }
        try add("all") { _ in }
        for name in ["key1", "rare", "absent"] { try add("key \(name)") { $0.key = try label(name) } }
        for name in ["provider1", "rare", "absent"] { try add("provider \(name)") { $0.provider = try provider(name) } }
        for name in ["laptop", "rare", "absent"] { try add("client \(name)") { $0.client = try client(name) } }
        for status in [200, 429, 502, 404] { try add("status \(status)") { $0.status = status } }
        for name in [ErrorClass.providerRateLimited, .providerProtocol, .providerBilling] {
            try add("class \(name)") { $0.errorClass = name }
        }
        for part in [0, 0.5, 0.999, 2] { try add("since \(part)") { $0.since = time(part) } }
        for part in [2, 0.5, 0.001, -1] { try add("until \(part)") { $0.until = time(part) } }
        try add("key and until") {
            $0.key = try label("key1")
            $0.until = time(0.3)
        }
        try add("provider, since and until") {
            $0.provider = try provider("provider1")
            $0.since = time(0.1)
            $0.until = time(0.2)
        }
        try add("key and another's status") {
            $0.key = try label("rare")
            $0.status = 429
        }
        for (name, query) in try Self.wideQueries() {
            var query = query
            query.limit = 100
            queries.append((name, query))
        }
        return queries
    }

    @Test("a page by any filter is read in under 200 ms, among a million rows in the long form (K-014)")
    func isFast() async throws {
        let isLong = ProcessInfo.processInfo.environment["KMI_SOAK"] != nil
        let count = isLong ? 1_000_000 : 50_000
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                try await store.fill(count)
                var probe = RequestQuery()
                probe.key = try label("key1")
                #expect(try await store.requests(probe).records.count == 100, "what is looked for is there")
                for (name, query) in try Self.manyQueries(count) {
                    var best = Duration.seconds(60)
                    for _ in 0..<3 {
                        best = min(best, try await store.processorTime(of: query))
                    }
                    if isLong { print("\(name): \(best)") }
                    #expect(best < .milliseconds(200), "\(name)")
                }
                let started = ContinuousClock.now
                let rows = isLong ? 50_000 : 2_000
                for number in 0..<rows {
                    store.append(try full(number))
                    if number % 1_000 == 999 { try await store.settled() }
                }
                try await store.settled()
                if isLong { print("\(rows) more rows: \(started.duration(to: .now)), \(store.statistics.bytes) bytes") }
                #expect(store.statistics.dropped.isEmpty)
            }
        }
    }
}
