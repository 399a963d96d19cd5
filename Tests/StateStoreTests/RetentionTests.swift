import Foundation
import GRDB
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct RetentionTests {
    private static let day: Int64 = 86_400_000_000

    @Test("what is older than it may be goes with all that hangs on it; counts and sums stay (K-015)")
    func deletesByAge() async throws {
        try await TemporaryDirectory.with { directory in
            var counts = UsageCounts()
            var spent = SpendingTable()
            try await withStore(in: directory) { store async throws in
                for number in 0..<300 {
                    var record = number % 3 == 0 ? try captured(number, bytes: 3_000) : try full(number)
                    record.receivedAt = WallTime(microseconds: newYear.microseconds + Int64(number) * Self.day / 100)
                    counts.add(record)
                    spent.add(record)
                    store.append(record)
                }
                try await store.settled()
                let now = WallTime(microseconds: newYear.microseconds + 3 * Self.day)
                store.setRetention(Retention(keep: .seconds(86_400), spendingKeep: .seconds(2 * 86_400))) { now }
                try await eventually("everything is within its limits") { store.statistics.lastRetention != nil }
                #expect(store.statistics.lastRetention == now)
                #expect(try await store.requests(RequestQuery()).records.count == 100)
                #expect(try await store.request(id: "request-199") == nil)
                #expect(try await store.request(id: "request-200") != nil)
                let deleted = store.statistics.deleted
                #expect(deleted[.requests] == 200 && deleted[.bodies] == 67 && deleted[.attempts] == 67 + 2 * 133)
                #expect(deleted[.spending] ?? 0 > 0)
                let left = try await store.onWriter { database in
                    (
                        try Int.fetchOne(database, sql: "SELECT count(*) FROM bodies"),
                        try Int.fetchOne(database, sql: "SELECT min(request) FROM attempts"),
                        try Int64.fetchOne(database, sql: "SELECT min(hour) FROM spending"),
                        try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") == nil,
                        try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                        try Int.fetchOne(database, sql: "PRAGMA busy_timeout")
                    )
                }
                #expect(left == (33, 201, newYear.microseconds + Self.day, true, 2, 5_000))
                #expect(try store.load().counts == counts)

                // A shorter time deletes more, none at all nothing.
                store.setRetention(Retention(keep: .seconds(3_600))) { now }
                try await eventually("all are gone but the last hour's") {
                    store.statistics.deleted[.requests] == 296
                }
                store.setRetention(Retention())
                store.append(try served(1))
                try await store.settled()
                #expect(store.statistics.deleted[.requests] == 296)
            }
        }
    }

    @Test(
        "three times the limit at full speed: the file is never more than 10 % over it, and a page is read fast (K-014)",
        arguments: [(mebibytes: 4, bodies: 0), (mebibytes: 4, bodies: 16_000)])
    func keepsTheLimit(mebibytes: Int, bodies: Int) async throws {
        try await TemporaryDirectory.with { directory in
            let limit = mebibytes << 20
            try await withStore(in: directory) { store async throws in
                store.setRetention(Retention(keep: .seconds(86_400 * 365), maxBytes: limit)) { newYear }
                let path = directory.path("state.sqlite")
                var largest = 0
                // At each row and each millisecond of waiting, which is far more often than there are transactions.
                func look() throws {
                    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
                    largest = max(largest, size)
                }
                let rows = bodies > 0 ? 3 * limit / (2 * bodies) : 3 * limit / 900
                for number in 0..<rows {
                    store.append(bodies > 0 ? try captured(number, bytes: bodies) : try full(number))
                    try look()
                    // As fast as they are written, so that none has to be given up.
                    if number % 200 == 199 {
                        try await eventually("there is room", within: .seconds(20), every: .milliseconds(1)) {
                            try look()
                            return store.statistics.waitingRows < 2_000
                        }
                    }
                }
                try await eventually("all is written", within: .seconds(20), every: .milliseconds(1)) {
                    try look()
                    return store.statistics.waitingRows == 0
                }
                try await store.settled()
                try await eventually("it is within its limits", every: .milliseconds(1)) {
                    try look()
                    return store.statistics.usedBytes > limit / 2 && store.statistics.bytes <= UInt64(limit)
                }
                #expect(largest > limit / 2 && largest <= limit * 11 / 10)
                let statistics = store.statistics
                #expect(statistics.usedBytes > UInt64(limit / 2), "no more is deleted than has to be")
                #expect(statistics.writes[.requests] == UInt64(rows))
                #expect(statistics.deleted[.requests] ?? 0 > UInt64(rows / 2))
                #expect(statistics.retentionFailures == 0 && statistics.errors.isEmpty)
                let page = try await store.requests(RequestQuery()).records
                #expect(try await store.processorTime(of: RequestQuery()) < .milliseconds(200))
                #expect(page.first?.id == "request-\(rows - 1)", "the newest stay")
                #expect(try await store.spending(SpendingQuery()).map(\.spending.requests) == [UInt64(rows)])
            }
            let check = try inspect(directory.path("state.sqlite")) { database in
                try String.fetchAll(database, sql: "PRAGMA integrity_check")
            }
            #expect(check == ["ok"])
        }
    }

    @Test("large rows after small ones: a step frees what is due, not as many rows as before (K-014)")
    func freesWhatIsDue() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for number in 0..<100 { store.append(try captured(number, bytes: 64_000)) }
                try await store.settled()
                let counts = try await onOwnThread {
                    var deleted: Tally = [:]
                    let pool = store.writer.pool
                    let used = try RetentionPlan.Facts.measure(pool, store.writer.files.sizes()).usedBytes
                    let oldest = try RetentionPlan.Step.deleteOldestRequests(count: 1_024, pages: 64)
                        .take(on: pool, &deleted)
                    let left = try RetentionPlan.Facts.measure(pool, store.writer.files.sizes()).usedBytes
                    let old = try RetentionPlan.Step.deleteRequests(
                        before: WallTime(microseconds: .max), count: 1_024, pages: 64
                    ).take(on: pool, &deleted)
                    return [oldest, old, (used - left) / 4_096]
                }
                #expect(counts[0] == 3 && counts[1] == 3, "\(counts)")
                #expect(64..<128 ~= counts[2], "\(counts)")
            }
        }
    }

    @Test("a person's change does not wait for a database that has much to delete (K-034)")
    func letsChangesThrough() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                try await store.fill(20_000)
                store.setRetention(Retention(keep: .seconds(1))) { WallTime(microseconds: .max) }
                var longest = Duration.zero
                var number = 0
                while store.statistics.deleted[.requests] ?? 0 < 20_000, number < 1_000 {
                    let started = ContinuousClock.now
                    try await store.commit([.override(.dryRun, .init(value: "\(number)", fileValue: "0"))])
                    longest = max(longest, started.duration(to: .now))
                    number += 1
                }
                #expect(number > 1, "changes were made while rows were deleted")
                // The other tests run beside this one.
                let isAlone = ProcessInfo.processInfo.environment["KMI_SOAK"] != nil
                #expect(longest < .milliseconds(isAlone ? 1_000 : 8_000))
                if isAlone { print("\(number) changes, the longest waited \(longest)") }
            }
        }
    }

    @Test("a failure of retention is counted and told of once, and hinders nothing (K-015, T-012)")
    func survivesFailures() async throws {
        try await TemporaryDirectory.with { directory in
            let log = LogCollector()
            try await withStore(in: directory, log: log) { store async throws in
                for number in 0..<100 { store.append(try served(number)) }
                try await store.settled()
                try await store.onWriter { database in
                    try database.execute(
                        sql: """
                            CREATE TEMP TRIGGER faulty BEFORE DELETE ON main.requests
                            BEGIN SELECT RAISE(ABORT, 'a fault'); END
                            """)
                }
                for failures in 1...2 {
                    store.setRetention(Retention(keep: .zero)) { WallTime(microseconds: .max) }
                    try await eventually("it fails") { store.statistics.retentionFailures == failures }
                }
                #expect(log.events == ["state_retention_failed"])
                #expect(store.statistics.deleted.isEmpty && store.statistics.lastRetention == nil)
                let job = store.statistics.retentionJob
                #expect(job.consecutiveFailures == 2 && job.failures == 2 && job.lastSuccess == nil)
                #expect(job.lastError.contains("a fault") && job.lastStart != nil && !job.isRunning)
                // Looked at again after so long without being asked.
                #expect(RetentionPlan.interval <= .seconds(60))
                try await store.commit([.override(.dryRun, nil)])
                store.append(try served(100))
                #expect(try await store.request(id: "request-100") != nil)
                #expect(store.trouble == nil)
                #expect(store.statistics.retentionFailures == 2, "it is not tried again at once")
                try await store.onWriter { try $0.execute(sql: "DROP TRIGGER faulty") }
                store.setRetention(Retention(keep: .zero)) { WallTime(microseconds: .max) }
                try await eventually("it works again") { store.statistics.deleted[.requests] == 101 }
                try await eventually("that is told") { store.statistics.retentionJob.consecutiveFailures == 0 }
            }
        }
    }

    @Test("a database that something else rebuilt is not tried to be made smaller for ever")
    func standsOtherDatabases() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { try await $0.fill(5_000) }
            try inspect(directory.path("state.sqlite")) { database in
                try database.execute(sql: "PRAGMA auto_vacuum = NONE")
                try database.execute(sql: "VACUUM")
            }
            try await withStore(in: directory) { store async throws in
                store.setRetention(Retention(keep: .zero, maxBytes: 1 << 20)) { WallTime(microseconds: .max) }
                try await eventually("everything is within its limits") { store.statistics.lastRetention != nil }
                #expect(store.statistics.deleted[.requests] == 5_000)
                #expect(store.statistics.usedBytes < 1 << 20)
                #expect(store.statistics.bytes > 1 << 20)
                #expect(store.statistics.retentionFailures == 0)
            }
        }
    }

    @Test("what is in use is told also where nothing is limited")
    func measuresWithoutLimits() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                store.setRetention(Retention()) { newYear }
                try await eventually("it is measured") { store.statistics.usedBytes > 0 }
                #expect(store.statistics.usedBytes <= store.statistics.bytes)
            }
        }
    }
}
