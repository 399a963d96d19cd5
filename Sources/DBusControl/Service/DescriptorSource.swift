import Glibc

/// A descriptor that a caller has passed, read without ever blocking.
struct DescriptorSource {
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
    /// The argument of the call, for refusals.
    private let argument: String
    private let isSocket: Bool
    /// The flags to be set again: a pipe's flags are shared with whoever else holds its end.
    private let flags: CInt?

    /// Takes pipes, sockets and regular files (sealed memory included) that can be read; refuses the rest.
    ///
    /// `argument` is the argument of the call that it is, for refusals.
    init(_ descriptor: CInt, argument: String) throws(ControlFault) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(argument, errno) }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, flags & O_ACCMODE != O_WRONLY else {
            throw Self.refused(argument, "the descriptor is not open for reading")
        }
        self.descriptor = descriptor
        self.argument = argument
        switch status.st_mode & S_IFMT {
        case S_IFIFO:
            self.isSocket = false
            if flags & O_NONBLOCK == 0 {
                guard fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
                    throw Self.unreadable(argument, errno)
                }
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
                guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.unreadable(argument, errno) }
            }
        default:
            throw Self.refused(argument, "expected a pipe, a socket or a file")
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
            if count < 0, errno != EINTR { throw Self.unreadable(self.argument, errno) }
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
        default: throw Self.unreadable(self.argument, errno)
        }
    }

    /// A refusal of an argument.
    static func refused(_ argument: String, _ reason: String) -> ControlFault {
        ControlFault(.invalidArgument, "\(argument): \(reason)")
    }

    private static func unreadable(_ argument: String, _ code: CInt) -> ControlFault {
        Self.refused(argument, "the descriptor cannot be read: \(String(cString: strerror(code)))")
    }
}
