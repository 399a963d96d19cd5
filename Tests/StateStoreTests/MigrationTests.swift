import Foundation
import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct MigrationTests {
    private static let second = Migration(
        number: Migration.all.count + 1, name: "notes",
        statements: ["CREATE TABLE notes (text TEXT NOT NULL) STRICT", "ALTER TABLE turns ADD COLUMN note TEXT"])
    private static let third = Migration(
        number: Migration.all.count + 2, name: "notes by text",
        statements: ["CREATE INDEX notes_by_text ON notes (text)"])
    private static let failing = Migration(
        number: Migration.all.count + 2, name: "fails half-way",
        statements: ["CREATE TABLE half (x INTEGER) STRICT", "DROP TABLE turns", "INSERT INTO nowhere VALUES (1)"])

    @Test("the SQL of a released migration never changes (A-010)")
    func checksumsStay() {
        #expect(
            Migration.all.map(\.checksum) == [
                "fd6248700b075fbb", "de95c9426b161571", "63d9be4a3cb96ca4", "f2b2dc9f16cd208d", "c445d6cf4b27700f",
                "1a347238d8218eb1", "80f809150e58338d", "cd4286759b92a60a",
                "ad8e73f4cffe8720",
            ])
        #expect(Migration.all.map(\.number) == Array(1...Migration.all.count))
    }

    @Test("an upgraded database has the schema of a fresh one, and keeps its rows (A-010)")
    func upgrades() async throws {
        try await TemporaryDirectory.with { directory in
            let all = Migration.all + [Self.second, Self.third]
            let old = try await withStore(in: directory) { store async throws in
                store.append(try full(1))
                try await store.settled()
                return try store.load()
            }
            let log = LogCollector()
            try await withStore(in: directory, migrations: all, log: log) { store async throws in
                #expect(try store.load() == old)
            }
            #expect(log.events == ["state_migrating", "state_backup", "state_migrated"])
            try await withStore(in: directory, migrations: all, log: log) { _ async throws in }
            #expect(log.events.count == 3, "once is enough")
            try await TemporaryDirectory.with { other in
                try await withStore(in: other, migrations: all) { _ async throws in }
                #expect(try Self.schema(directory) == Self.schema(other))
            }
            let refusal = #expect(throws: StateStoreError.self) {
                try StateStore.open(directory: directory.path, logger: log.logger, now: newYear)
            }
            #expect(refusal?.code == .newerSchema)
        }
    }

    @Test("a verified copy is made before a migration, and the daemon can go back to it (K-037, A-022)")
    func backsUp() async throws {
        try await TemporaryDirectory.with { directory in
            let old = try await withStore(in: directory) { store async throws in
                for number in 0..<50 { store.append(try full(number)) }
                try await store.settled()
                return try store.load()
            }
            try await withStore(in: directory, migrations: Migration.all + [Self.second]) { _ async throws in }
            let backups = try FileManager.default.contentsOfDirectory(atPath: directory.path("backups"))
            #expect(backups == ["state-20260101T000000Z-schema\(Migration.all.count).sqlite"])
            let backup = directory.path("backups/" + (backups.first ?? ""))
            #expect(try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int == 0o600)
            let parent = try FileManager.default.attributesOfItem(atPath: directory.path("backups"))
            #expect(parent[.posixPermissions] as? Int == 0o700)

            try FileManager.default.removeItem(atPath: directory.path("state.sqlite"))
            try FileManager.default.copyItem(atPath: backup, toPath: directory.path("state.sqlite"))
            try await withStore(in: directory) { store async throws in
                #expect(try store.load() == old)
                #expect(try await store.requests(RequestQuery()).records.count == 50)
            }
        }
    }

    @Test("a migration that fails half-way leaves all as it was and names the copy (A-025)")
    func failsCleanly() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { $0.append(try full(1)) }
            let before = try Self.schema(directory)
            let migrations = Migration.all + [Self.second, Self.failing]
            for attempt in 1...4 {
                // A copy from before the last change is no copy of it.
                try Self.age(directory, by: attempt == 3 ? -3_600 : 3_600)
                // Nor is one that is damaged.
                if attempt == 4 {
                    for suffix in ["", "-2"] {
                        try directory.write(
                            "backups/state-20260101T000000Z-schema\(Migration.all.count)\(suffix).sqlite", "damaged")
                    }
                }
                let log = LogCollector()
                let refusal = #expect(throws: StateStoreError.self) {
                    try StateStore.open(
                        directory: directory.path, logger: log.logger, now: newYear, migrations: migrations,
                        rowLimit: 10)
                }
                #expect(refusal?.code == .migrationFailed)
                let suffix = ["", "", "-2", "-3"][attempt - 1]
                #expect(log.events.contains("state_backup_reused") == (attempt == 2), "\(attempt): \(log.events)")
                let backup = directory.path(
                    "backups/state-20260101T000000Z-schema\(Migration.all.count)\(suffix).sqlite")
                #expect(refusal?.message.contains(backup) == true, "\(String(describing: refusal))")
                #expect(FileManager.default.fileExists(atPath: backup))
                #expect(try Self.schema(directory) == before)
            }
            try await withStore(in: directory) { store async throws in
                #expect(try store.load().counts.keys.count == 2)
            }
        }
    }

    @Test("a migration that leaves references to nothing is taken back (A-025)")
    func checksReferences() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { $0.append(try full(1)) }
            let before = try Self.schema(directory)
            let careless = Migration(number: 4, name: "careless", statements: ["DELETE FROM requests"])
            let refusal = #expect(throws: StateStoreError.self) {
                try StateStore.open(
                    directory: directory.path, logger: LogCollector().logger, now: newYear,
                    migrations: Migration.all + [careless], rowLimit: 10)
            }
            #expect(refusal?.code == .migrationFailed)
            #expect(try Self.schema(directory) == before)
        }
    }

    @Test("a migration that is not the one that was applied stops the start (A-010)")
    func noticesChangedMigrations() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory, migrations: Migration.all + [Self.second]) { _ async throws in }
            let before = FileManager.default.contents(atPath: directory.path("state.sqlite"))
            let changed = Migration(
                number: 4, name: Self.second.name,
                statements: [Self.second.statements[0] + " ", Self.second.statements[1]])
            let refusal = #expect(throws: StateStoreError.self) {
                try StateStore.open(
                    directory: directory.path, logger: LogCollector().logger, now: newYear,
                    migrations: Migration.all + [changed], rowLimit: 10)
            }
            #expect(refusal?.code == .changedMigration)
            #expect(refusal?.message.contains("migration 4") == true)
            #expect(FileManager.default.contents(atPath: directory.path("state.sqlite")) == before)
        }
    }

    @Test("a database of the first schema is copied and upgraded, and nothing in it is lost (K-013, K-037)")
    func upgradesTheFirstSchema() async throws {
        try await TemporaryDirectory.with { directory in
            try inspect(directory.path("state.sqlite")) { database in
                try Migrator(migrations: [.firstSchema]).migrate(database, from: 0, now: newYear)
                try Installation.seed(database, now: newYear)
                try database.execute(
                    sql: """
                        INSERT INTO key_conditions VALUES ('alpha', 'sim', 'm', 'cooling', 'provider_rate_limited', 5, 3);
                        INSERT INTO turns VALUES ('sim', 'alpha', 'beta');
                        INSERT INTO key_counts VALUES ('alpha', 'sim', 'ok', 7);
                        INSERT INTO requests (id, received_at, dialect, provider, key, status, is_stream, outcome, duration_ns)
                            VALUES ('old', 1, 'openai', 'sim', 'alpha', 200, 0, 'complete', 9);
                        INSERT INTO attempts (request, position, key, provider, error_class, status, duration_ns)
                            VALUES (1, 0, 'beta', 'sim', 'provider_overloaded', 503, 8), (1, 1, 'alpha', 'sim', NULL, 200, 9);
                        """)
            }
            let log = LogCollector()
            try await withStore(in: directory, log: log) { store async throws in
                let state = try store.load()
                let sim = try provider("sim")
                let condition = KeyMemory.Condition(
                    label: try label("alpha"), provider: sim, model: try model("m"), state: .cooling,
                    reason: .providerRateLimited, until: WallTime(microseconds: 5), step: 3)
                let turn = KeyMemory.Turn(provider: sim, last: try label("alpha"), next: try label("beta"))
                #expect(state.memory == DispatchMemory(keys: KeyMemory(conditions: [condition], turns: [turn])))
                #expect(state.counts.keys.values.map(\.outcomes) == [["ok": 7]])
                let attempts = [
                    RequestRecord.Attempt(
                        key: try label("beta"), provider: sim, errorClass: .providerOverloaded, status: 503,
                        duration: .nanoseconds(8)),
                    RequestRecord.Attempt(
                        key: try label("alpha"), provider: sim, status: 200, duration: .nanoseconds(9)),
                ]
                #expect(try await store.request(id: "old")?.attempts == attempts)
                #expect(store.statistics.quarantined.isEmpty)
                store.append(try full(1))
                #expect(try await store.request(id: "request-1") == full(1))
            }
            #expect(log.events.contains("state_migrated"))
            let backup = directory.path("backups/state-20260101T000000Z-schema1.sqlite")
            let version = try inspect(backup) { try Int.fetchOne($0, sql: "PRAGMA user_version") }
            #expect(version == 1)
            try await TemporaryDirectory.with { other in
                try await withStore(in: other) { _ async throws in }
                #expect(try Self.schema(directory) == Self.schema(other))
            }
        }
    }

    @Test("a database of the second schema is copied and upgraded; what it did not record is unknown (K-013, A-010)")
    func upgradesTheSecondSchema() async throws {
        try await TemporaryDirectory.with { directory in
            try inspect(directory.path("state.sqlite")) { database in
                try Migrator(migrations: [.firstSchema, .healing]).migrate(database, from: 0, now: newYear)
                try Installation.seed(database, now: newYear)
                try database.execute(
                    sql: """
                        INSERT INTO requests (id, received_at, dialect, provider, key, status, is_stream, outcome, duration_ns)
                            VALUES ('old', 1, 'openai', 'sim', 'alpha', 200, 0, 'complete', 9);
                        INSERT INTO attempts (request, position, key, provider, status, duration_ns, selection)
                            VALUES (1, 0, 'alpha', 'sim', 200, 9, 'affinity');
                        """)
            }
            try await withStore(in: directory) { store async throws in
                let old = try #require(try await store.request(id: "old"))
                #expect(old.attempts.map(\.selection) == [.affinity])
                #expect(old.attempts.map(\.usage) == [nil] && old.attempts.map(\.cost) == [nil])
                #expect(old.tokens == nil && old.caller == nil && old.bodies == nil)
                let spent = try await store.spending(SpendingQuery())
                #expect(spent.isEmpty, "nothing is made up")
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path("backups"))
                    == ["state-20260101T000000Z-schema2.sqlite"])
            try await TemporaryDirectory.with { other in
                try await withStore(in: other) { _ async throws in }
                #expect(try Self.schema(directory) == Self.schema(other))
            }
        }
    }

    @Test("when keys were last used is kept where it moves to their counts (K-013, A-010)")
    func keepsTheLastUse() async throws {
        try await TemporaryDirectory.with { directory in
            try inspect(directory.path("state.sqlite")) { database in
                try Migrator(migrations: Array(Migration.all.prefix(7))).migrate(database, from: 0, now: newYear)
                try Installation.seed(database, now: newYear)
                try database.execute(
                    sql: """
                        INSERT INTO key_counts VALUES ('alpha', 'sim', 'ok', 7), ('alpha', 'sim', 'provider_overloaded', 2),
                            ('alpha', 'other', 'ok', 1), ('beta', 'sim', 'ok', 3);
                        INSERT INTO key_use VALUES ('alpha', 'sim', 50), ('alpha', 'other', 60);
                        """)
            }
            try await withStore(in: directory) { store async throws in
                let keys = try store.load().counts.keys
                let times = Dictionary(
                    uniqueKeysWithValues: keys.map { ("\($0.label)@\($0.provider)", $1.lastUsedAt?.microseconds) })
                #expect(times == ["alpha@sim": 50, "alpha@other": 60, "beta@sim": nil])
                #expect(keys.values.map(\.requests).sorted() == [1, 3, 9])
                // And what is used afterwards is later.
                let record = try full(1)
                store.append(record)
                try await store.settled()
                let used = try store.load().counts.keys.mapValues(\.lastUsedAt)
                for (id, _) in record.lastAttempts { #expect(used[id] == record.receivedAt) }
            }
        }
    }

    /// Sets when the database was last changed.
    private static func age(_ directory: TemporaryDirectory, by seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: directory.path("state.sqlite"))
    }

    private static func schema(_ directory: TemporaryDirectory) throws -> [String] {
        try inspect(directory.path("state.sqlite")) { database in
            try String.fetchAll(
                database, sql: "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")
                + [String(try Int.fetchOne(database, sql: "PRAGMA user_version") ?? -1)]
        }
    }
}
