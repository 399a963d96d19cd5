import Glibc

/// The two ways out: data, and everything else.
protocol OutputChannel: Sendable {
    /// Prints data; fails if it cannot be written, so that nobody takes half a list for a whole one.
    ///
    /// Where the reader is gone that is a ``CommandFailure/brokenPipe``, so that what was begun can be undone.
    func data(_ bytes: [UInt8]) throws(CommandFailure)
    /// Tells a person something, as a line.
    func message(_ text: String)
    /// Asks a person something, without a line end.
    func prompt(_ text: String)
    /// Ends quietly, as programs do whose reader is gone.
    func endByBrokenPipe()
}

/// Standard output for data, standard error for everything else.
struct StandardOutput: OutputChannel {
    func data(_ bytes: [UInt8]) throws(CommandFailure) {
        guard let problem = Self.write(bytes, to: STDOUT_FILENO) else { return }
        if problem == EPIPE { throw .brokenPipe }
        throw CommandFailure(.failed, code: "output", "cannot write to standard output: \(SystemText.of(problem))")
    }

    // Where it cannot be written there is nobody to tell.
    func message(_ text: String) {
        _ = Self.write(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    func prompt(_ text: String) {
        _ = Self.write(Array(text.utf8), to: STDERR_FILENO)
    }

    func endByBrokenPipe() {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
    }

    /// Writes everything; returns the error number if that failed.
    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> CInt? {
        // The signal that a broken pipe gives this thread (signal(7)) is held back meanwhile and taken away again.
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        let problem = Self.writeAll(bytes, to: descriptor)
        if problem == EPIPE {
            var now = timespec()
            sigtimedwait(&pipe, nil, &now)
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
        return problem
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> CInt? {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            return nil
        }
    }
}

/// Error numbers of the system in words.
enum SystemText {
    /// `No such file or directory` for `ENOENT`.
    static func of(_ number: CInt) -> String {
        strerror(number).map { String(cString: $0) } ?? "error \(number)"
    }
}
