import DBusKit
import Glibc

/// The pipe with which a new token travels to the caller.
///
/// It is made before the token is, so that a lack of descriptors is found while nothing has changed. The caller reads it
/// to its end: the token, without a line end.
struct TokenPipe {
    private let reading: OwnedDescriptor
    private let writing: OwnedDescriptor

    /// Makes an empty pipe.
    init() throws(ControlFault) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Self.failed("pipe", errno) }
        self.reading = OwnedDescriptor(owning: ends[0])
        self.writing = OwnedDescriptor(owning: ends[1])
        // In a step of its own: the daemon starts no programs that could inherit the pipe in between.
        for end in ends {
            guard fcntl(end, F_SETFD, FD_CLOEXEC) == 0 else { throw Self.failed("F_SETFD", errno) }
        }
    }

    /// Writes the token, closes the end that it was written to, and hands over the other one.
    func filled(with token: SecretText) throws(ControlFault) -> OwnedDescriptor {
        // An empty pipe takes at least PIPE_BUF bytes (4 KiB) at once; beyond that nobody would read.
        guard token.count <= 4096 else { throw Self.failed("write", EMSGSIZE) }
        let (count, code) = self.writing.withDescriptor { descriptor in
            token.withBytes { bytes in
                let count = write(descriptor, bytes.baseAddress, bytes.count)
                return (count, errno)
            }
        }
        guard count == token.count else { throw Self.failed("write", count < 0 ? code : ENOBUFS) }
        if let writing = self.writing.take() { close(writing) }
        return self.reading
    }

    private static func failed(_ call: String, _ code: CInt) -> ControlFault {
        ControlFault(.busy, "no pipe to pass the token with: \(call): \(String(cString: strerror(code)))")
    }
}
