import Glibc
import ProxyCore

/// `secrets/` in the state directory: one file for each secret that was handed over at run time, for the daemon's user
/// alone (contract section 2).
///
/// A file is either there whole or not at all: it is written beside its place under a random name, synced and renamed
/// (K-043). A symbolic link is never followed. Calls block; they are made off the event loops.
struct SecretDirectory: Sendable {
    /// A secret that could not be stored or read; without any part of it.
    struct Failure: Error, CustomStringConvertible {
        /// What did not work.
        let step: String
        /// The system's error number.
        let errorNumber: Int32

        /// For a person.
        var description: String { "\(self.step): \(String(cString: strerror(self.errorNumber)))" }
    }

    /// The largest secret that is kept.
    static let largest = 64 << 10

    /// The directory, made when the first secret is stored.
    let path: String

    /// Names the directory of a state directory.
    init(stateDirectory: String) {
        self.path = stateDirectory + "/secrets"
    }

    /// Stores a secret under the name of its key, in place of one that was there.
    func write(_ secret: Secret, named label: KeyLabel) throws(Failure) {
        try self.make()
        let directory = try self.openDirectory()
        defer { close(directory) }
        let temporary = Self.temporaryName()
        let file = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure("create a file in secrets/") }
        do throws(Failure) {
            defer { close(file) }
            try Self.writeAll(secret, to: file)
            guard fsync(file) == 0 else { throw Self.failure("sync a file in secrets/") }
            guard renameat(directory, temporary, directory, label.text) == 0 else {
                throw Self.failure("rename a file in secrets/")
            }
        } catch {
            unlinkat(directory, temporary, 0)
            throw error
        }
        guard fsync(directory) == 0 else { throw Self.failure("sync secrets/") }
    }

    /// Makes the directory, and has it on disk before anything that lies in it is relied on.
    private func make() throws(Failure) {
        guard mkdir(self.path, 0o700) == 0 else {
            if errno == EEXIST { return }
            throw Self.failure("make secrets/")
        }
        let parent = open(self.path + "/..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw Self.failure("open the state directory") }
        defer { close(parent) }
        guard fsync(parent) == 0 else { throw Self.failure("sync the state directory") }
    }

    /// Reads the secret of a key.
    ///
    /// Its file must belong to the daemon's user alone (K-009).
    func read(_ label: KeyLabel) throws(Failure) -> Secret {
        let directory = try self.openDirectory()
        defer { close(directory) }
        let file = openat(directory, label.text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw Self.failure("open secrets/\(label)") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Self.failure("look at secrets/\(label)") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0, status.st_uid == geteuid(),
            status.st_size <= Self.largest
        else { throw Failure(step: "use secrets/\(label), which must be a file of mode 0600", errorNumber: EPERM) }
        return try Self.readAll(file, label)
    }

    /// Removes the secret of a key; that there is none is no failure.
    func remove(_ label: KeyLabel) throws(Failure) {
        let directory: CInt
        do throws(Failure) {
            directory = try self.openDirectory()
        } catch {
            if error.errorNumber == ENOENT { return }
            throw error
        }
        defer { close(directory) }
        if unlinkat(directory, label.text, 0) != 0, errno != ENOENT { throw Self.failure("remove secrets/\(label)") }
        guard fsync(directory) == 0 else { throw Self.failure("sync secrets/") }
    }

    /// Removes what a write that never ended has left, so that no half secret lies about.
    ///
    /// Only for the holder of the state directory's lock: nobody else writes then.
    func removeLeftovers() throws(Failure) {
        // No label begins with a dot.
        try self.forEachName { name, directory in
            if name.hasPrefix(Self.temporaryPrefix) { unlinkat(directory, name, 0) }
        }
    }

    /// The names under which something is stored.
    func labels() throws(Failure) -> Set<KeyLabel> {
        var labels: Set<KeyLabel> = []
        try self.forEachName { name, _ in
            if let label = KeyLabel(name) { labels.insert(label) }
        }
        return labels
    }

    /// Hands out every name with the descriptor of the directory; nothing if there is no directory.
    private func forEachName(_ body: (_ name: String, _ directory: CInt) -> Void) throws(Failure) {
        let descriptor: CInt
        do throws(Failure) {
            descriptor = try self.openDirectory()
        } catch {
            if error.errorNumber == ENOENT { return }
            throw error
        }
        guard let stream = fdopendir(descriptor) else {
            let failure = Self.failure("list secrets/")
            close(descriptor)
            throw failure
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            body(name, descriptor)
        }
    }

    private static let temporaryPrefix = ".new-"

    private static func temporaryName() -> String {
        self.temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    private func openDirectory() throws(Failure) -> CInt {
        let descriptor = open(self.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open secrets/") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_uid == geteuid() else {
            close(descriptor)
            throw Failure(step: "use secrets/, which belongs to another user", errorNumber: EPERM)
        }
        if status.st_mode & 0o077 != 0 { fchmod(descriptor, 0o700) }
        return descriptor
    }

    private static func writeAll(_ secret: Secret, to file: CInt) throws(Failure) {
        try secret.withBytes { (bytes) throws(Failure) in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure("write a file in secrets/") }
                rest = rest.dropFirst(count)
            }
        }
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
            guard amount >= 0 else { throw Self.failure("read secrets/\(label)") }
            if amount == 0 { break }
            count += amount
        }
        return Secret(bytes: bytes[..<count])
    }

    private static func failure(_ step: String) -> Failure {
        Failure(step: step, errorNumber: errno)
    }
}
