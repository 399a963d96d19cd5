import NIOCore
import NIOTLS

/// Counts how the handshakes of a TLS listener end.
final class HandshakeObserver: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let stats: StatsRegistry
    private let listener: String
    private var isDecided = false

    /// Counts for the listener of that name.
    init(stats: StatsRegistry, listener: String) {
        self.stats = stats
        self.listener = listener
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { self.decide(succeeded: true) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.decide(succeeded: false)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.decide(succeeded: false)
        context.fireChannelInactive()
    }

    private func decide(succeeded: Bool) {
        guard !self.isDecided else { return }
        self.isDecided = true
        self.stats.handshake(self.listener, succeeded: succeeded)
    }
}
