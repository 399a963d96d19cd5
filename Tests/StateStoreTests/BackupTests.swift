import Foundation
import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct BackupTests {
    @Test("a copy made under load is sound, closed to others, and brings equal rows back (A-022, A-019)")
    func restores() async throws {
        try await TemporaryDirectory.with { directory in
            let (name, before) = try await withStore(in: directory) { store async throws in
                for number in 0..<500 { store.append(try full(number)) }
                store.append(try captured(500))
                try await store.settled()
                let before = try await store.onWriter { try Self.counts($0) }
                async let name = store.backUp(keeping: nil)
                for number in 1_000..<3_000 { store.append(try served(number)) }
                return (try await name, before)
            }
            let backup = directory.path("backups/" + name)
            #expect(try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int == 0o600)
            let parent = try FileManager.default.attributesOfItem(atPath: directory.path("backups"))
            #expect(parent[.posixPermissions] as? Int == 0o700)
            try await TemporaryDirectory.with { other in
                try FileManager.default.copyItem(atPath: backup, toPath: other.path("state.sqlite"))
                try await withStore(in: other) { store async throws in
                    let after = try await store.onWriter { try Self.counts($0) }
                    // Whatever moment it shows, counts, money and rows are of the same one.
                    let counted = try store.load().counts.keys.values.map(\.requests).max() ?? 0
                    #expect(after["requests"] == Int(counted))
                    let spent = try await store.spending(SpendingQuery())
                    #expect(spent.map(\.spending.requests) == [counted])
                    #expect(after["requests"] ?? 0 >= before["requests"] ?? .max)
                    #expect(after["bodies"] == 1)
                    let pragmas = try await store.onWriter { database in
                        (
                            try Int.fetchOne(database, sql: "PRAGMA auto_vacuum"),
                            try String.fetchOne(database, sql: "PRAGMA journal_mode")
                        )
                    }
                    #expect(pragmas == (2, "wal"))
                    #expect(try await store.request(id: "request-500") == captured(500))
                }
            }
        }
    }

    private static func counts(_ database: Database) throws -> [String: Int] {
        let tables = try String.fetchAll(
            database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return try Dictionary(
            uniqueKeysWithValues: tables.map { table in
                (table, try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? -1)
            })
    }

    @Test("restoring a copy of a store at rest brings equal row counts in every table (A-022)")
    func restoresAll() async throws {
        try await TemporaryDirectory.with { directory in
            let (name, before) = try await withStore(in: directory) { store async throws in
                for number in 0..<100 { store.append(try full(number)) }
                try await store.settled()
                return (try await store.backUp(keeping: 7), try await store.onWriter { try Self.counts($0) })
            }
            #expect(name.hasSuffix("-schema\(Migration.all.count)-daily.sqlite"))
            for suffix in ["", "-wal", "-shm"]
            where FileManager.default.fileExists(atPath: directory.path("state.sqlite" + suffix)) {
                try FileManager.default.removeItem(atPath: directory.path("state.sqlite" + suffix))
            }
            try FileManager.default.copyItem(
                atPath: directory.path("backups/" + name), toPath: directory.path("state.sqlite"))
            try await withStore(in: directory) { store async throws in
                #expect(try await store.onWriter { try Self.counts($0) } == before)
            }
        }
    }

    @Test("only so many regular copies are kept, and all others (A-022)")
    func prunes() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let day = WallTime(microseconds: newYear.microseconds)
                store.setRetention(Retention()) { day }
                let mine = try await store.backUp(keeping: nil)
                #expect(mine == "state-20260101T000000Z-schema\(Migration.all.count).sqlite")
                let other = directory.path("backups/")
                for name in [
                    "state-20250101T000000Z-schema1.sqlite", "notes.txt",
                    "state-20270101T000000Z-schema\(Migration.all.count)-daily.sqlite",
                ] {
                    try Data().write(to: URL(filePath: other + name))
                }
                for number in 0..<4 {
                    let now = WallTime(microseconds: newYear.microseconds + Int64(number) * 86_400_000_000)
                    store.setRetention(Retention()) { now }
                    _ = try await store.backUp(keeping: 2)
                }
                let names = try FileManager.default.contentsOfDirectory(atPath: other).sorted()
                #expect(
                    names == [
                        "notes.txt", "state-20250101T000000Z-schema1.sqlite",
                        "state-20260101T000000Z-schema\(Migration.all.count).sqlite",
                        "state-20260103T000000Z-schema\(Migration.all.count)-daily.sqlite",
                        "state-20260104T000000Z-schema\(Migration.all.count)-daily.sqlite",
                    ], "one from the future goes first")
                #expect(store.statistics.backups == 5 && store.statistics.backupFailures == 0)
                let newest = try await store.newestBackup(
                    before: WallTime(microseconds: newYear.microseconds + 86_400_000_000 * 9))
                #expect(
                    newest == WallTime(microseconds: newYear.microseconds + 3 * 86_400_000_000), "none from the future")
                #expect(store.statistics.lastBackup == newest)
            }
        }
    }

    @Test("a copy that cannot be made is told of, leaves nothing behind, and hinders nothing")
    func fails() async throws {
        try await TemporaryDirectory.with { directory in
            let log = LogCollector()
            try await withStore(in: directory, log: log) { store async throws in
                #expect(try await store.newestBackup(before: newYear) == nil)
                try FileManager.default.createSymbolicLink(
                    atPath: directory.path("backups"), withDestinationPath: directory.path)
                let error = await #expect(throws: StateStoreError.self) { try await store.backUp(keeping: 2) }
                #expect(error?.code == .unsafeFile)
                #expect(log.events == ["state_backup_failed"])
                #expect(store.statistics.backupFailures == 1)
                #expect(store.trouble == nil)
                store.append(try served(1))
                try await store.settled()
                let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
                #expect(!left.contains { $0.hasPrefix(StateFiles.incompletePrefix) })
            }
        }
    }

    @Test("copies that cannot be listed are counted each time and told of once, and again after it worked")
    func failsToList() async throws {
        try await TemporaryDirectory.with { directory in
            let log = LogCollector()
            try await withStore(in: directory, log: log) { store async throws in
                let backups = directory.path("backups")
                for round in 1...2 {
                    try directory.write("backups", "no directory")
                    for _ in 1...2 {
                        let error = await #expect(throws: StateStoreError.self) {
                            try await store.newestBackup(before: newYear)
                        }
                        #expect(error?.code == .inputOutput)
                    }
                    #expect(store.statistics.backupFailures == UInt64(2 * round))
                    #expect(log.events == Array(repeating: "state_backup_failed", count: round))
                    try FileManager.default.removeItem(atPath: backups)
                    #expect(try await store.newestBackup(before: newYear) == nil)
                }
            }
        }
    }

    @Test("a copy that would fill the file system is refused before it does, and leaves nothing behind")
    func refusesWithoutSpace() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                try await store.fill(5_000)
                let files = store.writer.files
                let used = try await onOwnThread {
                    UInt64(try RetentionPlan.Facts.measure(store.writer.pool, files.sizes()).usedBytes)
                }
                let needed = used + UInt64(Backup.margin)
                for free in [0, used, needed - 1, needed] {
                    var backup = Backup(files: files)
                    backup.freeBytes = { path throws(StateStoreError) in path == files.backups ? free : 0 }
                    let code = try await onOwnThread { [backup] () -> StateStoreError.Code? in
                        do throws(StateStoreError) {
                            _ = try backup.make(store.writer.pool, version: Migration.all.count, now: newYear)
                            return nil
                        } catch { return error.code }
                    }
                    #expect(code == (free < needed ? .full : nil), "\(free)")
                    let left = try FileManager.default.contentsOfDirectory(atPath: files.backups)
                    #expect(left.count == (free < needed ? 0 : 1))
                }
                #expect(try StateFiles.freeBytes(directory.path) > 0)
            }
        }
    }

    @Test("after a restart the newest regular copy is the last one")
    func remembersTheLast() async throws {
        try await TemporaryDirectory.with { directory in
            for name in [
                "state-20251230T000000Z-schema\(Migration.all.count)-daily.sqlite",
                "state-20251231T000000Z-schema\(Migration.all.count)-daily.sqlite",
                "state-20251231T120000Z-schema\(Migration.all.count).sqlite",
                "state-20270101T000000Z-schema\(Migration.all.count)-daily.sqlite",
            ] {
                try directory.write("backups/" + name, "")
            }
            try await withStore(in: directory) { store async throws in
                #expect(
                    store.statistics.lastBackup == WallTime(microseconds: newYear.microseconds - 86_400_000_000))
                #expect(store.statistics.backups == 0)
            }
        }
    }

    @Test("closing ends a copy that is being made, and leaves no log behind (T-013)")
    func closes() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try StateStore.open(directory: directory.path, logger: LogCollector().logger, now: newYear)
            try await store.fill(50_000)
            async let copy = Self.refusal(of: store)
            try await eventually("the copy is begun", every: .milliseconds(1)) {
                try FileManager.default.fileExists(atPath: directory.path("backups"))
                    && !FileManager.default.contentsOfDirectory(atPath: directory.path("backups")).isEmpty
            }
            await store.close()
            let refusal = await copy
            #expect([nil, .cancelled, .closed].contains(refusal))
            #expect(!FileManager.default.fileExists(atPath: directory.path("state.sqlite-wal")))
            if refusal != nil {
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("backups")) == [])
            }
        }
    }

    private static func refusal(of store: StateStore) async -> StateStoreError.Code? {
        do {
            _ = try await store.backUp(keeping: nil)
            return nil
        } catch { return error.code }
    }

    @Test(
        "names of copies are read as they are written, and nothing else is one",
        arguments: [
            "state-20260131T235959Z-schema1.sqlite", "state-20260131T235959Z-schema12-daily.sqlite",
            "state-20260131T235959Z-schema\(Migration.all.count)-2.sqlite",
            "state-20260131T235959Z-schema\(Migration.all.count)-daily-3.sqlite",
        ])
    func readsNames(text: String) {
        #expect(BackupName(text)?.text == text)
        for other in [
            text + "x", "x" + text, text.replacing("state", with: "State"), text.replacing("0131", with: "0231"),
            text.replacing("schema", with: "schema0"), text.replacing("T23", with: "T24"),
            text.replacing("Z", with: "+"),
            text.replacing(".sqlite", with: "-1.sqlite"), text.replacing(".sqlite", with: "-x.sqlite"),
        ] {
            #expect(BackupName(other) == nil, "\(other)")
        }
    }
}

struct BackupScheduleTests {
    private static func at(_ hours: Int64) -> WallTime { WallTime(microseconds: hours * 3_600_000_000) }

    @Test("a copy is due an interval after the newest one, at once without any")
    func isDue() {
        let schedule = BackupSchedule(every: .seconds(86_400))
        #expect(schedule.wait(newest: nil, now: Self.at(0)) == .zero)
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(0)) == BackupSchedule.longestWait)
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(23)) == BackupSchedule.longestWait)
        let soon = WallTime(microseconds: Self.at(24).microseconds - 5_000_000)
        #expect(schedule.wait(newest: Self.at(0), now: soon) == .seconds(5))
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(24)) == .zero)
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(1_000)) == .zero)
        #expect(BackupSchedule(every: .zero).interval == .seconds(60))
    }

    @Test(
        "after a failure it is tried again within a minute, then ever later up to an hour; at once after a clock set back (T-012)"
    )
    func triesAgain() {
        var schedule = BackupSchedule(every: .seconds(86_400))
        schedule.failed(at: Self.at(30))
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(30)) == .seconds(60))
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(30) + .seconds(60)) == .zero)
        schedule.failed(at: Self.at(30))
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(30)) == .seconds(120))
        for _ in 0..<100 { schedule.failed(at: Self.at(30)) }
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(30)) == BackupSchedule.longestWait)
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(31)) == .zero)
        var frequent = BackupSchedule(every: .seconds(90))
        for _ in 0..<100 { frequent.failed(at: Self.at(30)) }
        #expect(frequent.pause == .seconds(90))
        #expect(schedule.wait(newest: nil, now: Self.at(29)) == .zero)
        schedule.succeeded()
        #expect(schedule.wait(newest: Self.at(0), now: Self.at(30)) == .zero)
    }
}
