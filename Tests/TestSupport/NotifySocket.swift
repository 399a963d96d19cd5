import Foundation

/// The service manager's end of sd_notify(3): a datagram socket that states are sent to.
public final class NotifySocket: Sendable {
    /// Its path, for `NOTIFY_SOCKET`.
    public let path: String

    private let descriptor: Int32

    /// Binds a socket at a path.
    public init(at path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("socket: errno \(errno)") }
        var address = try UnixAddress(path).value
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else {
            let code = errno
            close(descriptor)
            throw TestFailure("cannot bind \(path): errno \(code)")
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// The next datagram's assignments, one per line; `nil` when nothing came in time.
    public func receive(within limit: Duration) throws -> [String]? {
        var entry = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&entry, 1, Deadline.after(limit).remainingMilliseconds)
        guard ready > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(self.descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw TestFailure("recv: errno \(errno)") }
        return String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// A Unix socket address.
struct UnixAddress {
    /// As the calls of the kernel take it.
    let value: sockaddr_un

    /// Makes one; a path may have 107 bytes.
    init(_ path: String) throws {
        var value = sockaddr_un()
        value.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: value.sun_path) else {
            throw TestFailure("\(path) is too long for a Unix socket")
        }
        withUnsafeMutableBytes(of: &value.sun_path) { $0.copyBytes(from: bytes) }
        self.value = value
    }
}
