// `linger` is the C library's; the socket option takes nothing else.
import Glibc
import Logging
import NIOCore
import ProxyCore

/// Carries out what ``ConnectionStateMachine`` decides for one connection: bytes in, bytes out, timer, callbacks.
///
/// No callback happens within a call of the responder: calls only note what they change, and ``settle()`` does the rest,
/// at the end of the socket's event or in a turn of the loop of its own. That makes re-entrancy harmless and lets
/// everything that is written in one turn leave in one write. Only a piece of a body before which nothing waits, such as
/// an event of a stream, leaves at once.
final class ConnectionHandler: ChannelInboundHandler, CallerConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Closing {
        /// Our side, once everything is sent.
        case output
        /// Both sides at once, with nothing under way.
        case all
        /// Both sides at once, in the middle of something.
        case cut
    }

    let environment: ConnectionEnvironment
    let info: ConnectionInfo
    private let isOverloaded: Bool
    private let transport: TransportEnd?
    let eventLoop: any EventLoop

    var machine: ConnectionStateMachine
    var reader: RequestReader
    var outbox = Outbox()
    var encoder: ResponseEncoder?
    private(set) var context: ChannelHandlerContext?

    private(set) var current: ServerExchange?
    private var ended: (exchange: ServerExchange, byCaller: Bool)?
    private var closing: Closing?
    private var hasBecomeWritable = false

    private var isSettling = false
    private var mustSettleAgain = false
    private var isTurnScheduled = false
    private var isReading = false
    private var mustFlush = false
    private var writtenBytes = 0
    private var timer: DeadlineTimer

    /// Makes the handler of a connection; an overloaded one is refused as soon as it is active.
    ///
    /// The first request's time runs from `acceptedAt`, or else from now. `transport` stands below TLS.
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
        self.machine = ConnectionStateMachine(
            limits: environment.limits, at: acceptedAt ?? DeadlineTimer.now(eventLoop))
        self.reader = RequestReader(maximumHeaderBytes: environment.maximumHeaderBytes)
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { self.begin() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.timer.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        self.begin()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let wasOurs = self.machine.phase == .closed
        self.machine.connectionClosed()
        self.endExchange(byCaller: !wasOurs)
        self.timer.cancel()
        self.reader.discardAll()
        self.settle()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.machine.phase {
        case .flushing, .lingering, .closed:
            return
        case .idle, .head, .exchange, .discarding:
            self.reader.append(self.unwrapInboundIn(data))
        }
        // The channel reads without being asked only to get at the end of the stream: the caller has left.
        guard self.isReading || self.reader.bufferedBytes <= ConnectionLimits.unaskedBytes else {
            self.reader.discardAll()
            self.cutTransport(context)
            return
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.settle()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // This may come in the middle of a write of the responder, hence no ``settle()``.
        self.hasBecomeWritable = context.channel.isWritable
        self.touch()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let command = event as? ConnectionCommand else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        switch command {
        case .drain(let grace):
            self.carryOut(self.machine.drain(grace, outputPending: self.pendingBytes > 0, at: self.now))
        case .wrapUp:
            if let exchange = self.current, exchange.countAbort(in: self.environment.registry) {
                exchange.handler?.exchangeMustEnd()
            }
        case .abort:
            _ = self.current?.countAbort(in: self.environment.registry)
            self.carryOut(self.machine.answerAborted())
        }
        self.settle()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.environment.logger.debug("connection failed", metadata: self.metadata(["error": "\(error)"]))
        context.close(promise: nil)
    }

    private func begin() {
        if self.isOverloaded { self.carryOut(self.machine.overloaded()) }
        self.settle()
    }

    // MARK: Settling

    /// Something has changed from outside of the channel's events.
    func touch() {
        if self.isSettling {
            self.mustSettleAgain = true
        } else if !self.isTurnScheduled {
            self.isTurnScheduled = true
            self.eventLoop.assumeIsolated().execute {
                self.isTurnScheduled = false
                self.settle()
            }
        }
    }

    /// Hands on what can be handed on, then sends, closes, arms the timer and reads, as the machine's state wants it.
    private func settle() {
        guard !self.isSettling else {
            self.mustSettleAgain = true
            return
        }
        self.isSettling = true
        repeat {
            self.mustSettleAgain = false
            self.deliverCallbacks()
            while self.machine.mayTakeStep, self.takeStep() { self.deliverCallbacks() }
            self.send()
            self.closeIfDue()
        } while self.mustSettleAgain
        self.isSettling = false
        self.armTimer()
        self.read()
    }

    private func deliverCallbacks() {
        if let (exchange, byCaller) = self.ended {
            self.ended = nil
            let handler = exchange.handler
            exchange.handler = nil
            handler?.exchangeClosed(byCaller: byCaller)
        }
        if self.hasBecomeWritable {
            self.hasBecomeWritable = false
            if self.isWritable { self.current?.handler?.exchangeBecameWritable() }
        }
    }

    /// Takes one step of the input; `false` if there is none to take.
    private func takeStep() -> Bool {
        let isBetweenRequests = self.machine.phase == .idle || self.machine.phase == .head
        // Answers that nobody reads are not piled up.
        guard !isBetweenRequests || (self.isWritable && self.reader.bufferedBytes > 0) else { return false }
        switch self.reader.next() {
        case .needsMore:
            if isBetweenRequests { self.machine.headBegan(at: self.now) }
            return false
        case .head(let head):
            self.beginExchange(head)
        case .body(let piece):
            self.carryOut(self.machine.bodyArrived(bytes: piece.readableBytes, at: self.now))
            self.current?.handler?.exchangeReceived(body: piece)
        case .end:
            self.carryOut(self.machine.bodyCompleted(at: self.now))
            self.current?.handler?.exchangeReceivedEnd()
        case .refused(let refusal):
            self.carryOut(self.machine.inputRefused(refusal.reason), refusedHead: refusal.head)
        }
        return true
    }

    private func beginExchange(_ head: SoundHead) {
        let isFirst = self.machine.isFresh
        self.machine.exchangeBegan(head)
        self.hasBecomeWritable = false
        let exchange = ServerExchange(
            eventLoop: self.eventLoop,
            connection: self.info,
            request: head,
            channel: self
        )
        self.current = exchange
        self.environment.registry.exchangeBegan(on: self.info.id, isFirst: isFirst)
        exchange.handler = self.environment.responder.respond(to: head.head, on: exchange)
    }

    func endExchange(byCaller: Bool) {
        guard let exchange = self.current else { return }
        self.current = nil
        self.encoder = nil
        exchange.channel = nil
        self.ended = (exchange, byCaller)
        self.environment.registry.exchangeEnded()
    }

    /// Does what the machine decided, as far as it is not done by ``settle()``.
    func carryOut(_ decision: ConnectionStateMachine.Decision, refusedHead: RequestHead? = nil) {
        switch decision {
        case .goOn:
            return
        case .refuse(let reason):
            self.refuse(reason, head: refusedHead ?? self.current?.request.head)
            self.endExchange(byCaller: false)
            self.closing = .output
        case .closeOutput:
            self.closing = .output
        case .cut:
            if self.encoder?.framing == .untilClose { self.resetOnClose() }
            let isUnderWay = self.current != nil || self.pendingBytes > 0
            self.endExchange(byCaller: false)
            self.closing = isUnderWay ? .cut : .all
        }
        self.reader.discardAll()
    }

    private func refuse(_ reason: ListenerRefusal, head: RequestHead?) {
        let answer = self.environment.responder.refusal(reason, head: head)
        var responseHead = answer.head
        responseHead.headers.replace(name: "content-length", value: String(answer.body.readableBytes))
        var encoder = ResponseEncoder(head: responseHead, method: head?.method ?? "GET", version: .http11)
        encoder.writeHead(closes: true, now: self.environment.wallTime(), into: &self.outbox)
        _ = encoder.write(answer.body, into: &self.outbox)
    }

    // MARK: Output

    /// Hands the large buffers to the channel before the turn ends, so that ``isWritable`` counts them.
    func handOn() {
        guard let context = self.context else { return }
        while let buffer = self.outbox.takeSealed() {
            self.writtenBytes += buffer.readableBytes
            self.mustFlush = true
            context.write(self.wrapOutboundOut(buffer), promise: nil)
        }
    }

    /// Sends what was written, now if nothing else is about to.
    func sendOrTouch() {
        guard !self.isSettling, !self.isTurnScheduled, !self.mustFlush else {
            self.handOn()
            return self.touch()
        }
        // Whatever the channel tells meanwhile has to wait: this is within a call of the responder.
        self.isSettling = true
        self.send()
        self.isSettling = false
        if self.mustSettleAgain {
            self.mustSettleAgain = false
            self.touch()
        }
        self.armTimer()
    }

    private func send() {
        guard let context = self.context else { return }
        var next = self.outbox.takeNext()
        guard next != nil || self.mustFlush else { return }
        while let buffer = next {
            self.writtenBytes += buffer.readableBytes
            context.write(self.wrapOutboundOut(buffer), promise: nil)
            next = self.outbox.takeNext()
        }
        self.mustFlush = false
        context.flush()
        self.watchOutput()
    }

    /// How many bytes have been handed to the socket: over TLS as they are there, encrypted.
    private var handedBytes: Int { self.transport?.handedBytes ?? self.writtenBytes }

    /// What waits for the socket is asked for only while some of it is known to wait, else when the timer wants it.
    private func watchOutput() {
        guard self.machine.outputWritten(at: self.now) || !self.isWritable else { return }
        let pending = self.pendingBytes
        self.machine.outputMoved(sent: self.handedBytes - pending, pending: pending, at: self.now)
    }

    private func closeIfDue() {
        guard let closing = self.closing, let context = self.context else { return }
        self.closing = nil
        switch closing {
        case .all:
            // Nothing is left to be sent, so that this one leaves at once.
            if self.info.isTLS { context.close(mode: .output, promise: nil) }
            self.cutTransport(context)
        case .cut:
            self.cutTransport(context)
        case .output:
            // The channel keeps this back until everything that was written is sent.
            let promise = self.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { _ in
                // A failure means that the connection is closed already, of which the channel tells by itself.
                self.machine.outputClosed(at: self.now)
                self.settle()
            }
            context.close(mode: .output, promise: promise)
        }
    }

    /// An answer that ends with the connection would look complete if the connection ended regularly: the kernel is
    /// told to reset it.
    ///
    /// On a Unix socket that has no effect.
    private func resetOnClose() {
        guard let provider = self.context?.channel as? any SocketOptionProvider else { return }
        provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { [logger = self.environment.logger] in
            logger.debug("connection not reset", metadata: ["error": "\($0)"])
        }
    }

    // MARK: Input and time

    private func read() {
        guard !self.isReading, self.machine.wantsBytes, let context = self.context, context.channel.isActive else {
            return
        }
        let isBetweenRequests = self.machine.phase == .idle || self.machine.phase == .head
        guard !isBetweenRequests || self.isWritable else { return }
        self.isReading = true
        context.read()
    }

    private func armTimer() {
        guard let deadline = self.machine.deadline, self.context != nil else { return }
        self.timer.arm(for: deadline) { self.timerFired() }
    }

    private func timerFired() {
        self.timer.fired()
        let pending = self.pendingBytes
        let now = self.now
        self.machine.outputMoved(sent: self.handedBytes - pending, pending: pending, at: now)
        self.carryOut(self.machine.deadlineReached(at: now, outputPending: pending > 0))
        self.settle()
    }
}
