import NIOCore

/// Cuts a connection below TLS, as an outbound event: without a close_notify, so that nobody takes what came so far for
/// complete (RFC 8446 section 6.1), and without waiting for that of the caller.
struct TransportCut: Sendable {}

/// Says that other certificates are asked of callers now, as an inbound event; connections of older generations end as if
/// the server drained.
struct TLSRulesChanged: Sendable {
    /// The generation of the rules in force.
    var generation: UInt64
}

/// Stands between the socket and TLS.
final class TransportEnd: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let generation: UInt64
    /// How many bytes have been handed to the socket, as TLS has encrypted them.
    private(set) var handedBytes = 0

    /// Makes the end of a connection that was accepted under the rules of a generation.
    init(generation: UInt64) {
        self.generation = generation
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.handedBytes += self.unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is TransportCut else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        context.close(mode: .all, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let change = event as? TLSRulesChanged else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        if change.generation > self.generation { context.fireUserInboundEventTriggered(ConnectionCommand.drain) }
    }
}
