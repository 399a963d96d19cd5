import Logging
import NIOCore
import NIOSSL
import NIOTLS
import ProxyCore

/// Waits for the handshake of a connection and puts in its place what serves it then.
///
/// The handshake's time is part of that for the first request's head, from the accept on.
final class TLSHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// The longest handshake, also where heads have more time or any.
    static let longest = Duration.seconds(60)

    /// Why there was none; words of the log and of the metrics.
    enum Failure: String, CaseIterable {
        /// Its time was over.
        case timeout
        /// The caller has gone, as one does that only looks whether a port is open.
        case gone
        /// The two sides did not agree: version, certificate, or no TLS at all.
        case refused
        /// The certificate that the caller showed cannot be read, or is not good any more.
        case certificate
    }

    private let tls: NIOSSLServerHandler
    private let environment: ConnectionEnvironment
    private var info: ConnectionInfo
    private let isOverloaded: Bool
    private let acceptedAt: Instant
    private var timer: Scheduled<Void>?
    private var isDecided = false
    /// Until when a connection that is to end may still be taken up and bring its first request.
    private var graceEnd: Instant?

    /// Makes the handler of a connection that was accepted at a time of its loop.
    init(
        _ tls: NIOSSLServerHandler, environment: ConnectionEnvironment, info: ConnectionInfo, isOverloaded: Bool,
        acceptedAt: Instant
    ) {
        self.tls = tls
        self.environment = environment
        self.info = info
        self.info.isTLS = true
        self.isOverloaded = isOverloaded
        self.acceptedAt = acceptedAt
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let deadline = self.acceptedAt + min(self.environment.limits.header ?? Self.longest, Self.longest)
        self.end(at: deadline, context: context)
        if context.channel.isActive { context.read() }
    }

    private func end(at deadline: Instant, context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(
            deadline: .uptimeNanoseconds(UInt64(clamping: deadline.nanoseconds))
        ) {
            self.timer = nil
            if self.isDecided {
                // TLS was to close by itself, and the caller does not take what it has to say.
                context.triggerUserOutboundEvent(TransportCut(), promise: nil)
            } else {
                self.fail(.timeout, context: context)
            }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        // TLS asks for the rest by itself.
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(.gone, context: context)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            self.complete(negotiated, context: context)
        case let command as ConnectionCommand:
            self.carryOut(command, context: context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func carryOut(_ command: ConnectionCommand, context: ChannelHandlerContext) {
        if case .drain(let grace) = command, let first = grace.first, !self.isDecided {
            let graceEnd = DeadlineTimer.now(context.eventLoop) + first
            let deadline = self.acceptedAt + min(self.environment.limits.header ?? Self.longest, Self.longest)
            self.graceEnd = graceEnd
            if graceEnd < deadline { self.end(at: graceEnd, context: context) }
            return
        }
        // Nothing has been asked for yet.
        self.isDecided = true
        context.triggerUserOutboundEvent(TransportCut(), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The caller has been sent an alert; TLS closes the connection by itself.
        let isGone =
            switch error {
            case NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])), is IOError, is ChannelError: true
            default: false
            }
        self.fail(isGone ? .gone : .refused, detail: "\(error)", cuts: isGone, context: context)
    }

    private func complete(_ negotiated: String?, context: ChannelHandlerContext) {
        guard !self.isDecided else { return }
        do {
            if let certificate = self.tls.peerCertificate {
                let shown = try ClientCertificate(derEncoded: certificate.toDERBytes())
                // A session that is resumed has had its certificate verified when it began.
                guard !shown.hasEnded(at: self.environment.wallTime()) else {
                    self.fail(.certificate, detail: "expired", context: context)
                    return
                }
                self.info.certificate = shown
            }
        } catch {
            self.fail(.certificate, detail: "\(error)", context: context)
            return
        }
        self.isDecided = true
        do {
            try self.serve(negotiated, context: context)
            if let graceEnd {
                // The handlers that stand behind this one now have not heard of it.
                let left = max(.zero, graceEnd - DeadlineTimer.now(context.eventLoop))
                context.fireUserInboundEventTriggered(ConnectionCommand.drain(DrainGrace(first: left)))
            }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            // Nothing that the caller has done.
            self.environment.logger.error(
                "connection not served after its handshake",
                metadata: ["connection": "\(self.info.id)", "error": "\(error)"])
            context.triggerUserOutboundEvent(TransportCut(), promise: nil)
        }
    }

    /// Puts what speaks the negotiated protocol behind TLS.
    private func serve(_ negotiated: String?, context: ChannelHandlerContext) throws {
        let transport = try context.pipeline.syncOperations.handler(type: TransportEnd.self)
        if let certificate = self.info.certificate {
            transport.drain(after: certificate.notAfter, by: self.environment.wallTime)
        }
        if negotiated == "h2" {
            return try HTTP2Setup.addHandlers(
                to: context.channel, environment: self.environment, info: self.info, isOverloaded: self.isOverloaded,
                acceptedAt: self.acceptedAt, transport: transport)
        }
        let handler = ConnectionHandler(
            environment: self.environment, info: self.info, isOverloaded: self.isOverloaded,
            eventLoop: context.eventLoop, acceptedAt: self.acceptedAt, transport: transport)
        try context.pipeline.syncOperations.addHandler(handler, position: .last)
    }

    private func fail(
        _ failure: Failure, detail: String = "", cuts: Bool = true, context: ChannelHandlerContext
    ) {
        guard !self.isDecided else { return }
        self.isDecided = true
        if cuts {
            self.timer?.cancel()
            self.timer = nil
        }
        self.environment.handshakeFailures.note(failure, detail: detail, of: self.info, self.environment.logger)
        if cuts { context.triggerUserOutboundEvent(TransportCut(), promise: nil) }
    }
}
