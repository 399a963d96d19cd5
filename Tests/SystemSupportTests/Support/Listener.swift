import Glibc
import ProxyCore
import TestSupport

/// A listening TCP socket on a free port of a loopback address, closed when it is let go.
final class Listener: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let address: String

    init(address: String) throws {
        self.address = address
        let isVersion6 = address.contains(":")
        self.descriptor = socket(isVersion6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard self.descriptor >= 0 else { throw TestFailure("socket: errno \(errno)") }
        var port: UInt16 = 0
        let status: Int32
        if isVersion6 {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            inet_pton(AF_INET6, address, &name.sin6_addr)
            status = Self.bind(self.descriptor, &name)
            port = UInt16(bigEndian: name.sin6_port)
        } else {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            inet_pton(AF_INET, address, &name.sin_addr)
            status = Self.bind(self.descriptor, &name)
            port = UInt16(bigEndian: name.sin_port)
        }
        self.port = port
        guard status == 0, listen(self.descriptor, 8) == 0 else { throw TestFailure("bind: errno \(errno)") }
    }

    deinit { close(self.descriptor) }

    /// Waits for a connection and hands it on: its descriptor, which is closed afterwards, and its ends.
    func accepted<Value: Sendable>(
        _ body: @Sendable (Int32, ConnectionEnds) async throws -> Value
    ) async throws -> Value {
        let listening = self.descriptor
        let connection = try await onOwnThread {
            var poll = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 10_000) == 1 else { throw TestFailure("nobody came") }
            return accept(listening, nil, nil)
        }
        guard connection >= 0 else { throw TestFailure("accept: errno \(errno)") }
        defer { close(connection) }
        // Whoever connects to any of 127.0.0.0/8 does so from 127.0.0.1.
        let ends = ConnectionEnds.loopback(
            localAddress: self.address, localPort: Int(self.port),
            peerAddress: self.address.hasPrefix("127.") ? "127.0.0.1" : self.address,
            peerPort: try Self.peerPort(connection))
        return try await body(connection, ends)
    }

    private static func bind<Name>(_ descriptor: Int32, _ name: inout Name) -> Int32 {
        var length = socklen_t(MemoryLayout<Name>.size)
        return withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let status = Glibc.bind(descriptor, address, length)
                return status == 0 ? getsockname(descriptor, address, &length) : status
            }
        }
    }

    /// Both kinds of addresses have the port in the same place.
    private static func peerPort(_ connection: Int32) throws -> Int {
        var name = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let status = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(connection, $0, &length) }
        }
        guard status == 0 else { throw TestFailure("getpeername: errno \(errno)") }
        return Int(UInt16(bigEndian: name.sin6_port))
    }
}
