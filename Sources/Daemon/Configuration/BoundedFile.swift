import Glibc

/// A regular file that was read whole.
struct BoundedFile: Sendable {
    /// Why a file was not read.
    struct Failure: Error, Sendable {
        /// For a person, without the path.
        let reason: String
        /// Whether it is simply not there.
        var isMissing = false
    }

    /// What stands in it.
    var bytes: [UInt8]
    /// Its permission bits.
    let mode: UInt32
    /// The user whom it belongs to.
    let owner: UInt32

    /// Whether nobody but this user and root can write to it by being its owner.
    var isOwnOrRoots: Bool { self.owner == 0 || self.owner == geteuid() }

    /// Reads a file of at most `limit` bytes.
    ///
    /// Symbolic links are followed, as secrets of containers are links. What counts is the file that was opened, so it
    /// is looked at through its descriptor, and opening never waits, for instance for the writer of a pipe.
    static func read(_ path: String, atMost limit: Int) -> Result<BoundedFile, Failure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            return .failure(Failure(reason: "cannot be opened: \(Self.text(of: code))", isMissing: code == ENOENT))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            return .failure(Failure(reason: "cannot be looked at: \(Self.text(of: errno))"))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            return .failure(Failure(reason: "is not a regular file"))
        }
        guard status.st_size <= limit else { return .failure(Self.tooLarge(limit)) }
        // Room for what is there, since some of it is kept, and for the byte that shows that there is more.
        var file = BoundedFile(
            bytes: [UInt8](repeating: 0, count: Int(status.st_size) + 1), mode: UInt32(status.st_mode & 0o7777),
            owner: status.st_uid)
        var count = 0
        while true {
            if count == file.bytes.count {
                guard count <= limit else { return .failure(Self.tooLarge(limit)) }
                file.enlarge(to: limit + 1)
            }
            let amount = file.bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if amount < 0, errno == EINTR { continue }
            guard amount >= 0 else {
                return .failure(Failure(reason: "cannot be read: \(Self.text(of: errno))"))
            }
            if amount == 0 { break }
            count += amount
        }
        file.bytes.removeLast(file.bytes.count - count)
        return .success(file)
    }

    /// Overwrites what was read.
    mutating func erase() {
        self.bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
        }
    }

    /// Makes room for a file that has grown since it was looked at, or that tells no size; no copy of it stays behind.
    private mutating func enlarge(to room: Int) {
        var larger = [UInt8](repeating: 0, count: room)
        larger.replaceSubrange(0..<self.bytes.count, with: self.bytes)
        self.erase()
        self.bytes = larger
    }

    private static func tooLarge(_ limit: Int) -> Failure {
        Failure(reason: "is larger than \(limit) bytes")
    }

    private static func text(of code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
