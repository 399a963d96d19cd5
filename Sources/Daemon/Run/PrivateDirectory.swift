import Glibc

/// A directory of the daemon's user alone, whose files are there whole or not at all: each is written beside its place under
/// a random name, with mode 0600, synced and renamed (K-043).
///
/// A symbolic link is never followed. Calls block; they are made off the event loops.
struct PrivateDirectory: Sendable {
    /// Something that did not work; without any part of what was to be stored.
    struct Failure: Error, Sendable, CustomStringConvertible {
        /// What did not work.
        let step: String
        /// The system's error number.
        let errorNumber: Int32

        /// What the last call of the system left behind.
        init(_ step: String, errorNumber: Int32 = errno) {
            self.step = step
            self.errorNumber = errorNumber
        }

        /// For a person.
        var description: String {
            "\(self.step): \(strerror(self.errorNumber).map { String(cString: $0) } ?? "\(self.errorNumber)")"
        }
    }

    /// Where it is.
    let path: String
    /// What it is called in messages.
    let name: String
    /// What the names of files begin with that are not complete yet.
    let temporaryPrefix: String
    /// Makes the names in a directory last; 0 if that worked, else the error number is set.
    var sync: @Sendable (_ descriptor: CInt) -> CInt = { fsync($0) }

    /// Opens it; whoever gets the descriptor closes it.
    func open() throws(Failure) -> CInt {
        let descriptor = Glibc.open(self.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("open \(self.name)") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_uid == geteuid() else {
            close(descriptor)
            throw Failure("use \(self.name), which belongs to another user", errorNumber: EPERM)
        }
        if status.st_mode & 0o077 != 0 { fchmod(descriptor, 0o700) }
        return descriptor
    }

    /// Puts a file in the place of one that was there; if it throws, that one is still there.
    ///
    /// Tells what is wrong if the file is in its place, but may be gone again once the machine loses its power.
    func write(_ bytes: UnsafeRawBufferPointer, named file: String) throws(Failure) -> Failure? {
        let temporary = try self.stage(bytes)
        do throws(Failure) {
            return try self.place(temporary, as: file)
        } catch {
            self.discard(temporary)
            throw error
        }
    }

    /// Writes a file that is complete and on disk, but in nobody's place yet; returns its name for ``place(_:as:)`` or
    /// ``discard(_:)``.
    func stage(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> String {
        let directory = try self.open()
        defer { close(directory) }
        let temporary = self.temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 16)
        let descriptor = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("create a file in \(self.name)") }
        do throws(Failure) {
            defer { close(descriptor) }
            try self.writeAll(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw Failure("sync a file in \(self.name)") }
        } catch {
            unlinkat(directory, temporary, 0)
            throw error
        }
        return temporary
    }

    /// Puts a staged file in the place of one that was there; see ``write(_:named:)``.
    func place(_ temporary: String, as file: String) throws(Failure) -> Failure? {
        let directory = try self.open()
        defer { close(directory) }
        guard renameat(directory, temporary, directory, file) == 0 else {
            throw Failure("rename a file in \(self.name)")
        }
        return self.sync(directory) == 0 ? nil : Failure("sync \(self.name)")
    }

    /// Removes a staged file; what cannot be removed now is a leftover of the next start.
    func discard(_ temporary: String) {
        do throws(Failure) {
            let directory = try self.open()
            defer { close(directory) }
            unlinkat(directory, temporary, 0)
        } catch {
            // Without the directory there is no file in it.
        }
    }

    /// Removes what a write that never ended has left.
    ///
    /// Only for the holder of the state directory's lock: nobody else writes then.
    func removeLeftovers() throws(Failure) {
        try self.forEachName { name, directory in
            if name.hasPrefix(self.temporaryPrefix) { unlinkat(directory, name, 0) }
        }
    }

    /// Hands out every name with the descriptor of the directory; nothing if there is no directory.
    func forEachName(_ body: (_ name: String, _ directory: CInt) -> Void) throws(Failure) {
        let descriptor: CInt
        do throws(Failure) {
            descriptor = try self.open()
        } catch {
            if error.errorNumber == ENOENT { return }
            throw error
        }
        guard let stream = fdopendir(descriptor) else {
            let failure = Failure("list \(self.name)")
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

    private func writeAll(_ bytes: UnsafeRawBufferPointer, to file: CInt) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure("write a file in \(self.name)") }
            rest = rest.dropFirst(count)
        }
    }
}
