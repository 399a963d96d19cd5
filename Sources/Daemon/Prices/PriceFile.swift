import Glibc

/// `prices.json` in the state directory: the price table that was imported at run time.
///
/// The file is either there whole or not at all: it is written beside its place under a random name, with mode 0600,
/// synced and renamed. Calls block; they are made off the event loops.
struct PriceFile: Sendable {
    /// A table that could not be stored.
    struct Failure: Error, Sendable, CustomStringConvertible {
        /// What did not work.
        let step: String
        /// The system's error number.
        let errorNumber: Int32

        /// For a person.
        var description: String { "\(self.step): \(strerror(self.errorNumber).map { String(cString: $0) } ?? "")" }
    }

    private static let name = "prices.json"
    private static let temporaryPrefix = ".prices-new-"

    /// The state directory, which is there.
    let directory: String

    /// Where the table lies.
    var path: String { self.directory + "/" + Self.name }

    /// Makes the names in a directory last; 0 if that worked, else the error number is set.
    var syncDirectory: @Sendable (_ descriptor: CInt) -> CInt = { fsync($0) }

    /// Stores a table in place of one that was there; if it throws, that one is still there.
    ///
    /// Tells what is wrong if the table is in its place, but may be gone again once the machine loses its power.
    func write(_ bytes: [UInt8]) throws(Failure) -> Failure? {
        let directory = try self.openDirectory()
        defer { close(directory) }
        let temporary = Self.temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 16)
        let file = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure("create a file in the state directory") }
        do throws(Failure) {
            defer { close(file) }
            try Self.writeAll(bytes, to: file)
            guard fsync(file) == 0 else { throw Self.failure("sync the price table") }
            guard renameat(directory, temporary, directory, Self.name) == 0 else {
                throw Self.failure("rename the price table")
            }
        } catch {
            unlinkat(directory, temporary, 0)
            throw error
        }
        return self.syncDirectory(directory) == 0 ? nil : Self.failure("sync the state directory")
    }

    /// Removes what a write that never ended has left.
    ///
    /// Only for the holder of the state directory's lock: nobody else writes then.
    func removeLeftovers() throws(Failure) {
        let descriptor = try self.openDirectory()
        guard let stream = fdopendir(descriptor) else {
            let failure = Self.failure("list the state directory")
            close(descriptor)
            throw failure
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(Self.temporaryPrefix) { unlinkat(descriptor, name, 0) }
        }
    }

    private func openDirectory() throws(Failure) -> CInt {
        let descriptor = open(self.directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open the state directory") }
        return descriptor
    }

    private static func writeAll(_ bytes: [UInt8], to file: CInt) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write the price table") }
            written += count
        }
    }

    private static func failure(_ step: String) -> Failure {
        Failure(step: step, errorNumber: errno)
    }
}
