import NIOCore
import NIOEmbedded
import ProxyCore

@testable import ProxyHTTP

/// A connection without a socket, whose clock the test moves.
struct EmbeddedConnection {
    let loop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    let registry = ConnectionRegistry(maximum: 10)

    init(_ responder: ScriptedResponder) throws {
        self.channel = EmbeddedChannel(loop: self.loop)
        let environment = ConnectionEnvironment(
            responder: responder,
            limits: ConnectionLimits(HTTPServerConfiguration()),
            maximumHeaderBytes: 1024,
            registry: self.registry,
            wallTime: { WallTime(microseconds: 0) },
            logger: quietLogger
        )
        try self.channel.pipeline.syncOperations.addHandler(
            ConnectionHandler(
                environment: environment,
                info: ConnectionInfo(transport: .tcp(peer: "127.0.0.1"), id: 1),
                isOverloaded: false,
                eventLoop: self.loop
            )
        )
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func receive(_ text: String) throws {
        try self.channel.writeInbound(ByteBuffer(string: text))
        self.loop.run()
    }

    /// What has been sent since the last call.
    func sent() throws -> String {
        var text = ""
        while let piece = try self.channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: piece) }
        return text
    }
}
