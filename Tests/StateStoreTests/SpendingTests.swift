import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

/// What was used and spent by the hour: what remains of requests when their rows are gone.
@Suite(.timeLimit(.minutes(5)))
struct SpendingTests {
    private static let hour: Int64 = 3_600_000_000

    /// Requests that differ in everything that sums are told apart by.
    private static func records() throws -> [RequestRecord] {
        try (0..<64).map { number in
            func bit(_ position: Int) -> Bool { number >> position & 1 == 1 }
            var record = try full(number)
            record.receivedAt = WallTime(microseconds: newYear.microseconds + (bit(0) ? Self.hour : 0) + Int64(number))
            record.client = bit(1) ? try client("laptop") : nil
            record.project = bit(2) ? "p'; DROP TABLE spending; --" : nil
            record.caller?.process = bit(3) ? "node" : nil
            record.attempts[1].usage?.model = bit(4) ? try model("other") : nil
            record.attempts[1].key = try label(bit(5) ? "gamma" : "beta")
            record.attempts[1].usage?.counts.input = Int64(number)
            record.attempts[1].usage?.quality = bit(1) ? .estimated : .reported
            if bit(0) { record.attempts[1].cost = Cost(.unpriced) }
            return record
        }
    }

    @Test("what is summed on disk is what is summed in memory, by any axes (T-031)")
    func sums() async throws {
        try await TemporaryDirectory.with { directory in
            let records = try Self.records()
            var table = SpendingTable()
            for record in records { table.add(record) }
            try await withStore(in: directory) { store async throws in
                for record in records { store.append(record) }
                #expect(try await store.spent() == table)
                for axes in [[], [.hour], [.model], [.key, .client], [.project, .process, .provider]]
                    as [[SpendingQuery.Axis]]
                {
                    var query = SpendingQuery()
                    query.by = axes
                    let rows = try await store.spending(query)
                    var sum = Spending()
                    for row in rows { sum.add(row.spending) }
                    var expected = Spending()
                    for entry in table.entries.values { expected.add(entry) }
                    #expect(sum == expected)
                    #expect(rows.allSatisfy { ($0.hour != nil) == axes.contains(.hour) })
                }
                var query = SpendingQuery()
                query.by = [.client, .client]
                let rows = try await store.spending(query)
                #expect(rows.map(\.client?.text) == [nil, "laptop"])
                #expect(rows.map(\.spending.requests) == [32, 32])
                #expect(rows.map(\.spending.uncertain) == [0, 32])
            }
            // Written a second time they are added up, after a restart too.
            try await withStore(in: directory) { store async throws in
                for record in records {
                    table.add(record)
                    store.append(record)
                }
                #expect(try await store.spent() == table)
            }
        }
    }

    @Test("each filter lets its sums through, an hour counts as a whole")
    func filters() async throws {
        try await TemporaryDirectory.with { directory in
            let records = try Self.records()
            try await withStore(in: directory) { store async throws in
                for record in records { store.append(record) }
                func requests(_ change: (inout SpendingQuery) throws -> Void) async throws -> UInt64 {
                    var query = SpendingQuery()
                    try change(&query)
                    return try await store.spending(query).reduce(0) { $0 + $1.spending.requests }
                }
                #expect(try await requests { _ in } == 64)
                #expect(try await requests { $0.key = try label("gamma") } == 32)
                #expect(try await requests { $0.provider = try provider("elsewhere") } == 0)
                #expect(try await requests { $0.model = try model("other") } == 32)
                #expect(try await requests { $0.client = try client("laptop") } == 32)
                #expect(try await requests { $0.project = "p'; DROP TABLE spending; --" } == 32)
                #expect(try await requests { $0.process = "node" } == 32)
                let second = newYear.microseconds + Self.hour
                #expect(try await requests { $0.since = WallTime(microseconds: second) } == 32)
                #expect(try await requests { $0.since = WallTime(microseconds: second - 1) } == 64)
                #expect(try await requests { $0.until = WallTime(microseconds: second) } == 32)
                #expect(try await requests { $0.until = WallTime(microseconds: second + 1) } == 64)
                var query = SpendingQuery()
                query.provider = try provider("elsewhere")
                #expect(try await store.spending(query).isEmpty, "no sum of nothing")
            }
        }
    }

    @Test("what does not fit stays at the largest number, and hinders nothing")
    func saturates() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                var record = try full(1)
                record.attempts[1].usage?.counts.input = .max - 1
                record.attempts[1].usage?.counts.output = -5
                record.attempts[1].cost?.picoDollars = .max
                for _ in 0..<2 {
                    store.append(record)
                    try await store.settled()
                }
                record.client = nil
                store.append(record)
                let sums = try await store.spending(SpendingQuery())
                #expect(sums.map(\.spending.tokens.input) == [.max])
                #expect(sums.map(\.spending.tokens.output) == [0])
                #expect(sums.map(\.spending.picoDollars) == [.max])
                #expect(sums.map(\.spending.requests) == [3])
                #expect(store.trouble == nil)
            }
        }
    }

    private static let halves: [(upper: Int64, lower: Int64, sum: Int64)] = [
        (0, 0, 0), (0, 1_099_511_627_776, 1_099_511_627_776), (1, 5, 4_294_967_301),
        (2_147_483_647, 4_294_967_295, .max), (2_147_483_647, 4_294_967_296, .max), (.max, .max, .max),
    ]

    @Test("halves of sums come together exactly, or at the largest number", arguments: Self.halves)
    func joinsHalves(upper: Int64, lower: Int64, sum: Int64) {
        #expect(SpendingSQL.sum(upper: upper, lower: lower) == sum)
    }

    @Test("rows that are given up leave what they spent (K-034)")
    func keepsSpendingOfLostRows() async throws {
        try await TemporaryDirectory.with { directory in
            var table = SpendingTable()
            try await withStore(in: directory, rowLimit: 10) { store async throws in
                let gate = Gate(store)
                await gate.shut()
                for number in 0..<200 {
                    let record = try full(number)
                    table.add(record)
                    store.append(record)
                }
                gate.open()
                try await store.settled()
                #expect(try await store.requests(RequestQuery()).records.count == 10)
                #expect(try await store.spent() == table)
            }
        }
    }

    @Test("a query with too many sums is refused, not cut short")
    func refusesTooMany() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                try await store.onWriter { database in
                    try database.execute(
                        sql: """
                            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                            INSERT INTO spending SELECT i, 'k', 'p', '', '', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
                            FROM n
                            """)
                }
                var query = SpendingQuery()
                #expect(try await store.spending(query).map(\.spending.requests) == [100_001])
                query.by = [.hour]
                let error = await #expect(throws: StateStoreError.self) { try await store.spending(query) }
                #expect(error?.code == .invalidLimit)
                query.since = WallTime(microseconds: 1)
                query.by = []
                #expect(try await store.spending(query).map(\.spending.requests) == [100_001], "an hour as a whole")
            }
        }
    }

    @Test("a client that names a project for each request does not fill the disk, and no sum is lost (K-014, T-031)")
    func boundsAnHour() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                store.setRetention(Retention(maxBytes: 1 << 20)) { newYear }
                var expected = Spending()
                for number in 0..<3_000 {
                    var record = try full(number)
                    record.project = "project \(number)"
                    if number == 2_999 { record.project = "project 0" }
                    var table = SpendingTable()
                    table.add(record)
                    for spending in table.entries.values { expected.add(spending) }
                    store.append(record)
                    // In batches that end before the bound, at it and beyond it.
                    if number % 300 == 299 || number == 0 { try await store.settled() }
                }
                let sums = try await store.spending(SpendingQuery())
                #expect(sums.map(\.spending) == [expected], "sums are exact")
                var query = SpendingQuery()
                query.by = SpendingQuery.Axis.allCases
                let rows = try await store.spending(query)
                let limit = SpendingTables.hourLimit
                #expect(rows.count > limit && rows.count <= limit + 2, "\(rows.count)")
                let rest = rows.filter { $0.project == SpendingTable.other }
                #expect(Set(rest.map(\.key)).count == rest.count && rest.count == rows.count - limit)
                #expect(rest.allSatisfy { $0.model?.text == SpendingTable.other && $0.client?.text == "laptop" })
                #expect(rest.allSatisfy { $0.process == SpendingTable.other })
                let first = rows.filter { $0.project == "project 0" }.map(\.spending.requests).reduce(0, +)
                #expect(first == 2, "a sum that is there already goes on")
                #expect(try await store.requests(RequestQuery()).records.count == 100, "requests are kept")
                // Other keys have their share all the same, and no more than that.
                let share = SpendingTables.keyShare
                for number in 0..<100 * (share + 4) {
                    var record = try full(number)
                    record.attempts = [record.attempts[1]]
                    record.attempts[0].key = try label("many-\(number % 100)")
                    record.project = "shared \(number / 100)"
                    store.append(record)
                    if number % 700 == 699 { try await store.settled() }
                }
                let many = try await store.spending(query).filter { $0.key?.text.hasPrefix("many-") ?? false }
                let told = many.filter { $0.project != SpendingTable.other }
                #expect(told.count == 100 * share && many.count == 100 * (share + 1))
                #expect(many.map(\.spending.requests).reduce(0, +) == UInt64(100 * (share + 4)))
                // The next hour has its own.
                var record = try full(1)
                record.receivedAt = WallTime(microseconds: newYear.microseconds + Self.hour)
                record.project = "fresh"
                store.append(record)
                #expect(try await store.spending(query).contains { $0.project == "fresh" })
            }
        }
    }
}
