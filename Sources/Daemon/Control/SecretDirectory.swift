import Glibc
import ProxyCore

/// `secrets/` in the state directory: one file for each secret that was handed over at run time, for the daemon's user
/// alone (contract section 2).
///
/// Calls block; they are made off the event loops.
struct SecretDirectory: Sendable {
    /// A secret that could not be stored or read; without any part of it.
    typealias Failure = PrivateDirectory.Failure

    /// The largest secret that is kept.
    static let largest = 64 << 10

    /// The directory, made when the first secret is stored.
    var path: String { self.place.path }

    // No label begins with a dot.
    private let place: PrivateDirectory

    /// Names the directory of a state directory.
    init(stateDirectory: String) {
        self.place = PrivateDirectory(path: stateDirectory + "/secrets", name: "secrets/", temporaryPrefix: ".new-")
    }

    /// Stores a secret under the name of its key, in place of one that was there.
    func write(_ secret: Secret, named label: KeyLabel) throws(Failure) {
        try self.make()
        let unsynced = try secret.withBytes { (bytes) throws(Failure) in
            try self.place.write(bytes, named: label.text)
        }
        if let unsynced { throw unsynced }
    }

    /// A secret that is on disk, but not the key's yet.
    struct Staged: Sendable {
        fileprivate let temporary: String
        /// The key that it is for.
        let label: KeyLabel
    }

    /// Writes a secret beside that of its key, so that all that needs room on the disk is done before it counts.
    func stage(_ secret: Secret, for label: KeyLabel) throws(Failure) -> Staged {
        try self.make()
        let temporary = try secret.withBytes { (bytes) throws(Failure) in try self.place.stage(bytes) }
        return Staged(temporary: temporary, label: label)
    }

    /// Makes a staged secret that of its key; if it throws, the former one still is.
    ///
    /// Tells what is wrong if the machine may fall back to the former one once it loses its power.
    func put(_ staged: Staged) throws(Failure) -> Failure? {
        try self.place.place(staged.temporary, as: staged.label.text)
    }

    /// Drops a staged secret.
    func discard(_ staged: Staged) {
        self.place.discard(staged.temporary)
    }

    /// Makes the directory, and has it on disk before anything that lies in it is relied on.
    private func make() throws(Failure) {
        guard mkdir(self.path, 0o700) == 0 else {
            if errno == EEXIST { return }
            throw Failure("make secrets/")
        }
        let parent = open(self.path + "/..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw Failure("open the state directory") }
        defer { close(parent) }
        guard fsync(parent) == 0 else { throw Failure("sync the state directory") }
    }

    /// Reads the secret of a key.
    ///
    /// Its file must belong to the daemon's user alone (K-009).
    func read(_ label: KeyLabel) throws(Failure) -> Secret {
        let directory = try self.place.open()
        defer { close(directory) }
        let file = openat(directory, label.text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw Failure("open secrets/\(label)") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Failure("look at secrets/\(label)") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0, status.st_uid == geteuid(),
            status.st_size <= Self.largest
        else { throw Failure("use secrets/\(label), which must be a file of mode 0600", errorNumber: EPERM) }
        return try Self.readAll(file, label)
    }

    /// Removes the secret of a key; that there is none is no failure.
    func remove(_ label: KeyLabel) throws(Failure) {
        let directory: CInt
        do throws(Failure) {
            directory = try self.place.open()
        } catch {
            if error.errorNumber == ENOENT { return }
            throw error
        }
        defer { close(directory) }
        if unlinkat(directory, label.text, 0) != 0, errno != ENOENT { throw Failure("remove secrets/\(label)") }
        guard fsync(directory) == 0 else { throw Failure("sync secrets/") }
    }

    /// Removes what a write that never ended has left, so that no half secret lies about.
    ///
    /// Only for the holder of the state directory's lock: nobody else writes then.
    func removeLeftovers() throws(Failure) {
        try self.place.removeLeftovers()
    }

    /// The names under which something is stored.
    func labels() throws(Failure) -> Set<KeyLabel> {
        var labels: Set<KeyLabel> = []
        try self.place.forEachName { name, _ in
            if let label = KeyLabel(name) { labels.insert(label) }
        }
        return labels
    }

    private static func readAll(_ file: CInt, _ label: KeyLabel) throws(Failure) -> Secret {
        var bytes = [UInt8](repeating: 0, count: Self.largest)
        defer {
            bytes.withUnsafeMutableBytes { buffer in
                if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
            }
        }
        var count = 0
        while count < bytes.count {
            let amount = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if amount < 0, errno == EINTR { continue }
            guard amount >= 0 else { throw Failure("read secrets/\(label)") }
            if amount == 0 { break }
            count += amount
        }
        return Secret(bytes: bytes[..<count])
    }
}
