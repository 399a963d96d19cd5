import NIOCore
import ProxyCore

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

    /// The clock is read again after so long at the latest: it may have been set.
    static let longestLook = Duration.seconds(3600)

    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?

    /// Makes the end of a connection that was accepted under the rules of a generation.
    init(generation: UInt64) {
        self.generation = generation
    }

    /// Ends the connection when the caller's certificate is not good any more, as if the server drained.
    ///
    /// Its requests are refused from then on, so whoever has another certificate by then has to connect anew.
    func drain(after notAfter: WallTime, by wallTime: @escaping @Sendable () -> WallTime) {
        guard let context else { return }
        // The second itself is one in which the certificate is good.
        let left = notAfter - wallTime() + .milliseconds(1)
        guard left > .zero else {
            context.fireUserInboundEventTriggered(ConnectionCommand.drain(.none))
            return
        }
        let wait = min(left, Self.longestLook)
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(wait.nanoseconds)) {
            self.drain(after: notAfter, by: wallTime)
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = nil
        self.context = nil
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
        if change.generation > self.generation { context.fireUserInboundEventTriggered(ConnectionCommand.drain(.none)) }
    }
}
