import NIOCore
import ProxyCore

/// The listener's side of one exchange, played by a test; keeps the rules of ``Exchange`` and notes who breaks them.
final class FakeExchange: Exchange {
    /// How the exchange ended.
    enum End: Equatable {
        case finished
        case aborted
        case left
        /// The listener gave up on it, for instance because the body was too slow.
        case dropped
    }

    let eventLoop: any EventLoop
    let connection: ConnectionInfo
    var handler: (any ExchangeHandler)?

    private(set) var isWritable = true
    private(set) var isBodyWanted = false
    private(set) var head: ResponseHead?
    private(set) var body = ByteBuffer()
    /// How many pieces of a body were written.
    private(set) var writes = 0
    private(set) var end: End?
    /// Whether the handler has heard of the end.
    private(set) var isOver = false
    /// What the responder did against the rules.
    private(set) var misuses: [String] = []

    init(eventLoop: any EventLoop, connection: ConnectionInfo) {
        self.eventLoop = eventLoop
        self.connection = connection
    }

    var text: String { String(buffer: self.body) }
    var status: Int? { self.head?.status }

    func header(_ name: String) -> String? { self.head?.headers.first(name) }

    // MARK: What the responder does

    func resumeBody() {
        if self.end == nil { self.isBodyWanted = true }
    }

    func pauseBody() {
        if self.end == nil { self.isBodyWanted = false }
    }

    func writeHead(_ head: ResponseHead) {
        guard self.end == nil else { return }
        if self.head != nil { self.misuses.append("second head") }
        if !(200...599).contains(head.status) { self.misuses.append("status \(head.status)") }
        if head.headers.all("x-request-id").count != 1 { self.misuses.append("not one X-Request-Id") }
        self.head = head
    }

    func write(_ body: ByteBuffer) {
        guard self.end == nil else { return }
        if self.head == nil { self.misuses.append("body before head") }
        if body.readableBytes == 0 { self.misuses.append("empty piece") }
        self.writes += 1
        self.body.writeImmutableBuffer(body)
    }

    func finish(trailers: HeaderFields?) {
        guard self.end == nil else { return }
        if self.head == nil { self.misuses.append("end without head") }
        if let length = self.header("content-length").flatMap(Int.init), length != self.body.readableBytes {
            self.misuses.append("\(self.body.readableBytes) bytes instead of \(length)")
        }
        self.close(.finished)
    }

    func abort() {
        self.close(.aborted)
    }

    // MARK: What the caller does

    /// The caller goes away.
    func leave() { self.close(.left) }

    /// The listener ends the exchange for a reason of its own.
    func drop() { self.close(.dropped) }

    /// The caller takes bytes, or takes none for now.
    func setWritable(_ writable: Bool) {
        guard writable != self.isWritable else { return }
        self.isWritable = writable
        if writable, !self.isOver { self.handler?.exchangeBecameWritable() }
    }

    /// Sends a piece of the request's body; the caller must wait for being asked.
    func send(_ piece: ByteBuffer) {
        guard !self.isOver, piece.readableBytes > 0 else { return }
        self.handler?.exchangeReceived(body: piece)
    }

    /// Ends the request's body.
    func sendEnd() {
        if !self.isOver { self.handler?.exchangeReceivedEnd() }
    }

    private func close(_ end: End) {
        guard self.end == nil else { return }
        self.end = end
        switch end {
        // As the listener does: what it finds out itself the handler hears at once, what the handler does when the
        // present call is over.
        case .left, .dropped: self.closed()
        case .finished, .aborted: self.eventLoop.assumeIsolated().execute { self.closed() }
        }
    }

    private func closed() {
        self.isOver = true
        let handler = self.handler
        self.handler = nil
        handler?.exchangeClosed(byCaller: self.end == .left)
    }
}
