import Foundation
import NIOCore
import NIOSSL
import NIOTLS
import ProxyCore
import TestSupport
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2 over TLS", .timeLimit(.minutes(5)))
struct HTTP2OverTLSTests {
    @Test(
        "h2 is spoken with whoever offers it, HTTP/1.1 with whoever does not",
        arguments: [["h2", "http/1.1"], ["http/1.1", "h2"], ["http/1.1"], []])
    func negotiation(offered: [String]) async throws {
        let authority = try TestCertificate.authority()
        let responder = ScriptedResponder.echo()
        var caller = try TLSConfiguration.caller(trusting: authority)
        caller.applicationProtocols = offered
        let configuration = caller
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
            try await TLSClient.with(address, configuration) { client in
                if offered.contains("h2") {
                    let bytes = Wire.opening + Wire.get(1, "/two")
                    try await client.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
                    try await client.receive("GET /two []")
                } else {
                    try await client.send("GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    try await client.receive("GET /one []")
                }
            }
        }
        #expect(responder.connections.value.first?.isTLS == true)
    }

    @Test("the preface in clear is a malformed request")
    func clear() async throws {
        let responder = ScriptedResponder.echo()
        try await withServer(responder) { _, address in
            try await RawClient.with(address) { client in
                try await client.send(bytes: Wire.opening + Wire.get(1))
                #expect(try await client.receiveAll().hasPrefix("HTTP/1.1 400 "))
            }
        }
        #expect(responder.requests.isEmpty)
    }

    @Test("curl gets answers, sends bodies and ends regularly", .enabled(if: Tools.path(of: "curl") != nil))
    func curl() async throws {
        let authority = try TestCertificate.authority()
        let pem = String(decoding: try authority.pem, as: UTF8.self)
        let responder = ScriptedResponder { handler in
            handler.whenEnd = { handler in
                handler.exchange.writeHead(ResponseHead(status: 200))
                handler.exchange.write(ByteBuffer(string: "\(handler.head.method) \(handler.bodyBytes)\n"))
                handler.exchange.write(ByteBuffer(repeating: 0x61, count: 3_000_000))
                handler.exchange.finish(trailers: nil)
            }
            handler.exchange.resumeBody()
        }
        let curl = try #require(Tools.path(of: "curl"))
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
            guard case .tcp(_, let port) = address else { return }
            try await TemporaryDirectory.with { directory in
                let file = directory.path + "/authority.pem"
                let body = directory.path + "/body"
                try pem.write(toFile: file, atomically: true, encoding: .utf8)
                try Data(repeating: 0x62, count: 5_000_000).write(to: URL(fileURLWithPath: body))
                let finished = try await FinishedProcess.run(
                    curl,
                    arguments: [
                        "--silent", "--show-error", "--http2", "--cacert", file, "--data-binary", "@" + body,
                        "--output", directory.path + "/answer", "--write-out",
                        "%{http_version} %{http_code} %{size_download}",
                        "https://127.0.0.1:\(port)/",
                    ], environment: ["HOME": directory.path], within: .seconds(60))
                #expect(finished.standardOutput == "2 200 \(3_000_000 + "POST 5000000\n".utf8.count)", "\(finished)")
            }
        }
        #expect(responder.seen.value.contains(.closed(byCaller: false)))
    }
}
