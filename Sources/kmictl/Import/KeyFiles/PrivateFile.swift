import DBusControl
import Glibc

/// A file of the user's own, with what only its owner may read.
///
/// What counts is the file that was opened, so it is looked at through its descriptor; opening never waits, for instance
/// for the writer of a pipe, and no symbolic link is followed.
enum PrivateFile {
    /// A key file is at most so large.
    static let largest = 1 << 20

    /// Why a file is not read, and what to do.
    struct Refusal: Error, Equatable {
        var reason: String
        var advice = ""
        /// Whether it is simply not there.
        var isMissing = false
    }

    /// Reads a file whole; the buffer is zeroed.
    static func read(_ path: String) throws(Refusal) -> SecretText {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW)
        guard descriptor >= 0 else {
            let code = errno
            guard code != ELOOP else {
                throw Refusal(
                    reason: "is a symbolic link", advice: "name the file itself: readlink -f \(ShellWord.quoted(path))")
            }
            throw Refusal(reason: "cannot be opened: \(SystemText.of(code))", isMissing: code == ENOENT)
        }
        defer { close(descriptor) }
        try Self.check(descriptor, path)
        return try Self.contents(of: descriptor)
    }

    private static func check(_ descriptor: CInt, _ path: String) throws(Refusal) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw Refusal(reason: "cannot be looked at: \(SystemText.of(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Refusal(reason: "is not a regular file") }
        guard status.st_uid == geteuid() else {
            throw Refusal(reason: "belongs to another user", advice: "copy it, and import the copy")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw Refusal(
                reason: "others may use it (mode 0\(mode)), so that its key may be known to them",
                advice: "chmod 600 \(ShellWord.quoted(path))")
        }
        guard status.st_size <= Self.largest else { throw Self.tooLarge }
    }

    private static func contents(of descriptor: CInt) throws(Refusal) -> SecretText {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.largest + 1, alignment: 1)
        var count = 0
        defer {
            if let base = buffer.baseAddress { explicit_bzero(base, count) }
            buffer.deallocate()
        }
        while count < buffer.count {
            let amount = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            if amount < 0, errno == EINTR { continue }
            guard amount >= 0 else { throw Refusal(reason: "cannot be read: \(SystemText.of(errno))") }
            if amount == 0 { break }
            count += amount
        }
        // It may have grown since it was looked at.
        guard count <= Self.largest else { throw Self.tooLarge }
        return SecretText(bytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    private static var tooLarge: Refusal {
        Refusal(reason: "is larger than \(Self.largest >> 20) MiB, which no key file is")
    }
}

/// Words that can be copied into a shell.
enum ShellWord {
    /// The text, in quotes if it needs any.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || "/._-@+:~".utf8.contains($0)
            }
        return isPlain
            ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
