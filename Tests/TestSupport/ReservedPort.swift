import Glibc

/// A port of 127.0.0.1 that nobody else gets while it is held: whoever connects is refused until somebody listens.
///
/// A port that was merely free a moment ago may be another server's by the time that a test uses it.
public final class ReservedPort: Sendable {
    public let port: UInt16
    let descriptor: CInt

    private init() throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard self.descriptor >= 0 else { throw TestFailure("socket: errno \(errno)") }
        do { self.port = try Self.bindToLoopback(self.descriptor) } catch {
            close(self.descriptor)
            throw error
        }
    }

    deinit { close(self.descriptor) }

    /// Holds a port while `body` runs.
    public static func with<R>(_ body: (ReservedPort) async throws -> R) async throws -> R {
        let reserved = try ReservedPort()
        let result: Result<R, any Error>
        do { result = .success(try await body(reserved)) } catch { result = .failure(error) }
        return try withExtendedLifetime(reserved) { try result.get() }
    }

    /// Lets the kernel take connections from now on.
    public func listen() throws {
        guard Glibc.listen(self.descriptor, 1) == 0 else { throw TestFailure("listen: errno \(errno)") }
    }

    /// Binds a socket to a port of 127.0.0.1 that the kernel chooses.
    static func bindToLoopback(_ descriptor: CInt) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw TestFailure("bind: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }
}
