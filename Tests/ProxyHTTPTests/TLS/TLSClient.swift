import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import ProxyHTTP

/// A caller over TLS that keeps what comes back, and how it ends.
final class TLSClient: Sendable {
    struct Received: Sendable {
        var text = ""
        var isClosed = false
        /// Whether the other side ended its stream with a close_notify.
        var isComplete = false
        var errors: [String] = []
        var hasHandshake = false
        var version: TLSVersion?
        var serverName: String?
    }

    let received: Watched<Received>
    let channel: any Channel

    private init(channel: any Channel, received: Watched<Received>) {
        (self.channel, self.received) = (channel, received)
    }

    static func connect(to address: BoundAddress, _ configuration: TLSConfiguration) async throws -> TLSClient {
        guard case .tcp(let host, let port) = address else { throw ChannelError.operationUnsupported }
        let received = Watched(Received())
        let context = try NIOSSLContext(configuration: configuration)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try NIOSSLClientHandler(context: context, serverHostname: "localhost"),
                        Collector(received: received),
                    ])
                }
            }
            .connect(to: SocketAddress(ipAddress: host, port: port)).get()
        return TLSClient(channel: channel, received: received)
    }

    /// Connects, runs the body and closes.
    static func with<Result: Sendable>(
        _ address: BoundAddress, _ configuration: TLSConfiguration,
        _ body: @Sendable (TLSClient) async throws -> Result
    ) async throws -> Result {
        let client = try await TLSClient.connect(to: address, configuration)
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    func send(_ text: String) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    @discardableResult
    func receive(_ text: String, within limit: Duration = .seconds(20)) async throws -> String {
        try await self.received.wait(within: limit, for: text) { $0.text.contains(text) }.text
    }

    @discardableResult
    func receiveAll(within limit: Duration = .seconds(20)) async throws -> Received {
        try await self.received.wait(within: limit, for: "the end of the connection") { $0.isClosed }
    }

    func handshake() async throws {
        let end = try await self.received.wait(within: .seconds(20), for: "a handshake") {
            $0.hasHandshake || $0.isClosed
        }
        if !end.hasHandshake { throw ChannelError.eof }
    }

    func close() async {
        do { try await self.channel.close().get() } catch {}
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let received: Watched<Received>

        init(received: Watched<Received>) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: self.unwrapInboundIn(data))
            self.received.update { $0.text += text }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            switch event {
            case TLSUserEvent.handshakeCompleted:
                let version = try? context.pipeline.syncOperations.nioSSL_tlsVersion()
                let name = (try? context.pipeline.syncOperations.nioSSL_peerCertificate())?.map { "\($0)" }
                self.received.update {
                    $0.hasHandshake = true
                    $0.version = version
                    $0.serverName = name
                }
            case TLSUserEvent.shutdownCompleted:
                self.received.update { $0.isComplete = true }
            default:
                break
            }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.received.update { $0.isClosed = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.received.update { $0.errors.append("\(error)") }
            context.close(promise: nil)
        }
    }
}

/// Runs a server with TLS on a free port of the loopback address, and closes it whatever happens.
func withTLSServer<Result: Sendable>(
    _ responder: ScriptedResponder, _ tls: ServerTLS,
    configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    _ body: @Sendable (HTTPServer, BoundAddress) async throws -> Result
) async throws -> Result {
    let server = HTTPServer(
        group: MultiThreadedEventLoopGroup.singleton, responder: responder, configuration: configuration,
        logger: quietLogger)
    do {
        let bound = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0), tls: tls)
        let result = try await body(server, bound)
        await server.closeNow()
        return result
    } catch {
        await server.closeNow()
        throw error
    }
}
