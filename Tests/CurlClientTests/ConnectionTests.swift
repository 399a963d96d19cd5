import Foundation
import Glibc
import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import CurlClient

/// Connections: made, refused, used again, found dead.
@Suite(.timeLimit(.minutes(5)))
struct ConnectionTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Sendable static func answerAll(_ connection: RawConnection, _ number: Int) throws {
        while try connection.readRequest() != nil { try connection.send(Self.ok) }
    }

    private func post(_ server: RawServer) -> UpstreamRequest {
        .to(server, method: "POST", body: .length(3))
    }

    @Test func usesConnectionsAgain() async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                for _ in 0..<10 {
                    let outcome = try await fixture.run(self.post(server)) { $0.pieces = [[1, 2, 3]] }
                    #expect(outcome.isCompleted)
                }
                #expect(server.acceptedConnections == 1)
                #expect(fixture.client.statistics == .init(activeTransfers: 0, pooledHandles: 1, openSockets: 1))
            }
        }
    }

    @Test("idle connections that are reset serve nothing any more, and no request notices")
    func resetsIdleConnections() async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                for round in 1...3 {
                    for _ in 0..<2 {
                        let outcome = try await fixture.run(self.post(server)) { $0.pieces = [[1, 2, 3]] }
                        #expect(outcome.isCompleted)
                    }
                    #expect(server.acceptedConnections == round)
                    fixture.client.resetIdleConnections()
                }
                #expect(server.requests.count == 6)
            }
        }
    }

    @Test func keepsNoMoreIdleConnectionsThanConfigured() async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            for limit in [0, 1, 3] {
                try await ClientFixture.with(CurlClientConfiguration(maximumIdleConnections: limit)) { fixture in
                    try await withThrowingTaskGroup(of: Outcome.self) { group in
                        for _ in 0..<8 { group.addTask { try await fixture.run(.to(server)) } }
                        for try await outcome in group { #expect(outcome.isCompleted) }
                    }
                    // libcurl closes one at the end of each transfer, if there are too many.
                    for _ in 0..<8 { _ = try await fixture.run(.to(server)) }
                    #expect(fixture.client.statistics.openSockets <= limit)
                }
            }
        }
    }

    @Test("a connection that the server has closed meanwhile is never used to send a request twice")
    func findsIdleConnectionsDead() async throws {
        let closed = AsyncStream<Void>.makeStream()
        try await RawServer.Script { connection, number in
            if number > 1 { return try Self.answerAll(connection, number) }
            try connection.readRequest()
            try connection.send(Self.ok)
            closed.continuation.finish()
        }.serve { server in
            try await ClientFixture.with { fixture in
                _ = try await fixture.run(self.post(server)) { $0.pieces = [[1, 2, 3]] }
                await closed.stream.first { _ in true }
                let outcome = try await fixture.run(self.post(server)) { $0.pieces = [[1, 2, 3]] }
                if let failure = outcome.failure {
                    #expect(failure.kind == .closedBeforeAnswer)
                    #expect(failure.connectionReused)
                    #expect(server.requests.count == 1)
                } else {
                    #expect(server.requests.count == 2)
                }
            }
        }
    }

    @Test(
        "libcurl never repeats a request that got no answer",
        arguments: [
            ("GET", UpstreamRequest.Body.none, false), ("POST", .none, false), ("HEAD", .none, false),
            ("POST", .length(0), false), ("POST", .length(3), false), ("POST", .length(3), true),
        ])
    func repeatsNothing(method: String, body: UpstreamRequest.Body, endsAtHead: Bool) async throws {
        for reset in [false, true] {
            let heads = AsyncStream<Void>.makeStream()
            try await RawServer.Script { connection, number in
                if number > 1 { return try Self.answerAll(connection, number) }
                try connection.readRequest()
                try connection.send(Self.ok)
                if endsAtHead { _ = try connection.readHead() } else { try connection.readRequest() }
                if reset { connection.resetAtEnd() }
                heads.continuation.finish()
            }.serve { server in
                try await ClientFixture.with { fixture in
                    #expect(try await fixture.run(.to(server)).isCompleted)
                    let request = UpstreamRequest.to(server, method: method, body: body)
                    let outcome = try await fixture.run(request) { exchange in
                        exchange.pieces = endsAtHead ? [] : [[1, 2, 3]]
                    }
                    #expect(outcome.failure?.kind == .closedBeforeAnswer, "\(String(describing: outcome.failure))")
                    #expect(outcome.failure?.connectionReused == true)
                    #expect(outcome.failure?.requestBytesSent == true)
                    #expect(outcome.offences == [])
                    #expect(server.acceptedConnections == 1)
                    #expect(server.requests.count == (endsAtHead ? 1 : 2))
                    // Nothing of the failure sticks to what comes next.
                    let next = try await fixture.run(self.post(server)) { $0.pieces = [[1, 2, 3]] }
                    #expect(next.isCompleted, "\(String(describing: next.failure))")
                }
            }
        }
    }

    @Test("not on another idle connection either")
    func repeatsNothingOnAnotherIdleConnection() async throws {
        let both = DispatchSemaphore(value: 0)
        let counter = DispatchSemaphore(value: 0)
        try await RawServer.Script { connection, number in
            try connection.readRequest()
            counter.signal()
            // Both connections are open before either is answered.
            if number == 1 {
                counter.wait()
                counter.wait()
                both.signal()
                both.signal()
            }
            both.wait()
            try connection.send(Self.ok)
            try connection.readRequest()
        }.serve { server in
            try await ClientFixture.with { fixture in
                async let first = fixture.run(.to(server))
                async let second = fixture.run(.to(server))
                #expect(try await first.isCompleted)
                #expect(try await second.isCompleted)
                let outcome = try await fixture.run(.to(server))
                #expect(outcome.failure?.kind == .closedBeforeAnswer)
                #expect(outcome.failure?.connectionReused == true)
                #expect(server.requests.count == 3)
            }
        }
    }

    @Test func namesRefusedConnections() async throws {
        try await ReservedPort.with { dead in
            try await ClientFixture.with { fixture in
                var request = UpstreamRequest(
                    method: "POST",
                    origin: UpstreamOrigin(scheme: .http, host: "127.0.0.1", port: dead.port),
                    target: "/",
                    headers: [:],
                    body: .length(3)
                )
                for scheme in [UpstreamOrigin.Scheme.http, .https, .unix(path: "/nonexistent/socket")] {
                    request.origin.scheme = scheme
                    let outcome = try await fixture.run(request) { $0.pieces = [[1, 2, 3]] }
                    #expect(outcome.failure?.kind == .unreachable, "\(String(describing: outcome.failure))")
                    #expect(outcome.failure?.requestBytesSent == false)
                    #expect(outcome.failure?.connectionReused == false)
                    #expect(outcome.piecesWanted == 0)
                }
                #expect(fixture.client.statistics.openSockets == 0)
            }
        }
    }

    @Test func namesHostsThatDoNotExist() async throws {
        try await ClientFixture.with { fixture in
            let request = UpstreamRequest(
                method: "GET",
                origin: UpstreamOrigin(scheme: .https, host: "no-such-host.invalid", port: 443),
                target: "/",
                headers: [:],
                body: .none
            )
            let outcome = try await fixture.run(request)
            #expect(outcome.failure?.kind == .unreachable, "\(String(describing: outcome.failure))")
            #expect(outcome.failure?.requestBytesSent == false)
        }
    }

    /// A listener whose queue is full, so that the kernel leaves further connections unanswered.
    private func withFullListener(_ body: (UInt16) async throws -> Void) async throws {
        let (listener, port) = try RawServer.listenerOnLoopback(backlog: 0)
        var fillers: [Int32] = []
        defer { for descriptor in fillers + [listener] { close(descriptor) } }
        for _ in 0..<4 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            fillers.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        try await body(port)
    }

    @Test func givesUpConnectingInTime() async throws {
        try await self.withFullListener { port in
            try await ClientFixture.with(CurlClientConfiguration(connectTimeout: .milliseconds(200))) { fixture in
                for scheme in [UpstreamOrigin.Scheme.http, .https] {
                    let request = UpstreamRequest(
                        method: "GET",
                        origin: UpstreamOrigin(scheme: scheme, host: "127.0.0.1", port: port),
                        target: "/",
                        headers: [:],
                        body: .none
                    )
                    let outcome = try await fixture.run(request)
                    #expect(outcome.failure?.kind == .connectTimeout, "\(String(describing: outcome.failure))")
                    #expect(outcome.failure?.requestBytesSent == false)
                }
            }
        }
    }

    @Test("a TLS handshake that hangs counts as connecting")
    func givesUpHandshakesInTime() async throws {
        try await RawServer.Script { connection, _ in connection.readUntilEnd() }.serve { server in
            try await ClientFixture.with(CurlClientConfiguration(connectTimeout: .milliseconds(200))) { fixture in
                var request = UpstreamRequest.to(server)
                request.origin.scheme = .https
                let outcome = try await fixture.run(request)
                #expect(outcome.failure?.kind == .connectTimeout, "\(String(describing: outcome.failure))")
                #expect(outcome.failure?.requestBytesSent == false)
            }
        }
    }

    /// How a peer ends a handshake after the first bytes, and what that is to the caller.
    private static let brokenHandshakes:
        [(name: String, end: @Sendable (RawConnection) throws -> Void, kind: UpstreamFailure.Kind)] = [
            ("closed", { _ in }, .unreachable),
            ("reset", { $0.resetAtEnd() }, .unreachable),
            // A fatal alert, handshake_failure.
            ("refused", { try $0.send([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]) }, .tls),
            ("another protocol", { try $0.send("HTTP/1.1 400 Bad Request\r\n\r\n") }, .tls),
        ]

    @Test("a connection that breaks off in a handshake says nothing about trust; an alert does (K-023)")
    func tellsCutHandshakes() async throws {
        for (name, end, kind) in Self.brokenHandshakes {
            try await RawServer.Script { connection, _ in
                // The whole greeting, so that closing sends no reset by itself.
                let head = try connection.read(5)
                _ = try connection.read(Int(head[3]) << 8 | Int(head[4]))
                try end(connection)
            }.serve { server in
                try await ClientFixture.with { fixture in
                    var request = UpstreamRequest.to(server)
                    request.origin.scheme = .https
                    let outcome = try await fixture.run(request)
                    #expect(outcome.failure?.kind == kind, "\(name): \(String(describing: outcome.failure))")
                    #expect(outcome.failure?.requestBytesSent == false)
                }
                #expect(server.faults.isEmpty)
            }
        }
    }

    @Test("an answer may take longer than the connect timeout")
    func connectTimeoutEndsWithTheConnection() async throws {
        try await RawServer.Script { connection, _ in
            try connection.readRequest()
            // The answer waits until this many milliseconds brought nothing more to read.
            connection.setTimeLimit(milliseconds: 400)
            _ = connection.readUntilEnd()
            try connection.send(Self.ok)
        }.serve { server in
            try await ClientFixture.with(CurlClientConfiguration(connectTimeout: .milliseconds(100))) { fixture in
                let outcome = try await fixture.run(.to(server))
                #expect(outcome.isCompleted)
            }
        }
    }

    @Test("the proxies of the environment are not used")
    func ignoresTheEnvironment() async {
        await #expect(processExitsWith: .success) {
            try await ReservedPort.with { dead in
                for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                    setenv(name, "http://127.0.0.1:\(dead.port)", 1)
                }
                let outcome = try await RawServer.with(script: ConnectionTests.answerAll) { server in
                    try await ClientFixture.with { try await $0.run(.to(server)) }
                }
                #expect(outcome.isCompleted)
            }
        }
    }

    @Test("a configured proxy is asked for https only, gets no header of ours, and its refusal is `unreachable`")
    func usesTheConfiguredProxy() async throws {
        try await RawServer.Script { connection, _ in
            while try connection.readRequest() != nil {
                try connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            }
        }.serve { proxy in
            try await RawServer.with(script: Self.answerAll) { server in
                let configuration = CurlClientConfiguration(proxy: "http://127.0.0.1:\(proxy.port)")
                try await ClientFixture.with(configuration) { fixture in
                    #expect(try await fixture.run(.to(server)).isCompleted)
                    #expect(proxy.requests.isEmpty)
                    var request = UpstreamRequest.to(server, headers: ["Authorization": "Bearer secret"])
                    request.origin = UpstreamOrigin(scheme: .https, host: "provider.test", port: 443)
                    let outcome = try await fixture.run(request)
                    #expect(outcome.failure?.kind == .unreachable, "\(String(describing: outcome.failure))")
                    #expect(outcome.failure?.requestBytesSent == false)
                    #expect(proxy.requests.map(\.requestLine) == ["CONNECT provider.test:443 HTTP/1.1"])
                    #expect(proxy.requests.first?.field("authorization") == nil)
                }
            }
        }
    }

    @Test(
        "configurations that make no sense are refused",
        arguments: [
            CurlClientConfiguration(maximumConnections: 0), CurlClientConfiguration(maximumIdleConnections: -1),
            CurlClientConfiguration(connectTimeout: .zero),
        ]
    )
    func refusesConfigurations(configuration: CurlClientConfiguration) async {
        await #expect(throws: CurlClientError.self) { try await ClientFixture.with(configuration) { _ in } }
    }

    @Test func namesItsLibraries() {
        #expect(CurlClient.version.hasPrefix("libcurl/"))
        #expect(CurlClient.version.contains("OpenSSL/"))
    }
}
