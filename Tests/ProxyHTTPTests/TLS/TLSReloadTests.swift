import NIOSSL
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("Renewed credentials (T-007, L-006)", .timeLimit(.minutes(5)))
struct TLSReloadTests {
    private static let get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

    @Test("new connections get the new certificate, running ones go on")
    func renewal() async throws {
        let authority = try TestCertificate.authority()
        let tls = ServerTLS(try authority.server("first").credentials())
        let renewed = try authority.server("second").credentials()
        let caller = try TLSConfiguration.caller(trusting: authority)
        try await withTLSServer(.echo(), tls) { server, address in
            try await TLSClient.with(address, caller) { running in
                try await running.send(Self.get)
                try await running.receive("GET / []")
                #expect(running.received.value.serverName?.contains("first") == true)
                server.renew(tls, with: renewed)
                #expect(tls.credentials == renewed)
                try await TLSClient.with(address, caller) { fresh in
                    try await fresh.send(Self.get)
                    try await fresh.receive("GET / []")
                    #expect(fresh.received.value.serverName?.contains("second") == true)
                }
                try await running.send("GET /still HTTP/1.1\r\nHost: localhost\r\n\r\n")
                try await running.receive("GET /still []")
                #expect(!running.received.value.isClosed)
            }
        }
    }

    @Test("where other certificates are asked for, idle connections end and running requests are answered first")
    func otherRules() async throws {
        let authority = try TestCertificate.authority()
        let certificate = try authority.server()
        let tls = ServerTLS(try certificate.credentials())
        let stricter = try certificate.credentials(.required, authorities: [authority])
        let remote = Remote()
        let responder = ScriptedResponder { handler in
            if handler.head.target == "/" { handler.answer("quick") } else { remote.take(handler) }
        }
        let caller = try TLSConfiguration.caller(trusting: authority)
        try await withTLSServer(responder, tls) { server, address in
            try await TLSClient.with(address, caller) { idle in
                try await idle.send(Self.get)
                try await idle.receive("quick")
                try await TLSClient.with(address, caller) { running in
                    try await running.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    try await remote.act { _ in }
                    server.renew(tls, with: stricter)
                    #expect(try await idle.receiveAll().isComplete)
                    try await remote.act { $0.answer("slow") }
                    let end = try await running.receiveAll()
                    #expect(end.text.contains("connection: close\r\n"))
                    #expect(end.text.hasSuffix("slow"))
                    #expect(end.isComplete)
                }
            }
            try await TLSClient.with(address, caller) { late in
                try await late.send(Self.get)
                #expect(try await late.receiveAll().text.isEmpty)
            }
            let known = try TLSConfiguration.caller(trusting: authority, showing: try authority.client("known"))
            try await TLSClient.with(address, known) { client in
                try await client.send(Self.get)
                try await client.receive("quick")
            }
        }
    }
}
