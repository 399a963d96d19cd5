import DBusKit
import Glibc
import TestSupport

/// A pipe of which the test holds the writing end.
final class Pipe: Sendable {
    /// The reading end, to be passed on.
    let reading: OwnedDescriptor
    private let writing: OwnedDescriptor

    /// A pipe that holds `bytes`; whoever wants its reader to see the end closes it.
    init(_ bytes: [UInt8] = []) throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestFailure("pipe: errno \(errno)") }
        self.reading = OwnedDescriptor(owning: ends[0])
        self.writing = OwnedDescriptor(owning: ends[1])
        // A process that another test starts at this moment must not keep the writing end open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Room for everything at once, so that nobody has to read meanwhile: F_SETPIPE_SZ of linux/fcntl.h.
        if bytes.count > 65_536 { _ = fcntl(ends[1], 1024 + 7, CInt(bytes.count)) }
        guard bytes.isEmpty || write(ends[1], bytes, bytes.count) == bytes.count else {
            throw TestFailure("write: errno \(errno)")
        }
    }

    /// A pipe that holds `text` and has come to its end.
    static func closed(_ text: String) throws -> Pipe {
        try Self.closed(Array(text.utf8))
    }

    /// A pipe that holds `bytes` and has come to its end.
    static func closed(_ bytes: [UInt8]) throws -> Pipe {
        let pipe = try Pipe(bytes)
        pipe.close()
        return pipe
    }

    /// Closes the writing end.
    func close() {
        if let descriptor = self.writing.take() { _ = Glibc.close(descriptor) }
    }
}
