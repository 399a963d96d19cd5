import Glibc

/// An open directory, through which its files are read.
///
/// A directory of `/proc` that is open stays that of its process: once that has ended nothing can be read through it
/// any more, even if another process has got its number.
struct OpenDirectory: ~Copyable {
    private let descriptor: Int32

    /// Opens a directory; `nil` if there is none or it may not be read.
    init?(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
    }

    /// Opens a directory in this one.
    init?(_ name: String, in parent: borrowing OpenDirectory) {
        let descriptor = openat(parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// Whose the directory is.
    var owner: UInt32? {
        var status = stat()
        return fstat(self.descriptor, &status) == 0 ? status.st_uid : nil
    }

    /// The beginning of a file; `nil` if it cannot be read.
    func beginning(of name: String, bytes limit: Int) -> [UInt8]? {
        let file = openat(self.descriptor, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return Self.read(file, bytes: limit)
    }

    /// The beginning of a file; `nil` if it cannot be read.
    static func beginning(ofFileAt path: String, bytes limit: Int) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return Self.read(file, bytes: limit)
    }

    /// Where a symbolic link points to, as far as `buffer` holds it: how many of its bytes are filled, `nil` if it is
    /// no link or may not be read.
    func link(_ name: UnsafePointer<CChar>, into buffer: UnsafeMutableBufferPointer<CChar>) -> Int? {
        guard let base = buffer.baseAddress else { return nil }
        let count = readlinkat(self.descriptor, name, base, buffer.count)
        return count >= 0 ? count : nil
    }

    /// Hands on the names of the entries until `body` says `false`; `.` and `..` are among them.
    func entries(_ body: (UnsafePointer<CChar>) -> Bool) {
        // The stream takes the descriptor that it is made of and moves in it, so it gets one of its own.
        let own = openat(self.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { return }
        guard let stream = fdopendir(own) else {
            close(own)
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let goesOn = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee), body)
            }
            guard goesOn else { return }
        }
    }

    private static func read(_ file: Int32, bytes limit: Int) -> [UInt8]? {
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: min(limit, 65_536))
        while text.count < limit {
            let count = Glibc.read(file, &piece, min(piece.count, limit - text.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            text += piece[..<count]
        }
        return text
    }
}
