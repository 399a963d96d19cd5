import Glibc

/// A descriptor that a caller has passed, read without ever blocking.
struct SecretSource {
    /// What one reading came to.
    enum Reading {
        /// So many bytes.
        case bytes(Int)
        /// Nothing at the moment.
        case nothingYet
        /// The end.
        case end
    }

    private let descriptor: CInt
    private let isSocket: Bool
    /// The flags to be set again: a pipe's flags are shared with whoever else holds its end.
    private let flags: CInt?

    /// Takes pipes, sockets and regular files (sealed memory included) that can be read; refuses the rest.
    init(_ descriptor: CInt) throws(ControlFault) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(errno) }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, flags & O_ACCMODE != O_WRONLY else {
            throw Self.refused("the descriptor is not open for reading")
        }
        self.descriptor = descriptor
        switch status.st_mode & S_IFMT {
        case S_IFIFO:
            self.isSocket = false
            if flags & O_NONBLOCK == 0 {
                guard fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else { throw Self.unreadable(errno) }
                self.flags = flags
            } else {
                self.flags = nil
            }
        case S_IFSOCK:
            self.isSocket = true
            self.flags = nil
        case S_IFREG:
            self.isSocket = false
            self.flags = nil
            // Whoever has just written sealed memory or a file stands at its end. Nothing is to be read there, so that
            // the whole of it must be meant.
            if status.st_size > 0, lseek(descriptor, 0, SEEK_CUR) == status.st_size {
                guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.unreadable(errno) }
            }
        default:
            throw Self.refused("expected a pipe, a socket or a file")
        }
    }

    /// Sets the flags again that the descriptor came with.
    func restore() {
        // Cannot fail for a descriptor whose flags could be set before.
        if let flags = self.flags { _ = fcntl(self.descriptor, F_SETFL, flags) }
    }

    /// Waits for bytes or the end; `false` once the time is over.
    func waitUntilReadable(before end: ContinuousClock.Instant) throws(ControlFault) -> Bool {
        var entry = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return false }
            // Rounded up, so that the last millisecond is not spent in a loop.
            let milliseconds = CInt(clamping: Int64(left / .milliseconds(1)) + 1)
            let count = poll(&entry, 1, milliseconds)
            if count > 0 { return true }
            if count < 0, errno != EINTR { throw Self.unreadable(errno) }
        }
    }

    /// Reads what is there.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ControlFault) -> Reading {
        let count =
            self.isSocket
            ? recv(self.descriptor, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT))
            : Glibc.read(self.descriptor, buffer.baseAddress, buffer.count)
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        switch errno {
        case EAGAIN, EINTR: return .nothingYet
        default: throw Self.unreadable(errno)
        }
    }

    /// A refusal of the argument `secret`.
    static func refused(_ reason: String) -> ControlFault {
        ControlFault(.invalidArgument, "secret: \(reason)")
    }

    private static func unreadable(_ code: CInt) -> ControlFault {
        Self.refused("the descriptor cannot be read: \(String(cString: strerror(code)))")
    }
}
