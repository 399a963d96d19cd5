import Glibc
import TestSupport
import Testing

/// A unix socket where connections are accepted by nobody, or hung up on.
enum SilentSocket {
    /// Listens for the time of a scope.
    static func with(hangsUp: Bool = false, _ body: (_ address: String) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("socket")
            let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            try #require(listener >= 0)
            defer { close(listener) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
            let isBound = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(isBound == 0)
            try #require(listen(listener, 8) == 0)
            guard hangsUp else { return try await body("unix:path=\(path)") }
            async let hangUp: Void = onOwnThread {
                let peer = accept(listener, nil, nil)
                close(peer)
            }
            try await body("unix:path=\(path)")
            try await hangUp
        }
    }
}
