import NIOCore
import NIOSSL
import ProxyCore
import Testing

@testable import CurlClient

/// Who is trusted, and that nobody else gets a byte.
@Suite(.timeLimit(.minutes(5)))
struct TLSTests {
    private func request(_ server: TLSServer, host: String = "localhost") -> UpstreamRequest {
        UpstreamRequest(
            method: "GET",
            origin: UpstreamOrigin(scheme: .https, host: host, port: server.port),
            target: "/",
            headers: ["Authorization": "Bearer secret"],
            body: .none
        )
    }

    @Test("a trusted certificate works, over HTTP/1.1 by ALPN", arguments: ["localhost", "127.0.0.1"])
    func trusted(host: String) async throws {
        try await TLSServer.with("good") { server, certificates in
            try await ClientFixture.with(CurlClientConfiguration(caFile: certificates.authority)) { fixture in
                for _ in 0..<3 {
                    let outcome = try await fixture.run(self.request(server, host: host))
                    #expect(outcome.text == "ok", "\(String(describing: outcome.failure))")
                }
                #expect(server.acceptedConnections == 1)
            }
        }
    }

    @Test(
        "any other is refused before a byte of the request is sent (K-023)",
        arguments: ["self", "expired", "other"]
    )
    func untrusted(name: String) async throws {
        try await TLSServer.with(name) { server, certificates in
            try await ClientFixture.with(CurlClientConfiguration(caFile: certificates.authority)) { fixture in
                let outcome = try await fixture.run(self.request(server))
                #expect(outcome.failure?.kind == .tls, "\(String(describing: outcome.failure))")
                #expect(outcome.failure?.requestBytesSent == false)
                #expect(outcome.offences == [])
                #expect(server.acceptedConnections > 0)
                #expect(server.receivedBytes == 0)
            }
        }
    }

    @Test("without a file of its own only the system's authorities count (K-023)")
    func systemAuthorities() async throws {
        try await TLSServer.with("good") { server, _ in
            try await ClientFixture.with { fixture in
                let outcome = try await fixture.run(self.request(server))
                #expect(outcome.failure?.kind == .tls)
                #expect(server.receivedBytes == 0)
            }
        }
    }

    @Test("a pinned key works, another one gets no byte though its certificate is trusted (K-038)")
    func pins() async throws {
        try await TLSServer.with("good") { server, certificates in
            let right = try certificates.pin("good")
            let wrong = try certificates.pin("other")
            for (pins, isRight) in [([right], true), ([wrong, right], true), ([wrong], false), ([], true)] {
                let before = server.receivedBytes
                let configuration = CurlClientConfiguration(caFile: certificates.authority)
                try await ClientFixture.with(configuration) { fixture in
                    var request = self.request(server)
                    request.pins = pins
                    let outcome = try await fixture.run(request)
                    if isRight {
                        #expect(outcome.text == "ok", "\(String(describing: outcome.failure))")
                    } else {
                        #expect(outcome.failure?.kind == .pinMismatch, "\(String(describing: outcome.failure))")
                        #expect(outcome.failure?.requestBytesSent == false)
                        #expect(server.receivedBytes == before)
                    }
                }
            }
        }
    }

    @Test("a right pin does not make up for a certificate that is not trusted (K-038)")
    func pinsAddToTrust() async throws {
        try await TLSServer.with("self") { server, certificates in
            let configuration = CurlClientConfiguration(caFile: certificates.authority)
            try await ClientFixture.with(configuration) { fixture in
                var request = self.request(server)
                request.pins = [try certificates.pin("self")]
                let outcome = try await fixture.run(request)
                #expect(outcome.failure?.kind == .tls)
                #expect(server.receivedBytes == 0)
            }
        }
    }

    @Test("an answer that comes behind a complete one is nobody's over TLS either (RFC 9112 §9.2)")
    func lateAnswer() async throws {
        try await TLSServer.with("good") { server, certificates in
            try await ClientFixture.with(CurlClientConfiguration(caFile: certificates.authority)) { fixture in
                for round in 1...3 {
                    let outcome = try await fixture.run(self.request(server))
                    #expect(outcome.isCompleted && outcome.text == "ok", "\(outcome)")
                    #expect(server.acceptedConnections == round)
                    try await server.push("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled")
                }
            }
        }
    }

    @Test func namesServersThatDoNotSpeakTLS() async throws {
        try await RawServer.Script { connection, _ in
            _ = try connection.read(1)
            try connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        }.serve { server in
            try await ClientFixture.with { fixture in
                var request = UpstreamRequest.to(server)
                request.origin.scheme = .https
                let outcome = try await fixture.run(request)
                #expect(outcome.failure?.kind == .tls, "\(String(describing: outcome.failure))")
                #expect(outcome.failure?.requestBytesSent == false)
            }
        }
    }

    @Test(
        "a server that speaks TLS 1.1 at most gets no byte, one of TLS 1.2 does (K-023)",
        arguments: [TLSVersion.tlsv1, .tlsv11, .tlsv12])
    func oldVersions(version: TLSVersion) async throws {
        try await TLSServer.with("good", maximumVersion: version) { server, certificates in
            try await ClientFixture.with(CurlClientConfiguration(caFile: certificates.authority)) { fixture in
                let outcome = try await fixture.run(self.request(server))
                if version == .tlsv12 {
                    #expect(outcome.text == "ok", "\(String(describing: outcome.failure))")
                } else {
                    #expect(outcome.failure?.kind == .tls, "\(String(describing: outcome.failure))")
                    #expect(server.acceptedConnections > 0)
                    #expect(server.receivedBytes == 0)
                }
            }
        }
    }

    @Test(
        "an https proxy is held to the same rules, and is not even told where requests go (K-023)",
        arguments: ["self", "expired", "other", "old"])
    func untrustedProxy(name: String) async throws {
        try await TLSServer.with(name == "old" ? "good" : name, maximumVersion: name == "old" ? .tlsv11 : nil) {
            proxy, certificates in
            let configuration = CurlClientConfiguration(
                caFile: certificates.authority, proxy: "https://localhost:\(proxy.port)")
            try await ClientFixture.with(configuration) { fixture in
                var request = self.request(proxy)
                request.origin.host = "provider.test"
                let outcome = try await fixture.run(request)
                #expect(outcome.failure?.kind == .tls, "\(String(describing: outcome.failure))")
                #expect(outcome.failure?.requestBytesSent == false)
                #expect(proxy.acceptedConnections > 0)
                #expect(proxy.receivedBytes == 0)
            }
        }
    }

    @Test("a trusted https proxy sees the host and nothing of the request (K-023, K-048)")
    func trustedProxy() async throws {
        try await TLSServer.with("good") { proxy, certificates in
            let configuration = CurlClientConfiguration(
                caFile: certificates.authority, proxy: "https://localhost:\(proxy.port)")
            try await ClientFixture.with(configuration) { fixture in
                var request = self.request(proxy)
                request.origin.host = "provider.test"
                let outcome = try await fixture.run(request)
                // It answers with a body where a tunnel should begin.
                #expect(outcome.failure != nil)
                #expect(outcome.failure?.requestBytesSent == false)
                #expect(proxy.received.contains("CONNECT provider.test:\(proxy.port) "))
                #expect(!proxy.received.contains("secret"))
            }
        }
    }

    @Test("a connection that was made under other pins, or none, is not used for a request with pins (K-038)")
    func pinsApplyToKeptConnections() async throws {
        try await TLSServer.with("good") { server, certificates in
            let right = try certificates.pin("good")
            let wrong = try certificates.pin("other")
            let flipped =
                "sha256//"
                + String(
                    right.dropFirst(8).map { $0.isUppercase ? Character($0.lowercased()) : Character($0.uppercased()) })
            try await ClientFixture.with(CurlClientConfiguration(caFile: certificates.authority)) { fixture in
                // Each on the one loop, so that the connection of the former one is there to be used.
                let steps: [(pins: [String], isRight: Bool)] = [
                    ([], true), ([wrong], false), ([flipped], false), ([wrong, right], true), ([wrong], false),
                    ([flipped], false), ([wrong, flipped], false), ([right], true), ([flipped], false), ([], true),
                ]
                for (pins, isRight) in steps {
                    let before = server.receivedBytes
                    var request = self.request(server)
                    request.pins = pins
                    let outcome = try await fixture.run(request)
                    if isRight {
                        #expect(outcome.text == "ok", "\(outcome)")
                    } else {
                        #expect(outcome.failure?.kind == .pinMismatch, "\(pins) \(outcome)")
                        #expect(server.receivedBytes == before, "\(pins)")
                    }
                }
            }
        }
    }
}
