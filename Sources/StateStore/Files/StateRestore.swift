internal import GRDB
internal import Glibc
public import Logging
public import ProxyCore

/// Puts a copy of the database in its place, or tells what a copy holds (A-022, K-037).
///
/// The caller owns and has locked the directory, and no store is open in it. What is checked is what is put in place: the copy
/// is copied once more, checked there, and renamed. At every moment the directory has the former database or the new one, with
/// the log that belongs to it.
public struct StateRestore: Sendable {
    /// What a copy holds.
    public struct Finding: Sendable, Equatable {
        /// A key that was added at run time, and where its secret lies: no copy holds that.
        public struct AddedKey: Sendable, Equatable {
            /// Its label.
            public let label: KeyLabel
            /// Where its secret is expected.
            public let secretPlace: RuntimeChanges.SecretPlace
        }

        /// The version of its schema.
        public let schema: Int
        /// The newest version that this program knows; an older copy is migrated when the daemon starts.
        public let newestSchema: Int
        /// How many requests it has rows of.
        public let requests: Int
        /// When the last of them came in; `nil` if there is none.
        public let lastRequestAt: WallTime?
        /// The keys that were added at run time, in their order.
        public let addedKeys: [AddedKey]
    }

    /// A copy that was put in its place.
    public struct Restored: Sendable, Equatable {
        /// What it holds.
        public let finding: Finding
        /// Where what was there before lies now; `nil` if there was nothing.
        public let replaced: String?
    }

    private let files: StateFiles
    private let migrator: Migrator
    private let logger: Logger

    /// Names the state directory.
    public init(directory: String, logger: Logger) {
        self.init(directory: directory, logger: logger, migrations: Migration.all)
    }

    /// As ``init(directory:logger:)``, with other migrations.
    init(directory: String, logger: Logger, migrations: [Migration]) {
        self.files = StateFiles(directory: directory)
        self.migrator = Migrator(migrations: migrations)
        self.logger = logger
    }

    /// Looks at a copy; nothing changes.
    ///
    /// Blocks. Throws an error of code `foreignDatabase`, `newerSchema`, `changedMigration` or `damaged` if it cannot be
    /// restored. Only ``restore(_:now:)`` finds values that violate a CHECK constraint: SQLite looks at those in files alone
    /// that it may write.
    public func check(_ path: String) throws(StateStoreError) -> Finding {
        let copy = try ForeignFile(path)
        try self.refuseHalves(of: path)
        let version = try self.version(in: try copy.header(), of: path)
        return try self.inspect(path, version: version, of: path, isWritable: false)
    }

    /// Puts a copy in its place, and keeps what was there in `backups/`.
    ///
    /// Blocks. If it throws, nothing has changed, with one exception: an error of code `inputOutput` may come after the copy got
    /// its name, when the disk does not confirm it. `now` names what is kept.
    public func restore(_ path: String, now: WallTime) throws(StateStoreError) -> Restored {
        try self.files.removeIncomplete()
        _ = try self.files.secure(self.logger)
        let copy = try ForeignFile(path)
        guard copy.identity != self.files.identity() else {
            throw StateStoreError(.conflict, "\(path) is the state itself, no copy of it")
        }
        try self.refuseHalves(of: path)
        let version = try self.version(in: try copy.header(), of: path)
        let staged = self.files.incomplete(in: self.files.directory)
        try StateFiles.create(staged)
        do throws(StateStoreError) {
            try copy.write(to: staged)
            let finding = try self.inspect(staged, version: version, of: path, isWritable: true)
            // What looking at a copy with a write-ahead log left beside it, which is empty.
            for suffix in StateFiles.companions { try StateFiles.remove(staged + suffix) }
            try self.emptyLog()
            let replaced = try self.keepAside(now: now)
            for suffix in StateFiles.companions { try StateFiles.remove(self.files.database + suffix) }
            try StateFiles.publish(staged, as: self.files.database, in: self.files.directory)
            return Restored(finding: finding, replaced: replaced)
        } catch {
            StateFiles.discard(staged)
            throw error
        }
    }

    // MARK: Looking

    /// A database whose last changes stand beside it is not whole, and what is beside it is not put in place.
    private func refuseHalves(of path: String) throws(StateStoreError) {
        for suffix in ["-wal", "-journal"] {
            guard let status = try StateFiles.status(path + suffix), status.st_size > 0 else { continue }
            throw StateStoreError(
                .damaged,
                "\(path) is not whole: its last changes stand in \(path)\(suffix). Make one file of both with "
                    + "`sqlite3 \(path) \"VACUUM INTO 'whole.sqlite'\"`, and restore that")
        }
    }

    /// What the header tells, so that SQLite does not even open what is not ours.
    private func version(in header: [UInt8], of path: String) throws(StateStoreError) -> Int {
        guard let version = DatabaseHeader(header)?.version else { throw Self.foreign(path) }
        guard version <= self.migrator.newest else { throw self.tooNew(version, path) }
        guard version > 0 else { throw Self.foreign(path) }
        return version
    }

    private func inspect(
        _ file: String, version: Int, of path: String, isWritable: Bool
    ) throws(StateStoreError) -> Finding {
        do throws(StateStoreError) {
            return try StateStoreError.describing("checking the copy") {
                var configuration = DatabaseOpening.configuration()
                configuration.readonly = true
                // A copy that is only looked at may lie where nothing can be written, and is left without companions.
                let reader = try DatabaseQueue(
                    path: isWritable ? file : Self.immutable(file), configuration: configuration)
                let finding = try reader.read { database in
                    guard try self.migrator.check(database) == version else { throw Self.foreign(path) }
                    let problem = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)") ?? "no answer"
                    guard problem == "ok" else { throw StateStoreError(.damaged, problem) }
                    return try self.finding(in: database, version: version)
                }
                if isWritable {
                    // The constraints, as the start of the daemon checks them.
                    try withExtendedLifetime(reader) {
                        let checker = try DatabaseQueue(path: file, configuration: DatabaseOpening.configuration())
                        try checker.read { try DatabaseCheck.verify($0) }
                        try checker.close()
                    }
                }
                try reader.close()
                return finding
            }
        } catch {
            throw self.inWords(error, path)
        }
    }

    /// The name by which SQLite opens a file that nobody changes: without locks, and without making a log beside it
    /// (sqlite.org/uri.html).
    private static func immutable(_ path: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-".utf8)
        let digits = Array("0123456789ABCDEF")
        let name = path.utf8.map { byte in
            plain.contains(byte)
                ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
        return "file:" + name.joined() + "?immutable=1"
    }

    private func finding(in database: Database, version: Int) throws -> Finding {
        let row = try Row.fetchOne(database, sql: "SELECT count(*) AS rows, max(received_at) AS last FROM requests")
        let hasPlace = try database.columns(in: "added_keys").contains { $0.name == "secret_place" }
        let keys = try Row.fetchAll(
            database,
            sql:
                "SELECT label, \(hasPlace ? "secret_place" : "'files' AS secret_place") FROM added_keys ORDER BY number"
        )
        return Finding(
            schema: version, newestSchema: self.migrator.newest, requests: row?.integer("rows") ?? 0,
            lastRequestAt: row?.integer("last").map { WallTime(microseconds: Int64($0)) },
            // A row with a word that is not known is passed over, as when the daemon starts.
            addedKeys: keys.compactMap { row in
                guard let label = row.text("label").flatMap({ KeyLabel($0) }),
                    let place = row.text("secret_place").flatMap(RuntimeChanges.SecretPlace.init(rawValue:))
                else { return nil }
                return Finding.AddedKey(label: label, secretPlace: place)
            })
    }

    // MARK: The former database

    /// Brings what the former database has in its log into it, so that one file is all of it; of one that is damaged the log is
    /// kept with it.
    private func emptyLog() throws(StateStoreError) {
        guard try StateFiles.status(self.files.database) != nil else { return }
        // SQLite would remove the log of a file that is no database.
        guard DatabaseHeader(try self.files.header()) != nil else { return }
        do throws(StateStoreError) {
            try StateStoreError.describing("emptying the log of the state database") {
                let queue = try DatabaseQueue(
                    path: self.files.database, configuration: DatabaseOpening.configuration())
                let row = try queue.writeWithoutTransaction { database in
                    try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                }
                try queue.close()
                guard row?.integer("busy") ?? 0 == 0 else {
                    throw StateStoreError(
                        .locked,
                        "another process holds the state database; end it (`fuser state.sqlite` names it), then try again"
                    )
                }
            }
        } catch {
            if error.code == .locked { throw error }
        }
    }

    /// Gives what is there a second name in `backups/`, which no job removes; returns that of the database.
    private func keepAside(now: WallTime) throws(StateStoreError) -> String? {
        var present: [String] = []
        for suffix in [""] + StateFiles.companions where suffix != "-shm" {
            if try StateFiles.status(self.files.database + suffix)?.st_size ?? 0 > 0 { present.append(suffix) }
        }
        guard !present.isEmpty else { return nil }
        try self.files.makeBackups()
        let name = try self.freeName(now)
        var kept: [String] = []
        do throws(StateStoreError) {
            for suffix in present {
                guard link(self.files.database + suffix, name + suffix) == 0 else {
                    throw StateFiles.failure("keeping", self.files.database + suffix, errno)
                }
                kept.append(name + suffix)
            }
            try StateFiles.synchronise(self.files.backups, O_RDONLY | O_DIRECTORY)
        } catch {
            for path in kept { unlink(path) }
            throw error
        }
        return name
    }

    private func freeName(_ now: WallTime) throws(StateStoreError) -> String {
        var number = 1
        // The directory is locked, so nobody takes the name in between.
        while true {
            let end = number > 1 ? "-\(number).sqlite" : ".sqlite"
            let path = "\(self.files.backups)/replaced-\(UTCStamp(now).text)\(end)"
            if try StateFiles.status(path) == nil { return path }
            number += 1
        }
    }

    // MARK: Refusals

    private static func foreign(_ path: String) -> StateStoreError {
        StateStoreError(.foreignDatabase, "\(path) is no copy of a state of kmid")
    }

    private func tooNew(_ version: Int, _ path: String) -> StateStoreError {
        StateStoreError(
            .newerSchema,
            "\(path) has schema \(version), this version of kmid knows \(self.migrator.newest) at most; restore it with the "
                + "newer kmid")
    }

    /// What is wrong with the copy rather than with the state database, which other words speak of.
    private func inWords(_ error: StateStoreError, _ path: String) -> StateStoreError {
        switch error.code {
        case .foreignDatabase: Self.foreign(path)
        case .changedMigration:
            StateStoreError(
                .changedMigration,
                "\(path) was written by another line of versions of kmid; restore it with the version that wrote it")
        case .damaged: StateStoreError(.damaged, "\(path) is damaged; use another copy (\(error.message))")
        default: error
        }
    }
}
