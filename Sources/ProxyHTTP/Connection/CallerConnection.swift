import Logging
import NIOCore
import ProxyCore

/// What the handlers of both protocols know of their channel.
protocol CallerConnection: AnyObject {
    var environment: ConnectionEnvironment { get }
    var eventLoop: any EventLoop { get }
    var info: ConnectionInfo { get }
    /// The channel, while the handler is in its pipeline.
    var context: ChannelHandlerContext? { get }
}

extension CallerConnection {
    /// The loop's clock.
    var now: Instant { DeadlineTimer.now(self.eventLoop) }

    /// Whether the caller takes more bytes.
    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    /// How many bytes wait for the socket.
    var pendingBytes: Int {
        guard let context = self.context, context.channel.isActive, let options = context.channel.syncOptions else {
            return 0
        }
        do {
            return try options.getOption(.bufferedWritableBytes)
        } catch {
            // The channel is closing: nothing waits any more.
            return 0
        }
    }

    /// Ends the connection at once: over TLS without the words that would make what was sent look complete, and without
    /// waiting for those of the caller.
    func cutTransport(_ context: ChannelHandlerContext) {
        if self.info.isTLS {
            context.triggerUserOutboundEvent(TransportCut(), promise: nil)
        } else {
            context.close(promise: nil)
        }
    }

    /// The fields of a line in the log that tell of the connection.
    func metadata(_ more: Logger.Metadata = [:]) -> Logger.Metadata {
        more.merging(["connection": "\(self.info.id)"]) { own, _ in own }
    }

    /// Names only: a value that cannot be written may still be a secret.
    func reportDroppedFields(_ encoder: ResponseEncoder?) {
        guard let names = encoder?.droppedFields, !names.isEmpty else { return }
        self.environment.logger.error(
            "header fields left out of an answer: not fit to be written",
            metadata: self.metadata(["fields": "\(names.map { $0.debugDescription }.joined(separator: ", "))"])
        )
    }

    /// A responder has done what the rules of an exchange forbid.
    func reportMisuse(_ what: String) {
        self.environment.logger.error(
            "responder broke the rules of an exchange",
            metadata: self.metadata(["fault": "\(what)"])
        )
    }
}
