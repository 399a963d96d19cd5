internal import Glibc
internal import Logging

/// The files of the store in the state directory: their names, and that they are ours alone (A-019, K-033, K-043).
struct StateFiles: Sendable {
    /// The state directory.
    let directory: String

    /// The database.
    var database: String { self.directory + "/state.sqlite" }
    /// Its write-ahead log.
    var log: String { self.database + "-wal" }
    /// Empty, and there while damage of the database was found that nobody has mended yet.
    var suspicion: String { self.database + "-suspect" }
    /// Where copies of it lie.
    var backups: String { self.directory + "/backups" }

    /// What SQLite puts beside a database: its log, the index of the log, and the journal of a change of the journal's mode.
    static let companions = ["-wal", "-shm", "-journal"]

    /// What names of files begin with that are not complete yet; with the lock on the directory nobody else makes any.
    static let incompletePrefix = "state.sqlite.new-"

    /// A path for a new file that becomes `state.sqlite` or a backup when it is complete.
    func incomplete(in directory: String) -> String {
        directory + "/" + Self.incompletePrefix + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    /// Whether there is a database; an empty file is as good as none.
    ///
    /// A write-ahead log without its database is refused: it would be taken for that of the next one.
    func exists() throws(StateStoreError) -> Bool {
        let size = try Self.status(self.database)?.st_size ?? 0
        if size == 0, let left = try Self.status(self.log)?.st_size, left > 0 {
            throw StateStoreError(
                .damaged,
                "\(self.log) has no database; put state.sqlite back, or move the -wal and -shm files out of the "
                    + "state directory")
        }
        return size > 0
    }

    /// Checks that the database and what SQLite puts beside it are regular files of this user; modes are repaired.
    ///
    /// Returns the files whose modes were.
    func secure(_ logger: Logger) throws(StateStoreError) -> [String] {
        var repaired: [String] = []
        for suffix in [""] + Self.companions {
            let path = self.database + suffix
            guard let status = try Self.status(path) else { continue }
            guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
                throw Self.notOurs(path)
            }
            guard status.st_mode & 0o077 != 0 else { continue }
            // Opened without following a link, so that nothing else is changed should the file have been exchanged.
            let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { throw Self.failure("opening", path, errno) }
            defer { close(descriptor) }
            guard fchmod(descriptor, 0o600) == 0 else { throw Self.failure("changing the mode of", path, errno) }
            logger.warning(
                "state file was open to others; its mode is 0600 now",
                metadata: ["event": "state_mode_repaired", "file": "\(path)"])
            repaired.append(path)
        }
        return repaired
    }

    /// Makes an empty file of mode 0600 that did not exist.
    static func create(_ path: String) throws(StateStoreError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("making", path, errno) }
        close(descriptor)
    }

    /// Gives a complete file its name, so that after a loss of power either it is there or it is not.
    static func publish(_ path: String, as name: String, in directory: String) throws(StateStoreError) {
        try Self.synchronise(path, O_RDONLY)
        guard rename(path, name) == 0 else { throw Self.failure("naming", name, errno) }
        try Self.synchronise(directory, O_RDONLY | O_DIRECTORY)
    }

    /// Removes a file that is not complete, and what SQLite may have left beside it.
    static func discard(_ path: String) {
        for suffix in [""] + self.companions { unlink(path + suffix) }
    }

    /// Removes the incomplete files of a run that was killed.
    func removeIncomplete() throws(StateStoreError) {
        for directory in [self.directory, self.backups] {
            for name in try Self.names(in: directory) where name.hasPrefix(Self.incompletePrefix) {
                unlink(directory + "/" + name)
            }
        }
    }

    /// The names of what lies in a directory; none if it is not there.
    static func names(in directory: String) throws(StateStoreError) -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw Self.failure("reading", directory, errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // The name is an array of C inside the entry, which lives until the next call.
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    /// Removes a file, or a link to one.
    static func remove(_ path: String) throws(StateStoreError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw Self.failure("removing", path, errno) }
    }

    /// Makes the directory of the copies, or checks that it is ours.
    func makeBackups() throws(StateStoreError) {
        if mkdir(self.backups, 0o700) == 0 { return }
        guard errno == EEXIST else { throw Self.failure("making", self.backups, errno) }
        guard let status = try Self.status(self.backups), status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == geteuid()
        else { throw Self.notOurs(self.backups) }
    }

    /// Bytes of the database and of its log.
    struct Sizes: Sendable, Equatable {
        let database: UInt64
        let log: UInt64
    }

    /// How large both are; what cannot be asked counts as nothing.
    func sizes() -> Sizes {
        func size(_ path: String) -> UInt64 {
            var status = stat()
            return lstat(path, &status) == 0 ? UInt64(clamping: status.st_size) : 0
        }
        return Sizes(database: size(self.database), log: size(self.log))
    }

    /// What tells the database apart from another file of its name.
    struct Identity: Sendable, Equatable {
        let device: UInt
        let number: UInt
    }

    /// Which file has the database's name; `nil` if there is none, or that cannot be told.
    func identity() -> Identity? {
        var status = stat()
        guard lstat(self.database, &status) == 0 else { return nil }
        return Identity(device: UInt(status.st_dev), number: UInt(status.st_ino))
    }

    /// The header of the database; fewer bytes if the file is shorter.
    func header() throws(StateStoreError) -> [UInt8] {
        let descriptor = Glibc.open(self.database, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failure("opening", self.database, errno) }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: DatabaseHeader.length)
        let count = pread(descriptor, &header, header.count, 0)
        guard count >= 0 else { throw Self.failure("reading", self.database, errno) }
        return Array(header.prefix(count))
    }

    /// What `lstat` tells of a file; `nil` if there is none.
    static func status(_ path: String) throws(StateStoreError) -> stat? {
        var status = stat()
        if lstat(path, &status) == 0 { return status }
        guard errno == ENOENT else { throw Self.failure("looking at", path, errno) }
        return nil
    }

    /// Has a file, or the names of a directory, on disk.
    static func synchronise(_ path: String, _ flags: Int32) throws(StateStoreError) {
        let descriptor = Glibc.open(path, flags | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("opening", path, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("writing", path, errno) }
    }

    private static func notOurs(_ path: String) -> StateStoreError {
        StateStoreError(
            .unsafeFile,
            "\(path) is a link, belongs to another user or is of the wrong kind; remove it, or put the real file there")
    }

    static func failure(_ doing: String, _ path: String, _ number: Int32) -> StateStoreError {
        let code: StateStoreError.Code =
            switch number {
            case ENOSPC, EDQUOT: .full
            case EROFS, EACCES, EPERM: .readOnly
            case ELOOP, EEXIST: .unsafeFile
            default: .inputOutput
            }
        return StateStoreError(code, "\(doing) \(path) failed: \(String(cString: strerror(number)))")
    }
}
