internal import GRDB
internal import Logging
internal import ProxyCore

/// Opens the database, or makes it; whatever it cannot use stays as it is (K-037).
struct DatabaseOpening {
    let files: StateFiles
    let migrator: Migrator
    let logger: Logger
    let now: WallTime
    /// Up to how many pages a database is looked at as a whole.
    var wholePages = DatabaseCheck.wholePages

    /// What was opened.
    struct Opened {
        /// The writer and the readers.
        let pool: DatabasePool
        /// Files that were open to others until then.
        let repaired: [String]
        /// Whether everything was looked at.
        let isChecked: Bool
    }

    /// Checks, copies and migrates as far as needed, and opens the writer and the readers.
    func open() throws(StateStoreError) -> Opened {
        try self.files.removeIncomplete()
        let repaired = try self.files.secure(self.logger)
        let pool: DatabasePool
        var isChecked = true
        if try self.files.exists() {
            // Before the connections: with an empty log the first one makes it by a transaction that changes nothing.
            let change = try self.files.lastChange()
            let version: Int
            (version, isChecked) = try self.inspect()
            pool = try self.connect()
            if version < self.migrator.newest { try self.migrate(pool, from: version, change) }
        } else {
            try self.make()
            try self.files.trust()
            pool = try self.connect()
        }
        try StateStoreError.describing("opening the state database") {
            try pool.writeWithoutTransaction { database in
                // Seeds are apart from migrations.
                try Installation.seed(database, now: self.now)
            }
        }
        return Opened(pool: pool, repaired: repaired, isChecked: isChecked)
    }

    /// Makes a complete database under another name and gives it its own when it is on disk.
    private func make() throws(StateStoreError) {
        let path = self.files.incomplete(in: self.files.directory)
        try StateFiles.create(path)
        do {
            try StateStoreError.describing("making the state database") {
                var configuration = Self.configuration()
                configuration.journalMode = .wal
                configuration.prepareDatabase { database in
                    // Before the first table, or never: space is given back in pieces after pruning.
                    try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                }
                let queue = try DatabaseQueue(path: path, configuration: configuration)
                try queue.writeWithoutTransaction { database in
                    try self.migrator.migrate(database, from: 0, now: self.now)
                    try Installation.seed(database, now: self.now)
                }
                try queue.close()
            }
            try StateFiles.publish(path, as: self.files.database, in: self.files.directory)
        } catch {
            StateFiles.discard(path)
            throw error
        }
    }

    /// Looks at an existing database without writing to it, and returns its version, and whether it looked at everything.
    ///
    /// The history of a large one is left for later, unless it is about to be migrated, or damage was found in it.
    private func inspect() throws(StateStoreError) -> (version: Int, isChecked: Bool) {
        try self.inspectHeader()
        var configuration = Self.configuration()
        // A rollback journal is left only by a kill while the journal mode was changed, which happens to a copy that was
        // put back. Only a writer can roll it back; the header has been checked, and the rest is below.
        configuration.readonly = try StateFiles.status(self.files.database + "-journal") == nil
        let isSuspect = try self.files.isSuspect()
        let result = try StateStoreError.describing("checking the state database") {
            let reader = try DatabaseQueue(path: self.files.database, configuration: configuration)
            let version = try reader.read { try self.migrator.check($0) }
            // SQLite knows no CHECK constraints on a connection that was opened for reading, so they are checked on another
            // one that is only told to write nothing. As long as the first one is open too, closing it writes nothing either.
            let isChecked = try withExtendedLifetime(reader) {
                let checker = try DatabaseQueue(path: self.files.database, configuration: Self.configuration())
                let isChecked = try checker.read { database in
                    let isWhole = try isSuspect || version < self.migrator.newest || self.isSmall(database)
                    // Whatever found the damage may have met what the quick look leaves out.
                    try isWhole
                        ? DatabaseCheck.verify(database, isThorough: isSuspect)
                        : DatabaseCheck.verifyWithoutHistory(database)
                    return isWhole
                }
                try checker.close()
                return isChecked
            }
            try reader.close()
            return (version, isChecked)
        }
        // Another copy has been put in its place, or what was wrong has been mended.
        if isSuspect { try self.files.trust() }
        return result
    }

    private func isSmall(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "PRAGMA page_count") ?? .max <= self.wholePages
    }

    /// What the header tells, so that SQLite does not even open what is not ours.
    private func inspectHeader() throws(StateStoreError) {
        guard let version = DatabaseHeader(try self.files.header())?.version else { throw Migrator.foreign }
        guard version <= self.migrator.newest else { throw self.migrator.tooNew(version) }
    }

    private func connect() throws(StateStoreError) -> DatabasePool {
        try StateStoreError.describing("opening the state database") {
            let pool = try DatabasePool(path: self.files.database, configuration: Self.configuration())
            try pool.writeWithoutTransaction { database in
                // Opening sets NORMAL, which a loss of power could cost whole transactions.
                try database.execute(sql: Self.setSynchronous)
                let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
                guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2, mode == "wal" else {
                    throw StateStoreError(.internalFault, "the state database does not write as safely as it must")
                }
            }
            return pool
        }
    }

    private func migrate(_ pool: DatabasePool, from version: Int, _ change: Int64?) throws(StateStoreError) {
        let size = self.files.sizes()
        self.logger.notice(
            "the state database is copied and migrated; a large one takes its time",
            metadata: [
                "event": "state_migrating", "from": "\(version)", "to": "\(self.migrator.newest)",
                "bytes": "\(size.database + size.log)",
            ])
        let backup = try self.backUp(pool, version, change)
        do {
            try pool.writeWithoutTransaction { database in
                try self.migrator.migrate(database, from: version, now: self.now)
            }
        } catch {
            let cause = StateStoreError(error, while: "migrating the state database")
            throw StateStoreError(
                .migrationFailed,
                "\(cause.message). Schema \(version) is in place as before; a copy from before is \(backup)")
        }
        self.logger.notice(
            "migrated the state database",
            metadata: ["event": "state_migrated", "from": "\(version)", "to": "\(self.migrator.newest)"])
    }

    /// The path of a verified copy from before the migration: one that a migration has left that was killed or failed, or a new
    /// one.
    private func backUp(
        _ pool: DatabasePool, _ version: Int, _ change: Int64?
    ) throws(StateStoreError) -> String {
        // What a killed migration left in the log is no transaction, and goes; what is one becomes a change of the file.
        try StateStoreError.describing("emptying the log of the state database") {
            _ = try pool.writeWithoutTransaction { database in
                try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
        var reusable: [BackupName] = []
        // With a log that held something before, the file tells now.
        let later = try self.files.lastChange()
        if let change = change ?? later {
            reusable = try self.files.backups(ofSchema: version, after: change, now: self.now)
        }
        for name in reusable {
            let path = self.files.path(of: name)
            do {
                try Backup.verify(path, version: version)
                self.logger.notice(
                    "a copy of the state database is there already",
                    metadata: ["event": "state_backup_reused", "file": "\(path)", "schema": "\(version)"])
                return path
            } catch {
                self.logger.warning(
                    "a copy of the state database is not sound; another one is made",
                    metadata: ["event": "state_backup_unsound", "file": "\(path)", "reason": "\(error)"])
            }
        }
        let name = try Backup(files: self.files).make(pool, version: version, now: self.now)
        let path = self.files.path(of: name)
        self.logger.notice(
            "copied the state database before its migration",
            metadata: ["event": "state_backup", "file": "\(path)", "schema": "\(version)"])
        return path
    }

    /// Each transaction is synced.
    static let setSynchronous = "PRAGMA synchronous = FULL"

    /// How long a statement waits for another connection's lock.
    static let setBusyTimeout = "PRAGMA busy_timeout = 5000"

    /// A log that a burst made long is cut to 16 MiB when it starts anew.
    static let setLogLimit = "PRAGMA journal_size_limit = 16777216"

    /// How every connection is set up.
    static func configuration() -> GRDB.Configuration {
        // Has to be said before the first connection.
        _ = SQLiteLibrary.countsNoMemory
        var configuration = GRDB.Configuration()
        configuration.label = "kmi.state"
        configuration.maximumReaderCount = 3
        // A transaction that even its rollback could not end is ended before the next one; GRDB would end the process.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            // Nothing is ever put into a world-writable directory.
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            try database.execute(sql: Self.setBusyTimeout)
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            try database.execute(sql: "PRAGMA cell_size_check = ON")
            if database.configuration.readonly {
                try database.execute(sql: "PRAGMA query_only = ON")
            } else {
                try database.execute(sql: Self.setLogLimit)
            }
        }
        return configuration
    }
}
