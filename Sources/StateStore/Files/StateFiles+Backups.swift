internal import Glibc
internal import ProxyCore

/// The copies in `backups/`.
extension StateFiles {
    /// Where a copy lies.
    func path(of name: BackupName) -> String { self.backups + "/" + name.text }

    /// The copies that there are; none without the directory.
    func backupNames() throws(StateStoreError) -> [BackupName] {
        try Self.names(in: self.backups).compactMap(BackupName.init)
    }

    /// Removes regular copies beyond so many.
    func removeSurplus(keeping count: Int, besides newest: BackupName) throws(StateStoreError) {
        for name in BackupName.surplus(of: try self.backupNames(), keeping: count, besides: newest) {
            try Self.remove(self.path(of: name))
        }
    }

    /// How many bytes are free for this user where a path lies.
    static func freeBytes(_ path: String) throws(StateStoreError) -> UInt64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw Self.failure("looking at", path, errno) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// When the newest regular copy that is not from the future was made; `nil` if there is none.
    func newestRegularBackup(before now: WallTime) throws(StateStoreError) -> WallTime? {
        try self.backupNames().filter { $0.isRegular && $0.time <= now }.map(\.time).max()
    }

    /// When the database was last changed, in nanoseconds since 1970; `nil` if what is in its log may be newer.
    func lastChange() throws(StateStoreError) -> Int64? {
        guard let database = try Self.status(self.database), try Self.status(self.log)?.st_size ?? 0 == 0 else {
            return nil
        }
        return Self.nanoseconds(database.st_mtim)
    }

    /// Copies of a schema that stay, made after a change of the database and not in the future, the newest first.
    func backups(
        ofSchema version: Int, after change: Int64, now: WallTime
    ) throws(StateStoreError) -> [BackupName] {
        var names: [BackupName] = []
        for name in try self.backupNames() where name.version == version && !name.isRegular && name.time <= now {
            guard let copy = try Self.status(self.path(of: name)), copy.st_mode & S_IFMT == S_IFREG,
                copy.st_uid == geteuid(), copy.st_mode & 0o077 == 0, Self.nanoseconds(copy.st_mtim) > change
            else { continue }
            names.append(name)
        }
        return names.sorted { ($0.time, $0.number) > ($1.time, $1.number) }
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        (Duration.seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)).nanoseconds
    }
}
