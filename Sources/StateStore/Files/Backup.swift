internal import GRDB
internal import ProxyCore

/// A consistent, verified copy of the database in `backups/`.
struct Backup {
    let files: StateFiles

    /// Makes a copy through a connection while the database is in use, and returns its path.
    ///
    /// `open` gets the connection that checks the copy, for whoever may want to interrupt it.
    func make(
        _ source: any DatabaseWriter, version: Int, now: WallTime, isRegular: Bool = false,
        open: (DatabaseQueue) -> Void = { _ in }
    ) throws(StateStoreError) -> BackupName {
        try self.files.makeBackups()
        let path = self.files.incomplete(in: self.files.backups)
        try StateFiles.create(path)
        do {
            try StateStoreError.describing("copying the state database") {
                try source.writeWithoutTransaction { database in
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

    private static func verify(_ path: String, version: Int, _ open: (DatabaseQueue) -> Void) throws {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        open(queue)
        let (problem, found) = try queue.read { database in
            (
                try String.fetchOne(database, sql: "PRAGMA integrity_check(1)") ?? "no answer",
                try Int.fetchOne(database, sql: "PRAGMA user_version")
            )
        }
        try queue.close()
        guard problem == "ok", found == version else {
            throw StateStoreError(.damaged, "the copy of the state database is not sound: \(problem)")
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
