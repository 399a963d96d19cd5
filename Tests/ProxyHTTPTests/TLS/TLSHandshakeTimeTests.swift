import NIOCore
import NIOEmbedded
import NIOSSL
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("The time of a handshake (T-002, T-007)")
struct TLSHandshakeTimeTests {
    private struct Connection {
        let loop = EmbeddedEventLoop()
        let channel: EmbeddedChannel

        init(_ header: Duration?, _ responder: ScriptedResponder = .echo()) throws {
            self.channel = EmbeddedChannel(loop: self.loop)
            var limits = ConnectionLimits(HTTPServerConfiguration())
            limits.header = header
            let environment = ConnectionEnvironment(
                responder: responder, limits: limits, maximumHeaderBytes: 1024,
                registry: ConnectionRegistry(maximum: 10), wallTime: SystemWallClock.now, logger: quietLogger)
            let tls = ServerTLS(try TestCertificate.authority().server().credentials())
            try ConnectionSetup.prepare(self.channel, environment: environment, tls: tls).wait()
            try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }
    }

    @Test("who sends nothing is closed when the time of a head is over, and not before", arguments: [10, 3])
    func silence(seconds: Int64) throws {
        let connection = try Connection(.seconds(seconds))
        connection.loop.advanceTime(by: .milliseconds(seconds * 1000 - 1))
        #expect(connection.channel.isActive)
        connection.loop.advanceTime(by: .milliseconds(1))
        #expect(!connection.channel.isActive)
        #expect(try connection.channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test("a handshake of one byte a second is closed at the same time")
    func trickle() throws {
        let connection = try Connection(.seconds(10))
        // The beginning of a record with a ClientHello of 512 bytes.
        let bytes: [UInt8] = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3] + [UInt8](repeating: 7, count: 500)
        var seconds = 0
        for byte in bytes where connection.channel.isActive {
            try connection.channel.writeInbound(ByteBuffer(bytes: [byte]))
            connection.loop.advanceTime(by: .seconds(1))
            seconds += 1
        }
        #expect(seconds == 10)
    }

    @Test("there is a limit also where heads have none")
    func unlimitedHeads() throws {
        let connection = try Connection(nil)
        connection.loop.advanceTime(by: .seconds(59))
        #expect(connection.channel.isActive)
        connection.loop.advanceTime(by: .seconds(1))
        #expect(!connection.channel.isActive)
    }

    @Test("what a handshake takes is missing to the first head")
    func sharedTime() throws {
        let authority = try TestCertificate.authority()
        let responder = ScriptedResponder.echo()
        let loop = EmbeddedEventLoop()
        let server = EmbeddedChannel(loop: loop)
        let client = EmbeddedChannel(loop: loop)
        let environment = ConnectionEnvironment(
            responder: responder, limits: ConnectionLimits(HTTPServerConfiguration()), maximumHeaderBytes: 1024,
            registry: ConnectionRegistry(maximum: 10), wallTime: SystemWallClock.now, logger: quietLogger)
        let tls = ServerTLS(try authority.server().credentials())
        try ConnectionSetup.prepare(server, environment: environment, tls: tls).wait()
        let context = try NIOSSLContext(configuration: try .caller(trusting: authority))
        try client.pipeline.syncOperations.addHandler(
            try NIOSSLClientHandler(context: context, serverHostname: "localhost"))
        try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        loop.advanceTime(by: .seconds(9))
        try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        for _ in 0..<10 {
            while let bytes = try client.readOutbound(as: ByteBuffer.self) { try server.writeInbound(bytes) }
            while let bytes = try server.readOutbound(as: ByteBuffer.self) { try client.writeInbound(bytes) }
            loop.run()
        }
        #expect(try server.pipeline.syncOperations.handler(type: ConnectionHandler.self).info.isTLS)
        loop.advanceTime(by: .milliseconds(999))
        #expect(server.isActive)
        loop.advanceTime(by: .milliseconds(1))
        #expect(!server.isActive)
        #expect(responder.requests.isEmpty)
        // TLS waits for the other side's close_notify as long as this loop's clock stands still.
        client.close(promise: nil)
        loop.advanceTime(by: .seconds(60))
    }

    @Test("failures are told some times a minute, with the number of those that were not")
    func quietLog() {
        var budget = HandshakeFailures.Budget()
        let start = Instant(nanoseconds: 0)
        for _ in 0..<HandshakeFailures.most { #expect(budget.spend(at: start) == 0) }
        for second in 0..<50 { #expect(budget.spend(at: start + .seconds(second)) == nil) }
        #expect(budget.spend(at: start + .seconds(60)) == 50)
        #expect(budget.spend(at: start + .seconds(61)) == 0)
    }
}
