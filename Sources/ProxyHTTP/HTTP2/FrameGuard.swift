import NIOCore
import ProxyCore

/// Stands between the socket and the decoder: counts the frames that come, and lets none through once the connection is
/// given up.
final class FrameGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    var meter: FrameMeter
    /// How many bytes have been handed to the socket.
    private(set) var sentBytes = 0

    private let eventLoop: any EventLoop
    private var acknowledgement = EarlyAcknowledgement()
    private var connection: HTTP2ConnectionHandler?
    private var context: ChannelHandlerContext?

    init(connection: HTTP2ConnectionHandler, maximumContinuations: Int, eventLoop: any EventLoop) {
        self.connection = connection
        self.eventLoop = eventLoop
        self.meter = FrameMeter(maximumContinuations: maximumContinuations, at: DeadlineTimer.now(eventLoop))
    }

    /// Sends bytes that the decoder knows nothing of.
    ///
    /// It writes whole frames in one turn, so that these come between two of them.
    func send(_ bytes: ByteBuffer) {
        guard let context = self.context else { return }
        self.sentBytes += bytes.readableBytes
        context.writeAndFlush(self.wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.connection = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let connection = self.connection, connection.machine.takesInput else { return }
        connection.isTakingInput = true
        let bytes = self.unwrapInboundIn(data)
        let now = DeadlineTimer.now(self.eventLoop)
        if let abuse = bytes.withUnsafeReadableBytes({ self.meter.take($0, at: now) }) {
            return connection.abused(abuse)
        }
        connection.metered(self.meter)
        guard connection.machine.takesInput else { return }
        let passed = self.acknowledgement.pass(bytes)
        if passed.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(passed)) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.sentBytes += self.unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
    }
}
