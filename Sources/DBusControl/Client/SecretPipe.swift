import DBusKit
import Glibc

/// A pipe that already holds a secret, its writing end closed.
enum SecretPipe {
    /// What a pipe holds without anybody reading it (`pipe(7)`), and the most that the daemon takes.
    static let capacity = 65_536

    /// The reading end.
    ///
    /// Fails with `invalidArgument` for more than a pipe holds, and with `busy` without descriptors or memory.
    static func holding(_ secret: SecretText) throws(ControlClientError) -> OwnedDescriptor {
        guard secret.count <= Self.capacity else {
            throw ControlClientError(.invalidArgument, "the secret has more than \(Self.capacity) bytes.")
        }
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Self.failed(errno) }
        let reading = OwnedDescriptor(owning: ends[0])
        defer { close(ends[1]) }
        // Nobody reads yet: a write that had to wait would wait for ever.
        guard fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0,
            fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0
        else { throw Self.failed(errno) }
        let count = secret.withBytes { write(ends[1], $0.baseAddress, $0.count) }
        guard count == secret.count else { throw Self.failed(count < 0 ? errno : EAGAIN) }
        return reading
    }

    private static func failed(_ code: CInt) -> ControlClientError {
        ControlClientError(.busy, "no pipe to pass the secret with: \(String(cString: strerror(code)))")
    }
}
