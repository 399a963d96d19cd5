internal import Glibc

/// A file that a person named, open for reading: a regular one, wherever it lies.
struct ForeignFile: ~Copyable {
    /// What tells it apart from others.
    let identity: StateFiles.Identity
    private let descriptor: CInt
    private let path: String

    /// Opens it.
    init(_ path: String) throws(StateStoreError) {
        // Without waiting for a writer, should it be a pipe.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw StateFiles.failure("opening", path, errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw StateStoreError(.unsafeFile, "\(path) is no regular file")
        }
        self.identity = StateFiles.Identity(device: UInt(status.st_dev), number: UInt(status.st_ino))
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(self.descriptor) }

    /// The header of a database; fewer bytes if the file is shorter.
    func header() throws(StateStoreError) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: DatabaseHeader.length)
        let count = pread(self.descriptor, &header, header.count, 0)
        guard count >= 0 else { throw StateFiles.failure("reading", self.path, errno) }
        return Array(header.prefix(count))
    }

    /// Writes all of it to a file that is there, and has it on disk.
    func write(to target: String) throws(StateStoreError) {
        let file = Glibc.open(target, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw StateFiles.failure("opening", target, errno) }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var place: off_t = 0
        while true {
            let count = pread(self.descriptor, &buffer, buffer.count, place)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StateFiles.failure("reading", self.path, errno) }
            guard count > 0 else { break }
            var written = 0
            while written < count {
                let more = buffer.withUnsafeBytes { bytes in
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written..<count])
                    return Glibc.write(file, rest.baseAddress, rest.count)
                }
                if more < 0, errno == EINTR { continue }
                guard more > 0 else { throw StateFiles.failure("writing", target, errno) }
                written += more
            }
            place += off_t(count)
        }
        guard fsync(file) == 0 else { throw StateFiles.failure("writing", target, errno) }
    }
}
