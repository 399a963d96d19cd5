import Glibc
import TestSupport
import Testing

@testable import SystemSupport

@Suite("Who has a port (X-010)")
struct PortOwnerTests {
    @Test("the process that listens is found, by its address and on all addresses; nobody where nobody listens")
    func finds() throws {
        let socket = try HeldSocket("own")
        defer { withExtendedLifetime(socket) {} }
        guard case .tcp(let host, let port) = socket.address else { return }
        let owner = try #require(PortOwner.find(host: host, port: port))
        #expect(owner.processID == getpid())
        #expect(owner.description.hasPrefix("process \(getpid()) ("))
        #expect(PortOwner.find(host: "127.0.0.2", port: port)?.processID != getpid())
        #expect(PortOwner.find(host: "no address", port: port) == nil)

        let everywhere = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(everywhere) }
        try #require(listen(everywhere, 1) == 0)
        let place = try PassedSocket(descriptor: everywhere, name: "").place
        guard case .tcp(_, let open) = place else { return }
        #expect(PortOwner.find(host: "127.0.0.1", port: open)?.processID == getpid())
    }
}
