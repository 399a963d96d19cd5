import Glibc
import TestSupport
import Testing

@testable import SystemSupport

@Suite("Sockets that the service manager passes (A-017)")
struct PassedSocketTests {
    private static func withSocket<Value>(
        _ domain: CInt, _ type: __socket_type, _ body: (CInt) throws -> Value
    ) throws -> Value {
        let descriptor = socket(domain, CInt(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        return try body(descriptor)
    }

    @Test("a listening TCP socket is known by its address and port", arguments: [AF_INET, AF_INET6])
    func tcp(family: CInt) throws {
        try Self.withSocket(family, SOCK_STREAM) { descriptor in
            // Unbound, the kernel chooses a port of all addresses.
            try #require(listen(descriptor, 1) == 0)
            let socket = try PassedSocket(descriptor: descriptor, name: "kmid.socket")
            guard case .tcp(let host, let port) = socket.place else {
                Issue.record("\(socket.place)")
                return
            }
            #expect(host == (family == AF_INET ? "0.0.0.0" : "::"))
            #expect(port > 0)
            #expect(socket.place.description == (family == AF_INET ? "0.0.0.0:\(port)" : "[::]:\(port)"))
        }
    }

    @Test("a listening Unix socket is known by its path or name")
    func unix() async throws {
        try await TemporaryDirectory.with { directory in
            for path in [directory.path("s"), "\u{0}kmi-test-\(getpid())"] {
                try Self.withSocket(AF_UNIX, SOCK_STREAM) { descriptor in
                    var address = sockaddr_un()
                    address.sun_family = sa_family_t(AF_UNIX)
                    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
                    let length = socklen_t(2 + path.utf8.count + (path.hasPrefix("/") ? 1 : 0))
                    let code = withUnsafePointer(to: &address) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
                    }
                    try #require(code == 0 && listen(descriptor, 1) == 0)
                    let socket = try PassedSocket(descriptor: descriptor, name: "proxy")
                    #expect(socket.place == .unix(path: path.hasPrefix("/") ? path : "@" + path.dropFirst()))
                    #expect(socket.name == "proxy")
                }
            }
        }
    }

    @Test("what cannot be listened on is refused, naming the descriptor and why")
    func refused() throws {
        func reason(_ descriptor: CInt) -> String {
            do throws(PassedSocketFailure) {
                _ = try PassedSocket(descriptor: descriptor, name: "odd")
                return "none"
            } catch {
                #expect(error.description.hasPrefix("descriptor \(descriptor) (\"odd\")"))
                return error.reason
            }
        }
        try Self.withSocket(AF_INET, SOCK_DGRAM) { #expect(reason($0).contains("not a stream socket")) }
        try Self.withSocket(AF_UNIX, SOCK_DGRAM) { #expect(reason($0).contains("not a stream socket")) }
        try Self.withSocket(AF_INET, SOCK_STREAM) { #expect(reason($0).contains("not a listening socket")) }
        let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(reason(file) == "not a socket")
        #expect(reason(1_000_000).contains("Bad file descriptor"))
    }

    @Test("addresses of other families, and those that are cut short, are none")
    func otherFamilies() {
        #expect(PassedSocket.place(family: AF_VSOCK, address: [UInt8](repeating: 0, count: 16)) == nil)
        #expect(PassedSocket.place(family: AF_INET, address: [2, 0, 0x1F, 0x90, 127]) == nil)
        #expect(PassedSocket.place(family: AF_UNIX, address: [1, 0]) == .unix(path: ""))
        #expect(PassedSocket.place(family: AF_UNIX, address: [1, 0, 0x2F, 0x61, 0, 0]) == .unix(path: "/a"))
        #expect(
            PassedSocket.place(family: AF_INET, address: [2, 0, 0x1E, 0xC6, 127, 0, 0, 1])
                == .tcp(host: "127.0.0.1", port: 7878))
    }
}
