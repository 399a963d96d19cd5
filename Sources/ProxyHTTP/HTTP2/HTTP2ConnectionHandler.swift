import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyCore

/// Carries out what ``HTTP2ConnectionMachine`` decides for a connection and ``StreamStateMachine`` for each of its
/// streams: frames in, frames out, timer, callbacks.
///
/// It stands behind the decoder, which keeps the rules of RFC 9113 that concern frames, and behind ``FrameGuard``, which
/// counts them. As in ``ConnectionHandler``, no callback happens within a call of the responder: everything only notes
/// what it changes, and ``settle()`` does the rest.
final class HTTP2ConnectionHandler: ChannelInboundHandler, CallerConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let environment: ConnectionEnvironment
    let info: ConnectionInfo
    let eventLoop: any EventLoop
    let isOverloaded: Bool
    private let transport: TransportEnd?

    var machine: HTTP2ConnectionMachine
    var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    var lastStreamID = HTTP2StreamID.rootStream
    var window = InboundWindow(target: HTTP2Limits.connectionWindow)
    private(set) var context: ChannelHandlerContext?
    /// Where bytes pass the decoder by, and where frames are counted.
    var frameGuard: FrameGuard?

    /// The decoder has sent a GOAWAY for a fault of the caller's.
    var hasDecoderFailed = false
    /// The caller has been told which stream is the last one.
    var hasNamedLastStream = false
    /// What the decoder could not make a frame of, or would not send, belongs to this stream.
    var sending: HTTP2Stream?
    /// Whether a request has come to the responder.
    var hasBegunExchange = false
    var pending: HTTP2ConnectionMachine.Decision?
    private var touched: [HTTP2Stream] = []

    private var isSettling = false
    private var isTurnScheduled = false
    private var isReading = false
    /// Bytes are being looked at, after which ``settle()`` is called anyway.
    var isTakingInput = false
    var mustFlush = false
    private var timer: DeadlineTimer

    /// Makes the handler of a connection; on an overloaded one the first requests are told so.
    init(
        environment: ConnectionEnvironment, info: ConnectionInfo, isOverloaded: Bool, eventLoop: any EventLoop,
        acceptedAt: Instant? = nil, transport: TransportEnd? = nil
    ) {
        self.transport = transport
        self.environment = environment
        self.info = info
        self.isOverloaded = isOverloaded
        self.eventLoop = eventLoop
        self.timer = DeadlineTimer(eventLoop: eventLoop)
        self.machine = HTTP2ConnectionMachine(
            limits: environment.limits, at: acceptedAt ?? DeadlineTimer.now(eventLoop))
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { self.begin() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.frameGuard = nil
        self.timer.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        self.begin()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let wasOurs = self.machine.phase == .closed
        self.machine.connectionClosed()
        self.endAllStreams(byCaller: !wasOurs)
        self.timer.cancel()
        self.settle()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = self.unwrapInboundIn(data)
        guard self.machine.takesInput else { return }
        switch frame.payload {
        case .headers(let block):
            self.received(block, on: frame.streamID)
        case .data(let data):
            guard let stream = self.streams[frame.streamID] else { return }
            if case .byteBuffer(let piece) = data.data { stream.take(piece) }
            if data.endStream { stream.hasEnded = true }
            self.touch(stream)
        case .goAway:
            self.carryOut(self.machine.callerLeaves(at: self.now))
        case .ping(_, ack: true):
            self.carryOut(self.machine.endConfirmed(at: self.now))
        default:
            // Settings, windows, priorities and resets are the decoder's; it tells of what follows from them.
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.isTakingInput = false
        self.machine.inputTaken()
        self.settle()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            for stream in self.streams.values where stream.isBlocked { self.touch(stream) }
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as StreamClosedEvent:
            self.streamClosed(event.streamID)
        case let event as NIOHTTP2WindowUpdatedEvent:
            self.windowChanged(event)
        case let command as ConnectionCommand:
            switch command {
            case .drain(let grace):
                self.carryOut(self.machine.drain(grace, outputPending: self.pendingBytes > 0, at: self.now))
            case .wrapUp:
                for stream in Array(self.streams.values) where self.countAbort(of: stream) {
                    stream.handler?.exchangeMustEnd()
                }
            case .abort:
                for stream in self.streams.values { _ = self.countAbort(of: stream) }
                self.carryOut(self.machine.aborted())
            }
            self.settle()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.hasDecoderFailed {
            // It may tell of it while it is sending, which is not the responder's doing.
            self.environment.logger.debug("HTTP/2 connection failed", metadata: self.metadata(["error": "\(error)"]))
            self.hasDecoderFailed = false
            self.carryOut(self.machine.abused(.protocolError, at: self.now))
            self.touch()
        } else if let stream = self.sending {
            // The decoder would not send it: the stream cannot be ended as it should.
            stream.pendingReset = .internalError
            self.endExchange(of: stream, byCaller: false)
            self.touch(stream)
            self.reportMisuse("an answer could not be sent: \(error)")
        } else if !(error is any NIOHTTP2Error) {
            self.environment.logger.debug("connection failed", metadata: self.metadata(["error": "\(error)"]))
            self.cutTransport(context)
        }
        // What is left are faults on one stream, which the decoder has reset.
    }

    /// Counts a stream's exchange as one that ended because the server did; `false` if there is none, or that has been done.
    private func countAbort(of stream: HTTP2Stream) -> Bool {
        guard stream.owner != nil, !stream.isCountedAsAborted else { return false }
        stream.isCountedAsAborted = true
        self.environment.registry.countAbort()
        return true
    }

    private func begin() {
        if self.isOverloaded { self.machine.overloaded(at: self.now) }
        // The protocol has every connection begin with a window of 64 KiB, which is widened with the first frames.
        self.settle()
    }

    // MARK: Settling

    /// A stream has changed from outside of the channel's events.
    func touch(_ stream: HTTP2Stream) {
        if !stream.isTouched {
            stream.isTouched = true
            self.touched.append(stream)
        }
        self.touch()
    }

    func touch() {
        guard !self.isSettling, !self.isTurnScheduled, !self.isTakingInput else { return }
        self.isTurnScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isTurnScheduled = false
            self.settle()
        }
    }

    /// Hands on what can be handed on, then sends, closes, arms the timer and reads.
    func settle() {
        guard !self.isSettling else { return }
        self.isSettling = true
        repeat {
            while !self.touched.isEmpty {
                let streams = self.touched
                self.touched = []
                for stream in streams {
                    stream.isTouched = false
                    self.deliver(stream)
                    self.sendAnswer(of: stream)
                    if let deadline = stream.machine.deadline { self.arm(deadline) }
                }
            }
            self.sendWindow()
            self.flush()
            self.perform()
        } while !self.touched.isEmpty || self.pending != nil || self.mustFlush
        self.isSettling = false
        if let deadline = self.machine.deadline { self.arm(deadline) }
        self.read()
    }

    private func flush() {
        guard self.mustFlush, let context = self.context else {
            self.mustFlush = false
            return
        }
        self.mustFlush = false
        context.flush()
        self.watchOutput()
    }

    /// Tells the machine how far the reader has come.
    func watchOutput() {
        let pending = self.pendingBytes
        self.machine.outputMoved(sent: self.sentBytes - pending, pending: pending, at: self.now)
    }

    // MARK: Input and time

    private func read() {
        guard !self.isReading, let context = self.context, context.channel.isActive else { return }
        self.isReading = true
        context.read()
    }

    private func arm(_ deadline: Instant) {
        guard self.context != nil else { return }
        self.timer.arm(for: deadline) { self.timerFired() }
    }

    private func timerFired() {
        self.timer.fired()
        let now = self.now
        let pending = self.pendingBytes
        self.machine.outputMoved(sent: self.sentBytes - pending, pending: pending, at: now)
        for stream in self.streams.values {
            stream.machine.outputMoved(sent: stream.sentBytes, pending: stream.waiting, at: now)
            self.carryOut(stream.machine.deadlineReached(at: now), on: stream)
            if let deadline = stream.machine.deadline { self.arm(deadline) }
        }
        self.carryOut(self.machine.deadlineReached(at: now, outputPending: pending > 0))
        self.settle()
    }

    /// How many bytes have been handed to the socket: over TLS as they are there, encrypted.
    private var sentBytes: Int { self.transport?.handedBytes ?? self.frameGuard?.sentBytes ?? 0 }
}
