import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyCore

/// One stream: a request as the responder holds it, and what is on its way in either direction.
///
/// Calls of the responder only note what they change; ``HTTP2ConnectionHandler`` does the rest. Once the exchange is over
/// every call is ignored, though the stream may live on until its last byte is sent.
final class HTTP2Stream: Exchange {
    /// How an answer ends.
    enum Ending {
        case plain
        case trailers(HPACKHeaders)
    }

    let id: HTTP2StreamID
    let eventLoop: any EventLoop
    let connection: ConnectionInfo
    /// What was asked, or why it is not served; `nil` once either has been begun with.
    var opening: Result<SoundHead, HeadRefusal>?
    private(set) var request: SoundHead?
    /// The connection, until the exchange is over.
    var owner: HTTP2ConnectionHandler?
    /// The responder's side, until it has heard that the exchange is over.
    var handler: (any ExchangeHandler)?
    var machine: StreamStateMachine

    // What comes in.
    private(set) var pieces = HeldPieces()
    private(set) var heldBytes = 0
    private(set) var receivedBytes: Int64 = 0
    var hasEnded = false
    var window = InboundWindow(target: HTTP2Limits.streamWindow)

    // What goes out.
    var mustSendContinue = false
    var encoder: ResponseEncoder?
    var headerBlock: HPACKHeaders?
    var outbox = Outbox()
    var ending: Ending?
    var pendingReset: HTTP2ErrorCode?
    var writtenBytes = 0
    var sentBytes = 0
    /// The end of the answer has been handed to the decoder and has not left.
    var isEndPending = false
    /// The end of the answer has left, which the machine has not been told yet.
    var mustTellSent = false
    /// The responder was told, or could see, that the caller takes no more.
    var isBlocked = false

    // What is still to be told.
    var closedByCaller: Bool?
    var isTouched = false
    var wasResetByUs = false
    var isCountedAsAborted = false
    /// The stream is no more.
    var isGone = false

    init(
        id: HTTP2StreamID, opening: Result<SoundHead, HeadRefusal>, owner: HTTP2ConnectionHandler,
        eventLoop: any EventLoop
    ) {
        self.id = id
        self.eventLoop = eventLoop
        self.connection = owner.info
        self.opening = opening
        self.owner = owner
        var expectsContinue = false
        if case .success(let head) = opening {
            self.request = head
            expectsContinue = head.expectsContinue
        }
        self.machine = StreamStateMachine(limits: owner.environment.limits, expectsContinue: expectsContinue)
    }

    /// How many bytes of the answer wait for the caller's window.
    var pendingBytes: Int { self.writtenBytes - self.sentBytes }

    /// What of the answer waits, of which its end counts as one: the end waits as well while the connection's window is
    /// closed, and has no bytes.
    var waiting: Int { self.pendingBytes + (self.isEndPending ? 1 : 0) }

    /// How much of the body is still to come; `nil` where nobody knows.
    var remainingBody: Int64? {
        guard !self.hasEnded else { return 0 }
        guard case .length(let length)? = self.request?.body else { return nil }
        return length - self.receivedBytes
    }

    // MARK: What comes in

    func take(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0, !self.isGone else { return }
        self.pieces.take(piece)
        self.heldBytes += piece.readableBytes
        self.receivedBytes += Int64(piece.readableBytes)
    }

    func nextPiece() -> ByteBuffer? {
        guard let piece = self.pieces.next() else { return nil }
        self.heldBytes -= piece.readableBytes
        return piece
    }

    /// Lets go of all that is held.
    func dropAll() {
        self.pieces = HeldPieces()
        self.heldBytes = 0
        self.outbox = Outbox()
        self.headerBlock = nil
        self.ending = nil
        self.mustSendContinue = false
        self.sentBytes = self.writtenBytes
        self.isEndPending = false
    }

    // MARK: Calls of the responder

    var isWritable: Bool {
        self.eventLoop.assertInEventLoop()
        guard let owner = self.owner else { return false }
        let isWritable = owner.isWritable && self.pendingBytes < HTTP2Limits.answerHighMark
        if !isWritable { self.isBlocked = true }
        return isWritable
    }

    func resumeBody() {
        self.eventLoop.assertInEventLoop()
        guard let owner = self.owner else { return }
        let hasBody = self.heldBytes > 0 || self.hasEnded
        if self.machine.bodyResumed(hasBody: hasBody, at: owner.now) { self.mustSendContinue = true }
        owner.touch(self)
    }

    func pauseBody() {
        self.eventLoop.assertInEventLoop()
        guard let owner = self.owner else { return }
        self.machine.bodyPaused(at: owner.now)
        owner.touch(self)
    }

    func writeHead(_ head: ResponseHead) {
        self.eventLoop.assertInEventLoop()
        guard let owner = self.owner else { return }
        guard self.machine.mayBeginAnswer else { return owner.reportMisuse("a second head was written") }
        guard (200...599).contains(head.status) else {
            owner.reportMisuse("a head with a status outside of 200 to 599 was written")
            return self.abort()
        }
        self.beginAnswer(head, method: self.request?.head.method ?? "GET", owner: owner)
    }

    func write(_ body: ByteBuffer) {
        self.eventLoop.assertInEventLoop()
        guard let owner = self.owner, self.machine.isAnswering else { return }
        guard self.add(body) else {
            owner.reportMisuse("more was written than Content-Length promised")
            return self.abort()
        }
        owner.touch(self)
    }

    func finish(trailers: HeaderFields?) {
        self.eventLoop.assertInEventLoop()
        guard let owner = self.owner else { return }
        guard self.machine.isAnswering else {
            guard self.machine.mayBeginAnswer else { return }
            owner.reportMisuse("an answer without a head was ended")
            return self.abort()
        }
        guard self.encoder?.finish(trailers: nil, into: &self.outbox) ?? false else {
            owner.reportMisuse("less was written than Content-Length promised")
            return self.abort()
        }
        self.endAnswer(trailers: self.encoder?.trailerBlock(trailers), at: owner.now)
        owner.reportDroppedFields(self.encoder)
        owner.endExchange(of: self, byCaller: false)
    }

    func abort() {
        self.eventLoop.assertInEventLoop()
        guard let owner = self.owner else { return }
        owner.carryOut(self.machine.answerAborted(), on: self)
    }

    // MARK: The answer

    func beginAnswer(_ head: ResponseHead, method: String, owner: HTTP2ConnectionHandler) {
        var encoder = ResponseEncoder(head: head, method: method, version: .http2)
        self.headerBlock = encoder.headerBlock(now: owner.environment.wallTime())
        self.encoder = encoder
        self.machine.answerBegan()
        owner.reportDroppedFields(encoder)
        owner.touch(self)
    }

    /// Adds a piece of the answer; `false` if it is more than was promised.
    func add(_ body: ByteBuffer) -> Bool {
        guard let before = self.encoder?.framing, self.encoder?.write(body, into: &self.outbox) ?? false else {
            return false
        }
        if before != .none { self.writtenBytes += body.readableBytes }
        if self.pendingBytes >= HTTP2Limits.answerHighMark { self.isBlocked = true }
        return true
    }

    func endAnswer(trailers: HPACKHeaders?, at now: Instant) {
        self.ending = trailers.map { .trailers($0) } ?? .plain
        self.machine.answerCompleted(remainingBody: self.remainingBody, at: now)
    }
}
