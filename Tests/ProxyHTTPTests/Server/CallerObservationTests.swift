import NIOCore
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("Looking at callers", .timeLimit(.minutes(5)))
struct CallerObservationTests {
    private final class NoteTaker: CallerObserver {
        final class Note: CallerObservation {
            let caller: ObservedCaller?

            init(_ ends: ConnectionEnds) {
                var caller = ObservedCaller()
                caller.process = "\(ends)"
                self.caller = caller
            }
        }

        let seen = Watched<[ConnectionEnds]>([])

        func observe(_ ends: ConnectionEnds) -> any CallerObservation {
            self.seen.update { $0.append(ends) }
            return Note(ends)
        }
    }

    @Test("looks at a caller over loopback TCP once for its connection, and tells every request of it")
    func loopback() async throws {
        let observer = NoteTaker()
        let responder = ScriptedResponder.echo()
        try await withServer(responder, configuration: HTTPServerConfiguration(callerObserver: observer)) {
            _, address in
            let ends = try await RawClient.with(address) { client -> ConnectionEnds in
                for path in ["/one", "/two"] {
                    try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                    try await client.receive("GET \(path)")
                }
                let (local, peer) = (
                    try #require(client.channel.remoteAddress), try #require(client.channel.localAddress)
                )
                return ConnectionEnds.loopback(
                    localAddress: "127.0.0.1", localPort: try #require(local.port), peerAddress: "127.0.0.1",
                    peerPort: try #require(peer.port))
            }
            #expect(observer.seen.value == [ends])
            let connections = responder.connections.value
            #expect(connections.count == 2)
            #expect(connections.first?.observation?.caller?.process == "\(ends)")
            #expect(connections.first == connections.last)
        }
    }

    @Test("looks at a caller on a Unix socket with what the kernel says of it")
    func unixSocket() async throws {
        let observer = NoteTaker()
        let responder = ScriptedResponder.echo()
        try await withTemporaryDirectory { directory in
            try await withServer(
                responder, configuration: HTTPServerConfiguration(callerObserver: observer),
                on: .unix(path: directory + "/s")
            ) { _, address in
                try await RawClient.with(address) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    try await client.receive("GET /")
                }
            }
        }
        guard case .unix(let uid, let pid)? = responder.connections.value.first?.transport else {
            Issue.record("no connection over the Unix socket")
            return
        }
        #expect(observer.seen.value == [.unix(userID: uid, processID: pid)])
    }

    @Test("looks at nobody unless told to")
    func nobody() async throws {
        let responder = ScriptedResponder.echo()
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.receive("GET /")
            }
        }
        let connection = try #require(responder.connections.value.first)
        #expect(connection.observation == nil)
    }

    @Test("looks at nobody who is refused")
    func refused() async throws {
        let observer = NoteTaker()
        let configuration = HTTPServerConfiguration(maximumConnections: 1, callerObserver: observer)
        try await withServer(.echo(), configuration: configuration) { _, address in
            try await RawClient.with(address) { first in
                try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await first.receive("GET /")
                try await RawClient.with(address) { _ = try await $0.receiveAll() }
            }
        }
        #expect(observer.seen.value.count == 1)
    }

    @Test(
        "knows what stays within this machine",
        arguments: [
            ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("128.0.0.1", false),
            ("10.0.0.1", false), ("0.0.0.0", false), ("::", false), ("fe80::1", false), ("::ffff:10.0.0.1", false),
            ("::127.0.0.1", false), ("100::1", false),
        ])
    func loopbackAddresses(text: String, expected: Bool) throws {
        let address = try #require(SocketAddress(ipAddress: text, port: 1).ipAddress)
        #expect(ConnectionEnds.isLoopback(address) == expected)
    }

    @Test("tells two descriptions apart by the observation")
    func equality() {
        let observation = NoteTaker().observe(.unix(userID: 1, processID: 2))
        let plain = ConnectionInfo(transport: .tcp(peer: "127.0.0.1"), id: 1)
        var observed = plain
        observed.observation = observation
        #expect(plain != observed)
        var same = plain
        same.observation = observation
        #expect(same == observed)
    }
}
