import NIOCore
import NIOSSL
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("TLS towards callers (T-007)", .timeLimit(.minutes(5)))
struct TLSTests {
    private static let get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

    @Test("requests over TLS 1.2 and 1.3 are served, and told as such", arguments: [TLSVersion.tlsv12, .tlsv13])
    func versions(version: TLSVersion) async throws {
        let authority = try TestCertificate.authority()
        let responder = ScriptedResponder.echo()
        let caller = try TLSConfiguration.caller(trusting: authority, maximum: version)
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
            try await TLSClient.with(address, caller) { client in
                try await client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
                try await client.receive("POST /a [abc]")
                try await client.send(Self.get)
                try await client.receive("GET / []")
                #expect(client.received.value.version == version)
            }
        }
        let info = try #require(responder.connections.value.first)
        #expect(info.isTLS)
        #expect(info.isLocal)
        #expect(info.certificate == nil)
    }

    @Test(
        "older versions and weak ciphers are refused in the handshake",
        arguments: [
            (TLSVersion.tlsv1, defaultCipherSuites), (.tlsv11, defaultCipherSuites),
            (.tlsv12, "RSA+AESGCM:ECDH+AES128+SHA"),
        ])
    func weakCallers(version: TLSVersion, ciphers: String) async throws {
        let authority = try TestCertificate.authority()
        let responder = ScriptedResponder.echo()
        var caller = try TLSConfiguration.caller(trusting: authority, maximum: version)
        caller.cipherSuites = ciphers
        let configuration = caller
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
            try await TLSClient.with(address, configuration) { client in
                let end = try await client.receiveAll()
                #expect(!end.hasHandshake)
                #expect(end.text.isEmpty)
            }
        }
        #expect(responder.seen.value.isEmpty)
    }

    @Test("whoever speaks no TLS is closed without an answer in clear")
    func plainCaller() async throws {
        let authority = try TestCertificate.authority()
        let responder = ScriptedResponder.echo()
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
            for text in [Self.get, "\u{0}\u{0}\u{0}\u{0}", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
                try await RawClient.with(address) { client in
                    try await client.send(text)
                    #expect(try await !client.receiveAll().contains("HTTP"))
                }
            }
        }
        #expect(responder.seen.value.isEmpty)
    }

    @Test("an answer that ends with the connection ends with a close_notify, and one that is given up does not")
    func endOfAnswers() async throws {
        let authority = try TestCertificate.authority()
        let remote = Remote()
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(ResponseHead(status: 200))
            handler.exchange.write(ByteBuffer(string: "begun"))
            remote.take(handler)
        }
        let caller = try TLSConfiguration.caller(trusting: authority)
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
            for (number, line) in ["GET / HTTP/1.0", "GET / HTTP/1.1"].enumerated() {
                try await TLSClient.with(address, caller) { client in
                    try await client.send("\(line)\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    try await client.receive("begun")
                    try await remote.act(on: number) { $0.exchange.finish(trailers: nil) }
                    let end = try await client.receiveAll()
                    #expect(end.isComplete, "\(end)")
                    #expect(end.errors.isEmpty)
                }
            }
            for (number, line) in ["GET / HTTP/1.0", "GET / HTTP/1.1"].enumerated() {
                try await TLSClient.with(address, caller) { client in
                    try await client.send("\(line)\r\nHost: localhost\r\n\r\n")
                    try await client.receive("begun")
                    try await remote.act(on: 2 + number) { $0.exchange.abort() }
                    let end = try await client.receiveAll()
                    #expect(!end.isComplete, "\(end)")
                    #expect(!end.errors.isEmpty)
                }
            }
        }
    }

    @Test("an idle connection ends with a close_notify, at once")
    func idle() async throws {
        let authority = try TestCertificate.authority()
        let caller = try TLSConfiguration.caller(trusting: authority)
        let configuration = HTTPServerConfiguration(idleTimeout: .milliseconds(100))
        try await withTLSServer(
            .echo(), ServerTLS(try authority.server().credentials()), configuration: configuration
        ) { _, address in
            try await TLSClient.with(address, caller) { client in
                try await client.send(Self.get)
                let end = try await client.receiveAll()
                #expect(end.text.hasSuffix("GET / []\n"))
                #expect(end.isComplete)
            }
        }
    }

    @Test(
        "a caller that leaves in the middle of a request has sent none, with and without a close_notify",
        arguments: [true, false])
    func truncated(isRegular: Bool) async throws {
        let authority = try TestCertificate.authority()
        let responder = ScriptedResponder.echo()
        let caller = try TLSConfiguration.caller(trusting: authority)
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
            let client = try await TLSClient.connect(to: address, caller)
            try await client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
            try await responder.seen.wait(for: "the request") { $0.contains(.request("POST /a")) }
            try await client.send("GET /b")
            if isRegular {
                await client.close()
            } else {
                let name = "cut"
                try await client.channel.pipeline.addHandler(Cutter(), name: name, position: .first).get()
                try await client.channel.triggerUserOutboundEvent(TransportCut()).get()
            }
            try await responder.waitForClosed(true)
        }
        #expect(responder.requests == ["POST /a"])
        #expect(!responder.seen.value.contains(.end))
    }

    private final class Cutter: ChannelOutboundHandler, Sendable {
        typealias OutboundIn = ByteBuffer

        func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
            context.close(promise: promise)
        }
    }

    @Test("draining lets a request over TLS end, and aborting what is left waits for nobody (K-028)")
    func drain() async throws {
        let authority = try TestCertificate.authority()
        let remote = Remote()
        let responder = ScriptedResponder { handler in remote.take(handler) }
        let caller = try TLSConfiguration.caller(trusting: authority)
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { server, address in
            let silent = try await RawClient.connect(to: address)
            try await TLSClient.with(address, caller) { client in
                try await client.send(Self.get)
                try await remote.act { _ in }
                async let aborted = server.drain(within: .seconds(30))
                try await silent.receiveAll()
                try await remote.act { $0.answer("done") }
                let end = try await client.receiveAll()
                #expect(end.text.hasSuffix("done"))
                #expect(end.isComplete)
                #expect(await aborted == 0)
            }
        }
    }

    @Test("one connection too many is told so over TLS")
    func overload() async throws {
        let authority = try TestCertificate.authority()
        let caller = try TLSConfiguration.caller(trusting: authority)
        let configuration = HTTPServerConfiguration(maximumConnections: 1)
        try await withTLSServer(
            .echo(), ServerTLS(try authority.server().credentials()), configuration: configuration
        ) { _, address in
            try await TLSClient.with(address, caller) { first in
                try await first.send(Self.get)
                try await first.receive("GET / []")
                try await TLSClient.with(address, caller) { second in
                    let end = try await second.receiveAll()
                    #expect(end.text.hasPrefix("HTTP/1.1 503 "))
                    #expect(end.isComplete)
                }
            }
        }
    }

    @Test("a large answer and a large body arrive whole")
    func largeBodies() async throws {
        let authority = try TestCertificate.authority()
        let size = 4 << 20
        let responder = ScriptedResponder { handler in
            handler.whenEnd = { handler in
                handler.exchange.writeHead(ResponseHead(status: 200, headers: ["content-length": "\(size + 4)"]))
                handler.exchange.write(ByteBuffer(repeating: 0x62, count: size))
                handler.exchange.write(ByteBuffer(string: "over"))
                handler.exchange.finish(trailers: nil)
            }
            handler.exchange.resumeBody()
        }
        let caller = try TLSConfiguration.caller(trusting: authority)
        try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
            try await TLSClient.with(address, caller) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(size)\r\n\r\n")
                try await client.send(String(repeating: "a", count: size))
                let text = try await client.receive("over")
                #expect(text.utf8.count > size)
            }
        }
        let sizes = responder.seen.value.map { if case .body(let size) = $0 { size } else { 0 } }
        #expect(sizes.reduce(0, +) == size)
    }
}
