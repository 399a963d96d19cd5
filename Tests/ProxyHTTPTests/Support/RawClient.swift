import Foundation
import NIOCore
import NIOPosix
import ProxyHTTP

/// A caller that sends bytes as they are given and keeps what comes back.
final class RawClient: Sendable {
    struct Received: Sendable, CustomStringConvertible {
        var text = ""
        var byteCount = 0
        var isClosed = false
        var error: String?

        var description: String { "\(self.text.prefix(300))… \(self.byteCount) bytes, closed: \(self.isClosed)" }
    }

    let received: Watched<Received>
    let channel: any Channel

    private init(channel: any Channel, received: Watched<Received>) {
        self.channel = channel
        self.received = received
    }

    static func connect(
        to address: BoundAddress,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> RawClient {
        let received = Watched(Received())
        // Added before the connection is there, so that not even an end at once is missed.
        let plain = ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(received: received))
                }
            }
        let channel: any Channel
        switch address {
        case .tcp(let host, let port):
            channel = try await plain.channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(to: SocketAddress(ipAddress: host, port: port)).get()
        case .unix(let path):
            channel = try await plain.connect(unixDomainSocketPath: path).get()
        }
        return RawClient(channel: channel, received: received)
    }

    func send(_ text: String) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func send(bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Sends without waiting for the socket to take it.
    func beginSending(_ bytes: ByteBuffer) {
        self.channel.writeAndFlush(bytes, promise: nil)
    }

    func stopReading() async throws {
        try await self.channel.setOption(.autoRead, value: false).get()
    }

    func readOn() async throws {
        try await self.channel.setOption(.autoRead, value: true).get()
    }

    /// Ends the connection regularly.
    func close() async {
        do { try await self.channel.close().get() } catch {}
    }

    /// Ends the connection with a reset.
    func reset() async throws {
        if let provider = self.channel as? any SocketOptionProvider {
            try await provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        await self.close()
    }

    /// Waits for a text, and returns all that has come.
    @discardableResult
    func receive(_ text: String, within limit: Duration = .seconds(20)) async throws -> String {
        try await self.received.wait(within: limit, for: text) { $0.text.contains(text) }.text
    }

    /// Waits until the other side has ended the connection, and returns all that has come.
    @discardableResult
    func receiveAll(within limit: Duration = .seconds(20)) async throws -> String {
        try await self.received.wait(within: limit, for: "the end of the connection") { $0.isClosed }.text
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let received: Watched<Received>

        init(received: Watched<Received>) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = self.unwrapInboundIn(data)
            self.received.update {
                $0.byteCount += buffer.readableBytes
                if $0.text.utf8.count < 1 << 20 { $0.text += String(buffer: buffer) }
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard event as? ChannelEvent == .inputClosed else { return }
            self.received.update { $0.isClosed = true }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.received.update { $0.isClosed = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.received.update {
                $0.error = "\(error)"
                $0.isClosed = true
            }
            context.close(promise: nil)
        }
    }
}

extension RawClient {
    /// Connects, runs the body and closes.
    static func with<Result: Sendable>(
        _ address: BoundAddress,
        _ body: @Sendable (RawClient) async throws -> Result
    ) async throws -> Result {
        let client = try await RawClient.connect(to: address)
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}
