import GRDB
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct BatchingTests {
    @Test("a burst of 1,000 requests is written in few transactions (K-049)")
    func batches() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let commits = CommitCounter()
                try await store.onWriter { $0.add(transactionObserver: commits, extent: .databaseLifetime) }
                let started = ContinuousClock.now
                for number in 0..<1000 { store.append(try served(number)) }
                try await store.settled()
                // One at once, then one each 50 ms at most, however slow the machine is.
                let most = 2 + Int(started.duration(to: .now) / WriterSchedule.spacing)
                #expect((1...most).contains(commits.count.withLock { $0 }))
                #expect(store.statistics.writes[.requests] == 1000)
                #expect(store.statistics.writes[.keyCounts] ?? 0 < 1000)
            }
        }
    }

    @Test("every connection is as durable and as confined as it must be (T-032)")
    func setsUpConnections() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let writer = try await store.onWriter { database in
                    (
                        try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                        try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                        try Int.fetchOne(database, sql: "PRAGMA foreign_keys"),
                        try Int.fetchOne(database, sql: "PRAGMA busy_timeout"),
                        try Int.fetchOne(database, sql: "PRAGMA auto_vacuum")
                    )
                }
                #expect(writer == ("wal", 2, 1, 5000, 2))
                let reader = try await store.writer.pool.read { database in
                    (
                        try Int.fetchOne(database, sql: "PRAGMA query_only"),
                        try Int.fetchOne(database, sql: "PRAGMA busy_timeout"),
                        try Int.fetchOne(database, sql: "PRAGMA temp_store")
                    )
                }
                #expect(reader == (1, 5000, 2))
            }
        }
    }

    @Test("200 callers change, append and read at once, and nobody meets a busy database (T-032, K-003)")
    func standsCrowds() async throws {
        try await TemporaryDirectory.with { directory in
            let counts = SharedCounts()
            try await withStore(in: directory) { store async throws in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<200 {
                        group.addTask {
                            for step in 0..<10 {
                                let record = try full(number * 10 + step)
                                counts.add(record)
                                store.append(record)
                            }
                            let subject = RuntimeChanges.Subject.keyWeight(try label("k\(number)"))
                            try await store.commit([.override(subject, .init(value: "\(number)", fileValue: "1"))])
                            if number % 20 == 0 { _ = try await store.requests(RequestQuery()) }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(store.statistics.errors.isEmpty)
            }
            try await withStore(in: directory) { store async throws in
                let state = try store.load()
                #expect(state.counts == counts.value)
                #expect(state.changes.overrides.count == 200)
            }
            let check = try inspect(directory.path("state.sqlite")) { database in
                try String.fetchAll(database, sql: "PRAGMA integrity_check")
            }
            #expect(check == ["ok"])
        }
    }

    @Test("closing answers each change exactly once, and writes what waits (T-013)")
    func closesUnderWay() async throws {
        for round in 0..<20 {
            try await TemporaryDirectory.with { directory in
                let store = try StateStore.open(directory: directory.path, logger: LogCollector().logger, now: newYear)
                let kept = try await withThrowingTaskGroup(of: String?.self) { group in
                    for number in 0..<30 {
                        group.addTask {
                            let subject = RuntimeChanges.Subject.keyWeight(try label("k\(number)"))
                            store.append(try served(number))
                            do {
                                try await store.commit([.override(subject, .init(value: "1", fileValue: "2"))])
                                return subject.text
                            } catch {
                                // After this no answer may say that it was kept.
                                #expect((error as? StateStoreError)?.code == .closed)
                                return nil
                            }
                        }
                        if number == round {
                            group.addTask {
                                await store.close()
                                return nil
                            }
                        }
                    }
                    return try await group.reduce(into: Set<String>()) { if let text = $1 { $0.insert(text) } }
                }
                await store.close()
                store.append(try served(99))
                store.remember(DispatchMemory())
                #expect(store.statistics.dropped[.requests] ?? 0 >= 1)
                let late = await #expect(throws: StateStoreError.self) { try await store.requests(RequestQuery()) }
                #expect(late?.code == .closed)
                let changes = try await withStore(in: directory) { try $0.load().changes }
                #expect(Set(changes.overrides.keys.map(\.text)) == kept)
            }
        }
    }

    @Test("a row that can never be written fails alone, and is counted; the others and all counts are kept (T-011)")
    func leavesOutOne() async throws {
        try await TemporaryDirectory.with { directory in
            let counts = SharedCounts()
            try await withStore(in: directory) { store async throws in
                try await store.onWriter { database in
                    for (table, column) in [("requests", "id"), ("audit", "target")] {
                        try database.execute(
                            sql: """
                                CREATE TEMP TRIGGER never_\(table) BEFORE INSERT ON \(table) WHEN new.\(column) LIKE '%-7'
                                BEGIN SELECT RAISE(ABORT, 'never'); END
                                """)
                    }
                }
                for number in 0..<10 {
                    let record = try full(number)
                    counts.add(record)
                    store.append(record)
                    store.append(AuditEvent(at: newYear, actor: "daemon", action: "drain_asked", target: "t-\(number)"))
                }
                try await store.settled()
                let statistics = store.statistics
                #expect(store.trouble == nil)
                #expect(statistics.errors.isEmpty)
                #expect(statistics.dropped == [.requests: 1, .attempts: 2, .audit: 1])
                #expect(statistics.writes[.requests] == 9)
                #expect(statistics.writes[.attempts] == 18)
                #expect(statistics.writes[.audit] == 9)
                #expect(try await store.request(id: "request-7") == nil)
                #expect(try await store.request(id: "request-8") == full(8))
            }
            try await withStore(in: directory) { store async throws in
                #expect(try store.load().counts == counts.value, "what was used was used")
            }
        }
    }

    private final class SharedCounts: Sendable {
        private let counts = Mutex(UsageCounts())

        var value: UsageCounts { self.counts.withLock { $0 } }

        func add(_ record: RequestRecord) { self.counts.withLock { $0.add(record) } }
    }

    private final class CommitCounter: TransactionObserver, Sendable {
        let count = Mutex(0)

        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
        func databaseDidChange(with event: DatabaseEvent) {}
        func databaseDidCommit(_ database: Database) { self.count.withLock { $0 += 1 } }
        func databaseDidRollback(_ database: Database) {}
    }
}
