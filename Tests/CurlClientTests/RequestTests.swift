import Glibc
import NIOCore
import ProxyCore
import Testing

@testable import CurlClient

/// What arrives at the other end.
@Suite(.timeLimit(.minutes(5)))
struct RequestTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Sendable private static func answerAll(_ connection: RawConnection, _ number: Int) throws {
        while try connection.readRequest() != nil { try connection.send(Self.ok) }
    }

    @Test("a GET carries Host and the given fields only, in their order and spelling (X-012)")
    func plainGet() async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                let headers: HeaderFields = [
                    "authorization": "Bearer a", "X-Stainless-OS": "Linux", "empty": "", "x-b": "1",
                    "X-B": "2; q=\"x\"",
                    "User-Agent": "Test/1", "Accept": "*/*",
                ]
                let outcome = try await fixture.run(.to(server, target: "/v1/models?a=b", headers: headers))
                #expect(outcome.isCompleted)
                #expect(outcome.head?.status == 200)
                #expect(outcome.head?.reason == "OK")
                #expect(outcome.text == "ok")
                #expect(outcome.trailers == nil)
                let request = try #require(server.requests.first)
                #expect(request.requestLine == "GET /v1/models?a=b HTTP/1.1")
                #expect(
                    request.fields == [
                        "Host: 127.0.0.1:\(server.port)", "authorization: Bearer a", "X-Stainless-OS: Linux", "empty:",
                        "x-b: 1", "X-B: 2; q=\"x\"", "User-Agent: Test/1", "Accept: */*",
                    ]
                )
            }
        }
    }

    @Test func addsNothingOfItsOwn() async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                for method in ["GET", "POST", "DELETE", "OPTIONS", "PATCH", "PROPFIND"] {
                    _ = try await fixture.run(.to(server, method: method))
                }
                #expect(server.requests.map(\.fields) == Array(repeating: ["Host: 127.0.0.1:\(server.port)"], count: 6))
                #expect(server.requests[5].requestLine == "PROPFIND / HTTP/1.1")
            }
        }
    }

    @Test(
        "bodies are announced by Content-Length alone, an empty one too", arguments: ["POST", "PUT", "GET", "DELETE"])
    func announcesBodies(method: String) async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                for size in [0, 1, 1000, 3_000_000] {
                    let body = pattern(size)
                    let request = UpstreamRequest.to(
                        server,
                        method: method,
                        headers: ["Content-Type": "application/json"],
                        body: .length(Int64(size))
                    )
                    let outcome = try await fixture.run(request) { exchange in
                        exchange.pieces = stride(from: 0, to: size, by: 200_000)
                            .map { Array(body[$0..<min(size, $0 + 200_000)]) }
                    }
                    #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                    #expect(outcome.offences == [])
                    let received = try #require(server.requests.last)
                    #expect(
                        received.fields == [
                            "Host: 127.0.0.1:\(server.port)", "Content-Type: application/json",
                            "Content-Length: \(size)",
                        ]
                    )
                    #expect(received.requestLine == "\(method) / HTTP/1.1")
                    let isSame = received.body == body
                    #expect(isSame)
                }
                // All four on one connection: nothing of one request is left over for the next.
                #expect(server.acceptedConnections == 1)
            }
        }
    }

    @Test("a whole body goes with the head, unasked for, and nothing of it is left over for the next request")
    func sendsWholeBodies() async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                let requests = [("POST", 1), ("PUT", 1_000), ("GET", 0), ("DELETE", 65_535), ("POST", 3_000_000)]
                for (method, size) in requests {
                    let body = pattern(size)
                    var request = UpstreamRequest.to(server, method: method)
                    if size > 0 { request.body = .bytes(ByteBuffer(bytes: body)) }
                    let outcome = try await fixture.run(request)
                    #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                    #expect(outcome.offences == [])
                    #expect(outcome.piecesWanted == 0)
                    #expect(outcome.beganToSend == (size > 0 ? 1 : 0))
                    let received = try #require(server.requests.last)
                    #expect(received.requestLine == "\(method) / HTTP/1.1")
                    #expect(received.fields == Self.fields(server, length: size > 0 ? size : nil))
                    let isSame = received.body == body
                    #expect(isSame)
                }
                let pieces = UpstreamRequest.to(server, method: "POST", body: .length(2))
                let inPieces = try await fixture.run(pieces) { $0.pieces = [[1, 2]] }
                #expect(inPieces.isCompleted)
                #expect(server.requests.last?.body == [1, 2])
                #expect(server.acceptedConnections == 1)
            }
        }
    }

    private static func fields(_ server: RawServer, length: Int?) -> [String] {
        ["Host: 127.0.0.1:\(server.port)"] + (length.map { ["Content-Length: \($0)"] } ?? [])
    }

    @Sendable private static func answerFromTheHead(_ connection: RawConnection, _ number: Int) throws {
        while let request = try connection.readHead() {
            try connection.send(Self.ok)
            if let length = request.field("content-length").flatMap(Int.init) { _ = try connection.read(length) }
        }
    }

    @Test("a server that answers from the head keeps the connection of a small body")
    func keepsConnectionsOfEarlyAnswers() async throws {
        try await RawServer.with(script: Self.answerFromTheHead) { server in
            try await ClientFixture.with { fixture in
                for _ in 0..<3 {
                    let request = UpstreamRequest.to(server, method: "POST", body: .bytes(ByteBuffer(string: "{}")))
                    let outcome = try await fixture.run(request)
                    #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                }
                #expect(server.acceptedConnections == 1)
            }
        }
    }

    @Test(
        "path and query go byte for byte (X-012)",
        arguments: [
            "/", "//", "/a//b", "/a;b=c;d", "/a%2Fb", "/?", "/a?", "/a?b?c", "/a?x=%20+&y=/../..//", "/a/./b",
            "/a/../b",
            "/%7Euser/~", "/a|b^`{}\"<>\\", "/*'()!$&,:@", "*",
        ]
    )
    func sendsTargetsRaw(target: String) async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                let outcome = try await fixture.run(.to(server, target: target))
                #expect(outcome.isCompleted)
                #expect(server.requests.first?.requestLine == "GET \(target) HTTP/1.1")
            }
        }
    }

    @Test func refusesInjectionBeforeConnecting() async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                let outcome = try await fixture.run(.to(server, headers: ["X": "a\r\nInjected: 1"]))
                #expect(outcome.failure?.kind == .internalFault)
                #expect(outcome.failure?.requestBytesSent == false)
                #expect(outcome.offences == [])
                #expect(server.acceptedConnections == 0)
                #expect(fixture.client.statistics.activeTransfers == 0)
            }
        }
    }

    @Test func reachesUnixSockets() async throws {
        let path = "/tmp/curl-client-\(UInt64.random(in: 0...UInt64.max)).sock"
        defer { unlink(path) }
        try await RawServer.with(path: path, script: Self.answerAll) { server in
            try await ClientFixture.with { fixture in
                var request = UpstreamRequest.to(server, target: "/v1/models")
                request.origin = UpstreamOrigin(scheme: .unix(path: path), host: "localhost", port: 0)
                let outcome = try await fixture.run(request)
                #expect(outcome.text == "ok")
                #expect(server.requests.first?.fields == ["Host: localhost"])
            }
        }
    }

    @Test("more transfers than connections are refused at once, and the place is free again afterwards")
    func boundsTransfers() async throws {
        try await RawServer.with(script: Self.answerAll) { server in
            try await ClientFixture.with(CurlClientConfiguration(maximumConnections: 1)) { fixture in
                let request = UpstreamRequest.to(server, method: "POST", body: .length(1))
                let first = try await fixture.start(request) { $0.onWantsBody = { _ in } }
                let second = try await fixture.run(.to(server))
                #expect(second.failure?.kind == .internalFault)
                try await first.control { $0.cancel() }
                #expect(try await fixture.run(.to(server)).isCompleted)
            }
        }
    }
}
