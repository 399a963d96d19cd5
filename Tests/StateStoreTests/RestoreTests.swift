import Foundation
import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite("Copies that are put back (A-022, K-037)", .timeLimit(.minutes(5)))
struct RestoreTests {
    /// The copy of a state with five requests and two added keys, and that state a few requests later.
    private struct Site {
        let directory: TemporaryDirectory
        let copy: String

        var restore: StateRestore { StateRestore(directory: self.directory.path, logger: LogCollector().logger) }

        func names() throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: self.directory.path).sorted()
        }

        /// Everything in the directory, byte for byte.
        func contents() throws -> [String: Data] {
            try Dictionary(
                uniqueKeysWithValues: self.names().map {
                    ($0, FileManager.default.contents(atPath: self.directory.path($0)) ?? Data())
                })
        }

        func requests(of path: String) throws -> Int? {
            try inspect(path) { try Int.fetchOne($0, sql: "SELECT count(*) FROM requests") }
        }

        /// Has a copy refused, and finds the directory as it was.
        func refusal(of path: String) throws -> StateStoreError {
            let before = try self.contents()
            #expect(throws: StateStoreError.self) { try self.restore.check(path) }
            let refusal = #expect(throws: StateStoreError.self) { try self.restore.restore(path, now: newYear) }
            #expect(try self.contents() == before)
            return try #require(refusal)
        }
    }

    private func withSite(_ body: (Site) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory async throws in
            let name = try await withStore(in: directory) { store async throws in
                for number in 0..<5 { store.append(try served(number)) }
                for (label, place) in [("one", RuntimeChanges.SecretPlace.files), ("two", .secretService)] {
                    var key = RuntimeChanges.AddedKey(
                        label: try StateStoreTests.label(label), provider: try provider("sim"), addedAt: newYear)
                    key.secretPlace = place
                    try await store.commit([.addKey(key)])
                }
                try await store.settled()
                let name = try await store.backUp(keeping: nil)
                for number in 5..<9 { store.append(try served(number)) }
                try await store.settled()
                return name
            }
            try await body(Site(directory: directory, copy: directory.path("backups/" + name)))
        }
    }

    @Test("a copy comes back whole, closed to others, and what was there is kept")
    func restores() async throws {
        try await self.withSite { site async throws in
            let finding = try site.restore.check(site.copy)
            #expect(finding.schema == Migration.all.count)
            #expect(finding.requests == 5)
            #expect(finding.lastRequestAt == WallTime(microseconds: newYear.microseconds + 4))
            #expect(finding.addedKeys.map(\.label.text) == ["one", "two"])
            #expect(finding.addedKeys.map(\.secretPlace) == [.files, .secretService])

            let restored = try site.restore.restore(site.copy, now: newYear)
            #expect(restored.finding == finding)
            let replaced = try #require(restored.replaced)
            #expect(replaced == site.directory.path("backups/replaced-20260101T000000Z.sqlite"))
            #expect(try site.requests(of: replaced) == 9)
            for path in [site.directory.path("state.sqlite"), replaced] {
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            }
            try await withStore(in: site.directory) { store async throws in
                #expect(try await store.requests(RequestQuery()).records.count == 5)
                #expect(try store.load().counts.keys.values.map(\.requests) == [5])
            }
        }
    }

    @Test("a second restore at the same moment keeps what the first one kept, and the way back is a restore")
    func keepsEverything() async throws {
        try await self.withSite { site async throws in
            let first = try #require(try site.restore.restore(site.copy, now: newYear).replaced)
            let second = try #require(try site.restore.restore(first, now: newYear).replaced)
            #expect(second != first)
            #expect(try site.requests(of: site.directory.path("state.sqlite")) == 9)
            #expect(try site.requests(of: first) == 9)
            #expect(try site.requests(of: second) == 5)
        }
    }

    @Test(
        "a state whose last changes stand in its log only is kept with them, and none of them reaches the copy (K-021)")
    func emptiesLogs() async throws {
        try await self.withSite { site async throws in
            // As after a kill.
            let image = try site.directory.makeDirectory("image")
            try await withStore(in: site.directory) { store async throws in
                for number in 9..<20 { store.append(try served(number)) }
                try await store.settled()
                try OpeningTests.copyImage(from: site.directory.path, to: image)
            }
            let killed = StateRestore(directory: image, logger: LogCollector().logger)
            let replaced = try #require(try killed.restore(site.copy, now: newYear).replaced)
            #expect(try FileManager.default.contentsOfDirectory(atPath: image).sorted() == ["backups", "state.sqlite"])
            #expect(try site.requests(of: replaced) == 20)
            #expect(try site.requests(of: image + "/state.sqlite") == 5)
        }
    }

    @Test("a state that no program can read any more is kept as it is, with its log")
    func keepsDamage() async throws {
        try await self.withSite { site async throws in
            let damage = String(repeating: "no database ", count: 1000)
            try site.directory.write("state.sqlite", damage)
            try site.directory.write("state.sqlite-wal", "rows")
            let replaced = try #require(try site.restore.restore(site.copy, now: newYear).replaced)
            #expect(try String(contentsOfFile: replaced, encoding: .utf8) == damage)
            #expect(try String(contentsOfFile: replaced + "-wal", encoding: .utf8) == "rows")
            #expect(!FileManager.default.fileExists(atPath: site.directory.path("state.sqlite-wal")))
            #expect(try site.requests(of: site.directory.path("state.sqlite")) == 5)
        }
    }

    @Test("into an empty directory it is put without anything being kept, and looking makes nothing")
    func restoresElsewhere() async throws {
        try await self.withSite { site async throws in
            let other = try site.directory.makeDirectory("other")
            let restore = StateRestore(directory: other, logger: LogCollector().logger)
            _ = try restore.check(site.copy)
            #expect(try FileManager.default.contentsOfDirectory(atPath: other).isEmpty)
            #expect(try restore.restore(site.copy, now: newYear).replaced == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: other) == ["state.sqlite"])
        }
    }

    @Test("looking at a copy leaves nothing beside it, whatever its name, also where nothing can be written")
    func looksWithoutTraces() async throws {
        try await self.withSite { site async throws in
            let place = try site.directory.makeDirectory("place")
            let path = place + "/a copy?mode=rw&100%#ä.sqlite"
            try FileManager.default.copyItem(atPath: site.copy, toPath: path)
            // As in the file of a daemon that has ended, which copies are not.
            let mode = try inspect(path) { try String.fetchOne($0, sql: "PRAGMA journal_mode = WAL") }
            #expect(mode == "wal")
            let names = try FileManager.default.contentsOfDirectory(atPath: place)
            #expect(names.count == 1)
            #expect(try site.restore.check(path).requests == 5)
            #expect(try FileManager.default.contentsOfDirectory(atPath: place) == names)
        }
    }

    @Test("an older copy is restored as it is; the next start migrates it (A-025)")
    func restoresOlderSchemas() async throws {
        try await TemporaryDirectory.with { directory async throws in
            let older = Array(Migration.all.prefix(2))
            let name = try await withStore(in: directory, migrations: older) { store async throws in
                try await store.backUp(keeping: nil)
            }
            let restore = StateRestore(directory: directory.path, logger: LogCollector().logger)
            let finding = try restore.restore(directory.path("backups/" + name), now: newYear).finding
            #expect(finding.schema == 2)
            #expect(finding.newestSchema == Migration.all.count)
            let log = LogCollector()
            try await withStore(in: directory, log: log) { _ async throws in }
            #expect(log.events.contains("state_migrated"))
        }
    }

    @Test("a damaged copy is refused: a page, an index, a constraint, half of it", arguments: Damage.allCases)
    func refusesDamage(damage: Damage) async throws {
        try await self.withSite { site async throws in
            let path = site.directory.path("damaged.sqlite")
            try FileManager.default.copyItem(atPath: site.copy, toPath: path)
            try damage.do(to: path)
            let before = try site.contents()
            let refusal = #expect(throws: StateStoreError.self) { try site.restore.restore(path, now: newYear) }
            #expect(refusal?.code == .damaged, "\(String(describing: refusal))")
            #expect(refusal?.message.contains(path) == true)
            #expect(try site.contents() == before)
        }
    }

    enum Damage: CaseIterable {
        case page, index, constraint, half

        func `do`(to path: String) throws {
            switch self {
            case .page:
                var data = try Data(contentsOf: URL(filePath: path))
                for index in 8192..<(data.count - 4096) where index % 4096 < 64 { data[index] = 0xAA }
                try data.write(to: URL(filePath: path))
            case .index:
                // What the quick check leaves out: an entry without its row, because the index was hidden when that went.
                try inspect(path) { database in
                    try database.execute(
                        sql: """
                            CREATE TEMP TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'requests_by_time';
                            PRAGMA writable_schema = ON;
                            DELETE FROM sqlite_schema WHERE name = 'requests_by_time';
                            PRAGMA writable_schema = RESET;
                            DELETE FROM requests WHERE id = 'request-0';
                            PRAGMA writable_schema = ON;
                            INSERT INTO sqlite_schema SELECT * FROM hidden;
                            PRAGMA writable_schema = RESET
                            """)
                }
            case .constraint:
                try inspect(path) { database in
                    try database.execute(
                        sql: "PRAGMA ignore_check_constraints = ON; UPDATE key_counts SET count = -1")
                }
            case .half:
                let file = try FileHandle(forWritingTo: URL(filePath: path))
                try file.truncate(atOffset: try file.seekToEnd() / 8192 * 4096)
                try file.close()
            }
        }
    }

    @Test(
        "what is newer, foreign, no file, not whole, or the state itself is refused, and nothing changes (K-037, K-043)"
    )
    func refusesOthers() async throws {
        try await self.withSite { site async throws in
            let path = site.directory.path("other.sqlite")
            try FileManager.default.copyItem(atPath: site.copy, toPath: path)
            try inspect(path) { try $0.execute(sql: "PRAGMA user_version = \(Migration.all.count + 1)") }
            let newer = try site.refusal(of: path)
            #expect(newer.code == .newerSchema)
            #expect(newer.message.contains("schema \(Migration.all.count + 1)"))

            try inspect(path) { database in
                try database.execute(sql: "PRAGMA user_version = \(Migration.all.count)")
                try database.execute(sql: "UPDATE schema_migrations SET checksum = '0' WHERE number = 1")
            }
            #expect(try site.refusal(of: path).code == .changedMigration)

            try inspect(path) { try $0.execute(sql: "PRAGMA application_id = 7") }
            #expect(try site.refusal(of: path).code == .foreignDatabase)
            try site.directory.write("text", "no database at all")
            #expect(try site.refusal(of: site.directory.path("text")).code == .foreignDatabase)
            try site.directory.write("empty", "")
            #expect(try site.refusal(of: site.directory.path("empty")).code == .foreignDatabase)
            #expect(try site.refusal(of: site.directory.path("backups")).code == .unsafeFile)
            #expect(try site.refusal(of: site.directory.path("nothing")).code == .inputOutput)

            try FileManager.default.copyItem(atPath: site.copy, toPath: site.directory.path("half.sqlite"))
            try site.directory.write("half.sqlite-wal", "rows")
            #expect(try site.refusal(of: site.directory.path("half.sqlite")).message.contains("VACUUM INTO"))

            let itself = #expect(throws: StateStoreError.self) {
                try site.restore.restore(site.directory.path("state.sqlite"), now: newYear)
            }
            #expect(itself?.code == .conflict)
            #expect(try site.requests(of: site.directory.path("state.sqlite")) == 9)
        }
    }

    @Test("a link in the place of the state is never followed (K-043)")
    func refusesLinks() async throws {
        try await self.withSite { site async throws in
            let elsewhere = try site.directory.write("elsewhere", "precious")
            let path = site.directory.path("state.sqlite")
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: elsewhere)
            let refusal = #expect(throws: StateStoreError.self) {
                try site.restore.restore(site.copy, now: newYear)
            }
            #expect(refusal?.code == .unsafeFile)
            #expect(try String(contentsOfFile: elsewhere, encoding: .utf8) == "precious")
        }
    }
}
