internal import GRDB
internal import ProxyCore

/// Brings a database to the newest schema, or leaves it exactly as it is.
struct Migrator: Sendable {
    /// `KMI1` in the file's header: what tells this program's databases from others.
    static let applicationID = 0x4B4D_4931

    /// The steps, numbered from 1 without a gap.
    let migrations: [Migration]

    /// The version after the last step.
    var newest: Int { self.migrations.count }

    /// Refuses a database that is not ours, is newer, or had other migrations than those known here.
    ///
    /// Returns its version.
    func check(_ database: Database) throws -> Int {
        guard try Int.fetchOne(database, sql: "PRAGMA application_id") == Self.applicationID else {
            throw Self.foreign
        }
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version <= self.newest else { throw self.tooNew(version) }
        let applied = try Row.fetchAll(database, sql: "SELECT number, checksum FROM schema_migrations ORDER BY number")
        guard applied.count == version else {
            throw StateStoreError(
                .changedMigration,
                "the state database has schema \(version) but records \(applied.count) migrations; restore a copy "
                    + "from backups/")
        }
        for (migration, row) in zip(self.migrations, applied) {
            guard row.integer("number") == migration.number, row.text("checksum") == migration.checksum else {
                throw StateStoreError(
                    .changedMigration,
                    "migration \(migration.number) of the state database is not the one that this version of kmid "
                        + "knows; start the version that wrote it, or restore a copy from backups/")
            }
        }
        return version
    }

    /// Applies what is missing in one transaction; a failure leaves schema and version as they were.
    func migrate(_ database: Database, from version: Int, now: WallTime) throws {
        // A step may rebuild a table that others refer to; the references are checked before the end instead.
        try database.execute(sql: "PRAGMA foreign_keys = OFF")
        try database.inTransaction(.immediate) {
            if version == 0 { try database.execute(sql: Self.ledger) }
            for migration in self.migrations.dropFirst(version) {
                for statement in migration.statements { try database.execute(sql: statement) }
                try database.execute(
                    sql: "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
                    arguments: [migration.number, migration.name, migration.checksum, now.microseconds])
            }
            if try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") != nil {
                throw StateStoreError(.migrationFailed, "a migration left references to rows that are gone")
            }
            // Pragmas take no arguments; both are numbers of this program, no data.
            try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(self.newest)")
            return .commit
        }
        try database.execute(sql: "PRAGMA foreign_keys = ON")
    }

    /// The error for a file that this program did not make.
    static let foreign = StateStoreError(
        .foreignDatabase,
        "state.sqlite is no state database of kmid; it was left as it is. Move it out of the state directory")

    /// The error for a database that a later version wrote.
    func tooNew(_ version: Int) -> StateStoreError {
        StateStoreError(
            .newerSchema,
            "the state database has schema \(version), this version of kmid knows \(self.newest) at most; it was left as "
                + "it is. Start the newer kmid, or restore a copy from backups/")
    }

    private static let ledger = """
        CREATE TABLE schema_migrations (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            checksum TEXT NOT NULL,
            applied_at INTEGER NOT NULL
        ) STRICT
        """
}
