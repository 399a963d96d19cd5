import Foundation
import GRDB
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import StateStore

/// What a large database is looked at for before it is used, and afterwards.
@Suite(.timeLimit(.minutes(5)))
struct HistoryCheckTests {
    /// With this, every database is a large one.
    private static let none = 0

    @Test("a large database without faults is looked at when it is used, and nothing comes of it (K-037)")
    func findsNothing() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { $0.append(try full(1)) }
            let log = LogCollector()
            try await withStore(in: directory, wholePages: Self.none, log: log) { store async throws in
                #expect(log.events.isEmpty, "nobody has asked for it yet")
                store.checkInBackground()
                store.checkInBackground()
                try await eventually("it was looked at") { log.events == ["state_checked"] }
                #expect(store.trouble == nil)
                #expect(store.statistics.damage == nil)
                _ = try await store.backUp(keeping: 1)
            }
            #expect(!FileManager.default.fileExists(atPath: directory.path("state.sqlite-suspect")))
        }
    }

    @Test(
        "damage in the history of a large database is told of, loses nothing, and ends the next start (K-037)",
        arguments: [
            (
                "INSERT INTO attempts (request, position, key, provider, duration_ns) VALUES (77, 0, 'a', 'sim', 0)",
                "DELETE FROM attempts WHERE request = 77"
            ),
            (
                "PRAGMA ignore_check_constraints = ON; UPDATE spending SET hour = 0, input = -1",
                "UPDATE spending SET input = 0"
            ),
        ])
    func tellsOfDamage(damage: String, remedy: String) async throws {
        try await TemporaryDirectory.with { directory in
            let (path, mark) = (directory.path("state.sqlite"), directory.path("state.sqlite-suspect"))
            try await withStore(in: directory) { $0.append(try full(1)) }
            try Self.change(path, damage)
            let log = LogCollector()
            try await withStore(in: directory, wholePages: Self.none, log: log) { store async throws in
                let calls = Mutex(0)
                store.onTrouble { calls.withLock { $0 += 1 } }
                store.checkInBackground()
                try await eventually("damage is told of") { calls.withLock { $0 } == 1 }
                #expect(store.trouble == "damaged")
                #expect(store.statistics.damage?.contains("restore") == false, "what to do is told by who tells of it")
                #expect(log.events == ["state_damaged"])
                #expect(try FileManager.default.attributesOfItem(atPath: mark)[.posixPermissions] as? Int == 0o600)
                // What comes in is kept all the same, nothing goes, and no copy takes the place of a sound one.
                store.setRetention(Retention(keep: .zero))
                await store.writerTurn()
                #expect(!store.statistics.retentionJob.isRunning && store.statistics.retentionJob.nextRun == nil)
                store.append(try full(2))
                try await store.commit([.override(.dryRun, .init(value: "1", fileValue: "0"))])
                try await store.settled()
                #expect(try await store.request(id: "request-1") != nil)
                #expect(try await store.request(id: "request-2") != nil)
                #expect(store.statistics.deleted.isEmpty)
                let refusal = await #expect(throws: StateStoreError.self) { try await store.backUp(keeping: 1) }
                #expect(refusal?.code == .damaged)
                #expect(refusal?.message.contains("kmid restore") == true)
                #expect(log.events == ["state_damaged"])
                #expect(store.statistics.backupFailures == 0, "one alarm for one cause")
            }
            let before = FileManager.default.contents(atPath: path)
            let refusal = await #expect(throws: StateStoreError.self) {
                try await withStore(in: directory, wholePages: Self.none) { _ async throws in }
            }
            #expect(refusal?.code == .damaged)
            #expect(FileManager.default.contents(atPath: path) == before)

            try Self.change(path, remedy)
            try await withStore(in: directory, wholePages: Self.none) { store async throws in
                #expect(store.trouble == nil)
                #expect(!FileManager.default.fileExists(atPath: mark), "it is trusted again")
                #expect(try store.load().changes.overrides.count == 1)
            }
        }
    }

    @Test(
        "what requests are served with is looked at before a large database is used (K-037)",
        arguments: [
            "UPDATE key_counts SET count = -1", "UPDATE installation SET key = x'00'",
            "INSERT INTO added_keys VALUES (1, 'a', 'sim', 1, 1, 7, '', 0, 1, 1, 1, 1, NULL, 'files')",
        ])
    func refusesState(damage: String) async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { $0.append(try full(1)) }
            try Self.change(directory.path("state.sqlite"), "PRAGMA ignore_check_constraints = ON; " + damage)
            let refusal = await #expect(throws: StateStoreError.self) {
                try await withStore(in: directory, wholePages: Self.none) { _ async throws in }
            }
            #expect(refusal?.code == .damaged)
        }
    }

    @Test("a large database that is about to be migrated is looked at as a whole before (K-037, A-025)")
    func checksBeforeMigrations() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory, migrations: Array(Migration.all.dropLast())) { _ async throws in }
            try Self.change(
                directory.path("state.sqlite"),
                "INSERT INTO attempts (request, position, key, provider, duration_ns) VALUES (77, 0, 'a', 'sim', 0)")
            let refusal = await #expect(throws: StateStoreError.self) {
                try await withStore(in: directory, wholePages: Self.none) { _ async throws in }
            }
            #expect(refusal?.code == .damaged)
        }
    }

    @Test("a look that lets the log become too long is given up and begun again later")
    func givesUp() async throws {
        try await TemporaryDirectory.with { directory in
            let log = LogCollector()
            try await withStore(in: directory, log: log) { store async throws in
                let runs = Mutex(0)
                var limits = HistoryCheck.Limits()
                limits.logBytes = 0
                limits.pause = .zero
                limits.interval = .milliseconds(1)
                let check = HistoryCheck(writer: store.writer, limits: limits) { database in
                    let run = runs.withLock { runs in
                        runs += 1
                        return runs
                    }
                    if run == 1 { try Self.readForEver(database) }
                }
                check.begin()
                try await eventually("it reads") { runs.withLock { $0 } == 1 }
                store.append(try full(1))
                try await store.settled()
                try await eventually("the second one was left alone") { log.events.last == "state_checked" }
                #expect(log.events.first == "state_check_failed")
                #expect(store.trouble == nil)
                await check.close()
            }
        }
    }

    /// What a look does until it is interrupted.
    enum Look: CaseIterable {
        case real, endless
    }

    @Test(
        "a look that is under way does not hold up the end and leaves no log behind, and none begins after it (K-028)",
        arguments: [true, false], Look.allCases)
    func ends(isUnderWay: Bool, look: Look) async throws {
        try await TemporaryDirectory.with { directory in
            let log = LogCollector()
            try await withStore(in: directory, log: log) { store async throws in
                store.append(try full(1))
                try await store.settled()
                let isReading = Mutex(false)
                let check = HistoryCheck(writer: store.writer) { database in
                    isReading.withLock { $0 = true }
                    while look == .real { try HistoryCheck.verify(database) }
                    try Self.readForEver(database)
                }
                check.begin()
                if isUnderWay { try await eventually("it reads") { isReading.withLock { $0 } } }
                await check.close()
                isReading.withLock { $0 = false }
                check.begin()
                await check.close()
                #expect(!isReading.withLock { $0 })
                #expect(log.events.isEmpty, "an end is no failure")
            }
            #expect(!FileManager.default.fileExists(atPath: directory.path("state.sqlite-wal")))
        }
    }

    @Test(
        "before a large database was looked at, no copy of its damage takes the place of a sound one (K-037, A-022)",
        arguments: [
            "INSERT INTO attempts (request, position, key, provider, duration_ns) VALUES (77, 0, 'a', 'sim', 0)",
            "PRAGMA ignore_check_constraints = ON; UPDATE spending SET hour = 0, input = -1",
        ])
    func keepsSoundCopies(damage: String) async throws {
        try await TemporaryDirectory.with { directory in
            let sound = try await withStore(in: directory) { store async throws in
                store.append(try full(1))
                try await store.settled()
                return try await store.backUp(keeping: 1)
            }
            try Self.change(directory.path("state.sqlite"), damage)
            let log = LogCollector()
            try await withStore(in: directory, wholePages: Self.none, log: log) { store async throws in
                let refusal = await #expect(throws: StateStoreError.self) { try await store.backUp(keeping: 1) }
                #expect(refusal?.code == .damaged)
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("backups")) == [sound])
                #expect(store.trouble == "damaged")
                #expect(log.events == ["state_damaged"])
            }
        }
    }

    @Test("a copy that is not sound is no damage of the database (A-022)")
    func tellsCopiesApart() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let path = directory.path("copy.sqlite")
                try await store.onWriter { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
                try Self.change(path, "PRAGMA ignore_check_constraints = ON; UPDATE installation SET key = x'00'")
                let refusal = #expect(throws: StateStoreError.self) {
                    try Backup.verify(path, version: Migration.all.count)
                }
                #expect(refusal?.code == .damaged && refusal?.message.contains("the copy") == true)
                #expect(store.statistics.damage == nil)
            }
        }
    }

    @Test("a database that is suspected is looked at for what the quick look leaves out, too (K-037)")
    func looksThoroughly() async throws {
        try await TemporaryDirectory.with { directory in
            let (path, mark) = (directory.path("state.sqlite"), directory.path("state.sqlite-suspect"))
            try await withStore(in: directory) { store async throws in
                for number in 0..<5 { store.append(try served(number)) }
                try await store.settled()
            }
            try RestoreTests.Damage.index.do(to: path)
            try await withStore(in: directory) { store async throws in #expect(store.trouble == nil) }
            try directory.write("state.sqlite-suspect", "")
            let refusal = await #expect(throws: StateStoreError.self) {
                try await withStore(in: directory) { _ async throws in }
            }
            #expect(refusal?.code == .damaged)
            #expect(FileManager.default.fileExists(atPath: mark), "it stays suspected")
        }
    }

    /// Who meets damage that nobody has looked for.
    enum Finder: CaseIterable {
        case reader, retention, copy
    }

    @Test("damage is noted by whoever meets it in the database (K-037)", arguments: Finder.allCases)
    func notesDamage(finder: Finder) async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for number in 0..<500 { store.append(try full(number)) }
                try await store.settled()
            }
            let log = LogCollector()
            try await withStore(in: directory, log: log) { store async throws in
                let file = try FileHandle(forUpdating: URL(filePath: directory.path("state.sqlite")))
                let pages = try await store.onWriter { database in
                    try Int.fetchAll(
                        database, sql: "SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('requests', 'attempts')")
                }
                for page in pages {
                    try file.seek(toOffset: UInt64(page - 1) * 4096)
                    try file.write(contentsOf: Data(repeating: 0xAA, count: 64))
                }
                try file.close()
                switch finder {
                case .reader:
                    await #expect(throws: StateStoreError.self) { try await store.requests(RequestQuery()) }
                case .retention: store.setRetention(Retention(keep: .zero))
                case .copy: await #expect(throws: StateStoreError.self) { try await store.backUp(keeping: 1) }
                }
                try await eventually("damage is noted") { store.statistics.damage != nil && !log.events.isEmpty }
                await store.writerTurn()
                #expect(log.events == ["state_damaged"])
                let job = store.statistics.retentionJob
                #expect(!job.isRunning && job.nextRun == nil && job.interval == nil)
            }
            #expect(FileManager.default.fileExists(atPath: directory.path("state.sqlite-suspect")))
        }
    }

    /// Ends only by being interrupted.
    private static func readForEver(_ database: Database) throws {
        _ = try Int.fetchOne(
            database, sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i % 9 + 1 FROM n) SELECT count(*) FROM n")
    }

    private static func change(_ path: String, _ sql: String) throws {
        try inspect(path) { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF")
            try database.execute(sql: sql)
        }
    }
}
