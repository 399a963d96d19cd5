import Glibc

/// The two ways out: data, and everything else.
protocol OutputChannel: Sendable {
    /// Prints data; fails if it cannot be written, so that nobody takes half a list for a whole one.
    func data(_ bytes: [UInt8]) throws(CommandFailure)
    /// Tells a person something, as a line.
    func message(_ text: String)
    /// Asks a person something, without a line end.
    func prompt(_ text: String)
}

/// Standard output for data, standard error for everything else.
struct StandardOutput: OutputChannel {
    func data(_ bytes: [UInt8]) throws(CommandFailure) {
        guard let problem = Self.write(bytes, to: STDOUT_FILENO) else { return }
        if problem == EPIPE { Self.endByBrokenPipe() }
        throw CommandFailure(.failed, code: "output", "cannot write to standard output: \(SystemText.of(problem))")
    }

    // Where it cannot be written there is nobody to tell.
    func message(_ text: String) {
        _ = Self.write(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    func prompt(_ text: String) {
        _ = Self.write(Array(text.utf8), to: STDERR_FILENO)
    }

    /// Ends quietly, as programs do whose reader is gone; libdbus has the signal ignored.
    private static func endByBrokenPipe() {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
    }

    /// Writes everything; returns the error number if that failed.
    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> CInt? {
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
