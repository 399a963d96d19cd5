internal import GRDB
internal import ProxyCore

/// A consistent, verified copy of the database in `backups/`.
struct Backup {
    let files: StateFiles

    /// Makes a copy while the database is in use, and returns its path.
    func make(_ pool: DatabasePool, version: Int, now: WallTime) throws(StateStoreError) -> String {
        try self.files.makeBackups()
        let path = self.files.incomplete(in: self.files.backups)
        try StateFiles.create(path)
        do {
            try StateStoreError.describing("copying the state database") {
                try pool.writeWithoutTransaction { database in
                    try database.execute(sql: "VACUUM INTO ?", arguments: [path])
                }
                try Self.verify(path, version: version)
            }
            let name = try self.freeName(version: version, now: now)
            try StateFiles.publish(path, as: name, in: self.files.backups)
            return name
        } catch {
            StateFiles.discard(path)
            throw error
        }
    }

    private static func verify(_ path: String, version: Int) throws {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
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

    private func freeName(version: Int, now: WallTime) throws(StateStoreError) -> String {
        let stem = self.files.backups + "/state-" + UTCStamp(now).text + "-schema\(version)"
        var name = stem + ".sqlite"
        var count = 1
        // The directory is locked, so nobody takes the name in between.
        while try StateFiles.status(name) != nil {
            count += 1
            name = stem + "-\(count).sqlite"
        }
        return name
    }
}
