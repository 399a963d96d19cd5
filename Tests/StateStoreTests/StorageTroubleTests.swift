import Foundation
import GRDB
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct StorageTroubleTests {
    /// A way in which writing fails, and how it is mended.
    enum Fault: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case full
        case readOnly = "read_only"
        case locked

        var testDescription: String { self.rawValue }

        var code: StateStoreError.Code {
            switch self {
            case .full: .full
            case .readOnly: .readOnly
            case .locked: .locked
            }
        }

        var remedy: String {
            switch self {
            case .full: "free some space"
            case .readOnly: "writable"
            case .locked: "end it"
            }
        }

        func begin(_ database: Database) throws {
            switch self {
            case .full:
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages)")
            case .readOnly: try database.execute(sql: "PRAGMA query_only = ON")
            case .locked: try database.execute(sql: "PRAGMA busy_timeout = 1")
            }
        }

        func end(_ database: Database) throws {
            switch self {
            case .full: try database.execute(sql: "PRAGMA max_page_count = 1000000")
            case .readOnly: try database.execute(sql: "PRAGMA query_only = OFF")
            case .locked: try database.execute(sql: "PRAGMA busy_timeout = 5000")
            }
        }
    }

    @Test(
        "a full, read-only or locked database loses no count and no money, is told of once, and is got over (T-011)",
        arguments: Fault.allCases)
    func survives(fault: Fault) async throws {
        try await TemporaryDirectory.with { directory in
            let log = LogCollector()
            var counts = UsageCounts()
            var spent = SpendingTable()
            try await withStore(in: directory, log: log) { store async throws in
                #expect(store.trouble == nil)
                // What retention would do meanwhile must not make it worse.
                store.setRetention(Retention(keep: .seconds(9), maxBytes: 64 << 20)) { newYear }
                try await eventually("retention is idle") { store.statistics.lastRetention != nil }
                var configuration = GRDB.Configuration()
                configuration.allowsUnsafeTransactions = true
                let other = try DatabaseQueue(path: directory.path("state.sqlite"), configuration: configuration)
                try await other.writeWithoutTransaction { database in
                    if fault == .locked { try database.execute(sql: "BEGIN EXCLUSIVE") }
                }
                let heard = Mutex<[String?]>([])
                store.onTrouble { heard.withLock { $0.append(store.trouble) } }
                try await store.onWriter { try fault.begin($0) }
                for number in 0..<500 {
                    let record = try full(number)
                    counts.add(record)
                    spent.add(record)
                    store.append(record)
                }
                try await eventually("it fails twice") { store.statistics.errors[.requests] ?? 0 >= 2 }
                #expect(store.trouble == fault.rawValue)
                #expect(store.statistics.waitingRows == 500)
                #expect(store.statistics.transactions == 0)
                for table in [
                    StoreStatistics.Table.attempts, .spending, .keyCounts, .keyErrors, .clientCounts,
                ] {
                    #expect(store.statistics.errors[table] ?? 0 >= 2)
                }
                #expect(store.statistics.errors[.overrides] == nil)

                let refusal = await #expect(throws: StateStoreError.self) {
                    try await store.commit([.override(.dryRun, .init(value: "true", fileValue: "false"))])
                }
                #expect(refusal?.code == fault.code)
                #expect(refusal?.message.contains(fault.remedy) == true)
                #expect(log.events == ["state_write_failed"])
                // Reading goes on meanwhile, and does not wait for what cannot be written.
                #expect(try await store.requests(RequestQuery()).records.isEmpty)

                #expect(store.statistics.retentionFailures == 0)

                try await store.onWriter { try fault.end($0) }
                try await other.writeWithoutTransaction { database in
                    if database.isInsideTransaction { try database.execute(sql: "ROLLBACK") }
                }
                try other.close()
                try await store.commit([.override(.rotationMode, .init(value: "weighted", fileValue: "sticky"))])
                #expect(store.trouble == nil)
                #expect(store.statistics.writes[.requests] == 500)
                #expect(log.events == ["state_write_failed", "state_write_recovered"])
                #expect(heard.withLock { $0 } == [fault.rawValue, nil])
            }
            try await withStore(in: directory) { store async throws in
                let state = try store.load()
                #expect(state.counts == counts)
                #expect(try await store.spent() == spent)
                #expect(state.changes.overrides.keys.map(\.text) == ["rotation.mode"], "what was refused is not kept")
            }
        }
    }

    @Test("a database that is moved away is trouble until it is back; nothing is told to be kept meanwhile (K-013)")
    func noticesRemoval() async throws {
        try await TemporaryDirectory.with { directory in
            let (database, elsewhere) = (directory.path("state.sqlite"), directory.path("elsewhere"))
            try await withStore(in: directory) { store async throws in
                try FileManager.default.moveItem(atPath: database, toPath: elsewhere)
                let refusal = await #expect(throws: StateStoreError.self) {
                    try await store.commit([.override(.dryRun, .init(value: "true", fileValue: "false"))])
                }
                #expect(refusal?.code == .inputOutput)
                #expect(refusal?.message.contains("put it back") == true)
                #expect(store.trouble == "io")
                try FileManager.default.moveItem(atPath: elsewhere, toPath: database)
                try await store.commit([.override(.dryRun, .init(value: "true", fileValue: "false"))])
                #expect(store.trouble == nil)
            }
        }
    }

    @Test("a database that another process holds is trouble too (T-011)")
    func reportsLocks() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                try await store.onWriter { try $0.execute(sql: "PRAGMA busy_timeout = 0") }
                var configuration = GRDB.Configuration()
                configuration.allowsUnsafeTransactions = true
                let other = try DatabaseQueue(path: directory.path("state.sqlite"), configuration: configuration)
                try await other.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
                let refusal = await #expect(throws: StateStoreError.self) {
                    try await store.commit([.override(.dryRun, nil)])
                }
                #expect(refusal?.code == .locked)
                #expect(store.trouble == "locked")
                try await other.writeWithoutTransaction { try $0.rollback() }
                try await store.commit([.override(.dryRun, nil)])
                #expect(store.trouble == nil)
                try other.close()
            }
        }
    }

    @Test("with the disk stalled nobody waits, rows are bounded, the oldest go, no count does (K-034)")
    func boundsRows() async throws {
        try await TemporaryDirectory.with { directory in
            var counts = UsageCounts()
            let log = LogCollector()
            try await withStore(in: directory, rowLimit: 100, log: log) { store async throws in
                let gate = Gate(store)
                await gate.shut()
                for number in 0..<1000 {
                    let record = try full(number)
                    counts.add(record)
                    store.append(record)
                }
                let waiting = store.statistics
                #expect(waiting.waitingRows == 100)
                #expect(waiting.dropped == [.requests: 900])
                gate.open()
                try await store.settled()
                #expect(log.events == ["state_rows_dropped"])
                let ids = try await store.requests(RequestQuery()).records.map(\.id)
                #expect(ids.count == 100)
                #expect(try store.load().counts == counts)
            }
        }
    }

    @Test("closing does not wait for ever for a disk that hangs (T-013)")
    func givesUpOnAHangingDisk() async throws {
        try await TemporaryDirectory.with { directory in
            let log = LogCollector()
            let store = try StateStore.open(directory: directory.path, logger: log.logger, now: newYear)
            let gate = Gate(store)
            await gate.shut()
            store.append(try served(1))
            async let change = store.refusal(of: [.override(.dryRun, nil)])
            try await eventually("it waits") { store.callers == 1 }
            await store.close()
            let refusal = await change
            #expect(refusal?.code == .closed)
            #expect(log.events.contains("state_lost"))
            gate.open()
            try await eventually("the database is closed at last") {
                do {
                    _ = try await store.writer.pool.read { _ in }
                    return false
                } catch { return true }
            }
        }
    }
}
