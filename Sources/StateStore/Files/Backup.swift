internal import GRDB
internal import ProxyCore

/// A consistent, verified copy of the database in `backups/`.
struct Backup {
    /// What a copy must leave free, or a tenth of its size if that is more: whatever else needs the file system goes on.
    static let margin = 16 << 20

    let files: StateFiles
    /// Tells how many bytes are free where a path lies.
    var freeBytes: @Sendable (String) throws(StateStoreError) -> UInt64 = StateFiles.freeBytes

    /// Makes a copy through a connection while the database is in use, and returns its path.
    ///
    /// `open` gets the connection that checks the copy, for whoever may want to interrupt it.
    func make(
        _ source: any DatabaseWriter, version: Int, now: WallTime, isRegular: Bool = false,
        open: (DatabaseQueue) throws -> Void = { _ in }
    ) throws(StateStoreError) -> BackupName {
        try self.files.makeBackups()
        let path = self.files.incomplete(in: self.files.backups)
        try StateFiles.create(path)
        do {
            try StateStoreError.describing("copying the state database") {
                try source.writeWithoutTransaction { database in
                    try self.checkSpace(for: database)
                    try database.execute(sql: "VACUUM INTO ?", arguments: [path])
                }
                try Self.verify(path, version: version, open)
            }
            let name = try self.freeName(version: version, now: now, isRegular: isRegular)
            try StateFiles.publish(path, as: self.files.path(of: name), in: self.files.backups)
            return name
        } catch {
            StateFiles.discard(path)
            throw error
        }
    }

    /// Refuses a copy that would fill the file system, before it does.
    private func checkSpace(for database: Database) throws {
        func number(_ pragma: String) throws -> UInt64 {
            UInt64(clamping: try Int64.fetchOne(database, sql: "PRAGMA " + pragma) ?? 0)
        }
        let pages = try number("page_count") - min(number("freelist_count"), number("page_count"))
        let used = try pages * number("page_size")
        let needed = used + max(UInt64(Self.margin), used / 10)
        let free = try self.freeBytes(self.files.backups)
        guard free >= needed else {
            throw StateStoreError(
                .full,
                "a copy of the state database needs \(needed >> 20) MiB in \(self.files.backups), and \(free >> 20) MiB are "
                    + "free; free some space, or remove old copies")
        }
    }

    /// Makes sure that a copy is sound, with its constraints and references, and has a version; `open` gets the connection that
    /// checks it.
    static func verify(_ path: String, version: Int, _ open: (DatabaseQueue) throws -> Void = { _ in }) throws {
        // Not one for reading only, which knows no CHECK constraints; it is told to write nothing.
        let queue = try DatabaseQueue(path: path, configuration: DatabaseOpening.configuration())
        try open(queue)
        let result = Result {
            try queue.read { database in
                try DatabaseCheck.verify(database, isThorough: true)
                return try Int.fetchOne(database, sql: "PRAGMA user_version")
            }
        }
        try queue.close()
        do {
            guard try result.get() == version else { throw StateStoreError(.damaged, "it has another schema") }
        } catch let error as StateStoreError where error.code == .damaged {
            throw StateStoreError(.damaged, "the copy of the state database is not sound: \(error.finding)")
        }
    }

    private func freeName(version: Int, now: WallTime, isRegular: Bool) throws(StateStoreError) -> BackupName {
        var count = 1
        // The directory is locked, so nobody takes the name in between.
        while true {
            let name = BackupName(
                time: UTCStamp.time(UTCStamp(now).text) ?? now, version: version, number: count, isRegular: isRegular)
            if try StateFiles.status(self.files.path(of: name)) == nil { return name }
            count += 1
        }
    }
}
