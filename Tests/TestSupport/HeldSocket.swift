import Foundation
import Glibc

/// A listening socket that the test holds as a service manager does, and passes to the daemons that it starts.
public final class HeldSocket: Sendable {
    /// The name that it is passed with.
    public let name: String
    /// Where callers connect to.
    public let address: HTTPAddress
    let descriptor: Int32

    /// Listens on a free port of the loopback address, or on a Unix socket at a path.
    public init(_ name: String, unix path: String? = nil) throws {
        let family = path == nil ? AF_INET : AF_UNIX
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("socket: errno \(errno)") }
        do {
            self.address =
                try path.map { try Self.bind(descriptor, at: $0) }
                ?? .tcp(host: "127.0.0.1", port: ReservedPort.bindToLoopback(descriptor))
            guard listen(descriptor, SOMAXCONN) == 0 else { throw TestFailure("listen: errno \(errno)") }
        } catch {
            close(descriptor)
            throw error
        }
        self.name = name
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// Another descriptor of the socket, for a server within this process.
    public func duplicate() -> Int32 { fcntl(self.descriptor, F_DUPFD_CLOEXEC, 0) }

    /// What becomes the daemon, whose command follows: a process knows its own number only once it runs.
    static let launcher = ["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$0\" \"$@\""]

    /// What tells a process of the sockets that it is passed.
    static func environment(of sockets: [HeldSocket]) -> [String: String] {
        guard !sockets.isEmpty else { return [:] }
        return [
            "LISTEN_FDS": String(sockets.count), "LISTEN_FDNAMES": sockets.map(\.name).joined(separator: ":"),
            // The launcher sets it for the daemon.
            "LISTEN_PID": "",
        ]
    }

    private static func bind(_ descriptor: Int32, at path: String) throws -> HTTPAddress {
        var address = try UnixAddress(path).value
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else { throw TestFailure("bind \(path): errno \(errno)") }
        return .unix(path: path)
    }
}
