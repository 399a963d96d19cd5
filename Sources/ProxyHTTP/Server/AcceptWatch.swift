import Logging
import NIOCore

/// Watches over a listener, as a handler of it: lets it rest while the system has no room for another connection, and tells
/// when it has ended by itself.
///
/// Without the rest the loop would try again at once, for as long as somebody waits in the queue, and do little else.
final class AcceptWatch: ChannelInboundHandler {
    typealias InboundIn = any Channel

    /// How long nothing is accepted after a failure.
    static let rest = TimeAmount.milliseconds(100)

    private let logger: Logger
    private let isClosing: @Sendable () -> Bool
    private let lost: @Sendable () -> Void
    private var address = ""
    private var failure: (any Error)?
    private var isResting = false

    /// Makes the handler of a listener.
    ///
    /// - Parameters:
    ///   - isClosing: Whether its server ends it.
    ///   - lost: Is called when it ends otherwise.
    init(logger: Logger, isClosing: @escaping @Sendable () -> Bool, lost: @escaping @Sendable () -> Void) {
        self.logger = logger
        self.isClosing = isClosing
        self.lost = lost
    }

    func channelActive(context: ChannelHandlerContext) {
        self.address = BoundAddress(context.channel.localAddress).description
        context.fireChannelActive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.failure = error
        self.rest(context.channel)
        self.logger.warning(
            "a connection cannot be accepted",
            metadata: ["event": "accept_failed", "address": "\(self.address)", "reason": "\(error)"])
    }

    /// Has the channel not wait for connections for a while: what it failed at is still wanted of it, so that holding back
    /// reads would not stop it.
    private func rest(_ channel: any Channel) {
        guard !self.isResting, Self.setAccepting(channel, false) else { return }
        self.isResting = true
        channel.eventLoop.assumeIsolated().scheduleTask(in: Self.rest) {
            self.isResting = false
            // A server that ends has told it to accept no more.
            if channel.isActive, !self.isClosing() { _ = Self.setAccepting(channel, true) }
        }
    }

    private static func setAccepting(_ channel: any Channel, _ accepts: Bool) -> Bool {
        do {
            try channel.syncOptions?.setOption(.autoRead, value: accepts)
            return true
        } catch {
            // It is closing.
            return false
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !self.isClosing() {
            self.lost()
            self.logger.critical(
                "a listener has ended: nobody is served there any more",
                metadata: [
                    "event": "listener_lost", "address": "\(self.address)",
                    "reason": "\(self.failure.map { "\($0)" } ?? "")",
                ])
        }
        context.fireChannelInactive()
    }
}
