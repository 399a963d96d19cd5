import Foundation
import NIOCore
import NIOHTTP1

/// Serves one connection: one request after the other, each answered when the one before it is done.
///
/// Reading is held back while an answer to a complete request is under way, so that a peer that pipelines is bounded by
/// the socket's own buffers. The end of a connection is noticed all the same, because NIO watches for it apart from
/// reading.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What all connections share.
    let core: SimulatorCore
    private let listener: String?
    private let number: Int
    /// The connection, as long as it is open.
    var context: ChannelHandlerContext?
    /// The request that is being received or answered.
    var exchange: Exchange?
    private var waiting = CircularBuffer<HTTPServerRequestPart>()
    private var requests = 0
    private var isControl = false
    private var isActive = false
    private var hasHeldRead = false
    private var pause: SlowReading?

    /// Serves a connection of the TLS listener of that name, or of a plain one.
    init(core: SimulatorCore, listener: String?) {
        self.core = core
        self.listener = listener
        self.number = core.nextConnection()
    }

    /// Milliseconds of Unix time.
    static var now: Int {
        Int(Date().timeIntervalSince1970 * 1000)
    }

    // MARK: Connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { self.activate() }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.activate()
        context.fireChannelActive()
    }

    private func activate() {
        guard !self.isActive else { return }
        self.isActive = true
        self.core.stats.connectionOpened()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let exchange = self.exchange { self.finish(exchange, .aborted) }
        self.exchange = nil
        self.waiting.removeAll()
        if self.isActive, !self.isControl { self.core.stats.connectionClosed() }
        self.isActive = false
        self.context = nil
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.exchange?.delivery?.writabilityChanged()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError, context.channel.isActive, self.exchange == nil else {
            context.close(promise: nil)
            return
        }
        self.core.stats.malformed()
        let text = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    // MARK: Reading

    private var holdsReads: Bool {
        self.exchange?.isComplete == true || !self.waiting.isEmpty || self.pause?.isPausing == true
    }

    func read(context: ChannelHandlerContext) {
        if var pause = self.pause, pause.owed > 0, !pause.isPausing, self.exchange?.isComplete == false {
            let nanoseconds = Int64(Double(pause.owed) / Double(pause.bytesPerSecond) * 1e9)
            pause.owed = 0
            pause.isPausing = true
            self.pause = pause
            context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(nanoseconds)) { [weak self] in
                self?.pause?.isPausing = false
                self?.releaseRead()
            }
        }
        if self.holdsReads {
            self.hasHeldRead = true
        } else {
            context.read()
        }
    }

    /// Reads on, if reading was held back and need not be any more.
    func releaseRead() {
        guard self.hasHeldRead, !self.holdsReads, let context = self.context else { return }
        self.hasHeldRead = false
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.waiting.append(self.unwrapInboundIn(data))
        self.takeWaiting()
    }

    /// Takes parts up to the end of one request; what follows waits until that one is answered.
    func takeWaiting() {
        while self.exchange?.isComplete != true, self.context != nil, let part = self.waiting.popFirst() {
            switch part {
            case .head(let head): self.begin(head)
            case .body(let buffer): self.receive(buffer)
            case .end: self.complete()
            }
        }
    }

    // MARK: Request

    private func begin(_ head: HTTPRequestHead) {
        let exchange = Exchange(head)
        self.exchange = exchange
        if exchange.isControl {
            if self.requests == 0, !self.isControl {
                self.isControl = true
                self.core.stats.connectionIsControl()
            }
        } else {
            self.requests += 1
            if self.isControl {
                self.isControl = false
                self.core.stats.connectionOpened()
            }
            self.register(exchange)
        }
        let expects = head.headers["expect"].contains { $0.lowercased() == "100-continue" }
        if let action = exchange.headAction, action.earlyAnswer {
            self.answer(exchange)
        } else if expects, let context = self.context {
            context.writeAndFlush(
                self.wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
        }
    }

    private func register(_ exchange: Exchange) {
        let method = exchange.head.method.rawValue
        let key = exchange.credential
        exchange.ticket = self.core.stats.begin(
            key: key, tls: self.listener, isReused: self.requests > 1, method: method)
        exchange.handle = self.core.ring.append(
            .init(
                connection: self.number,
                key: key,
                method: method,
                target: exchange.head.uri,
                headers: exchange.headers,
                receivedAt: Self.now
            )
        )
        exchange.headAction = self.core.engine.actionOnHead(key: key, target: exchange.head.uri, method: method)
        if let speed = exchange.headAction?.slowRead { self.slowDown(speed) }
    }

    private func slowDown(_ bytesPerSecond: Int) {
        self.pause = SlowReading(bytesPerSecond: bytesPerSecond)
        guard let options = self.context?.channel.syncOptions else { return }
        do {
            // About ten steps a second, so that the flow is even.
            let step = min(max(bytesPerSecond / 10, 1), 65536)
            try options.setOption(.maxMessagesPerRead, value: 1)
            try options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: step))
        } catch {
            self.context?.fireErrorCaught(error)
        }
    }

    private func receive(_ buffer: ByteBuffer) {
        guard let exchange = self.exchange else { return }
        exchange.body.feed(buffer)
        self.pause?.owed += buffer.readableBytes
        if let ticket = exchange.ticket { self.core.stats.received(ticket, bytes: buffer.readableBytes) }
    }

    private func complete() {
        guard let exchange = self.exchange else { return }
        exchange.isComplete = true
        self.pause = nil
        if let handle = exchange.handle {
            self.core.ring.update(handle) {
                $0.bodyLength = exchange.body.length
                $0.bodyDigest = exchange.body.digest
                $0.body = exchange.body.whole(limit: RequestRing.bodyLimit)
                $0.completeAt = Self.now
            }
        }
        if exchange.delivery == nil {
            self.answer(exchange)
        } else {
            self.endIfDone(exchange)
        }
    }
}
