import CCurl
import NIOCore
import ProxyCore

/// One running transfer: what libcurl has said and its observer has not heard yet, and the piece of the body that
/// libcurl has not taken yet.
final class CurlTransfer: UpstreamTransfer {
    let engine: CurlEngine
    let bodyLength: Int64?
    /// The body, if libcurl gets it in one piece and has not got it yet.
    private var wholeBody: ByteBuffer?
    /// `nil` once nothing may follow: after the end or a cancellation.
    private var observer: (any TransferObserver)?
    /// `nil` before libcurl has the transfer and after it has lost it.
    var easy: CurlEasy?
    private var isPending = false
    /// The sockets that libcurl has opened for this transfer, some of which may be closed again.
    var openedSockets: [Int32] = []
    /// The sockets that it has opened or waited for.
    private(set) var usedSockets: [Int32] = []

    // The request.
    var startCount = 0
    var isRepetitionStopped = false
    var isConnectionReused = false
    var piece: ByteBuffer?
    var bytesToTake: Int64
    var wantsPiece = false
    /// Whether the observer is to hear that a whole body begins to leave.
    var tellsStart = false
    private var isPieceAwaited = false
    var isSendingStopped = false

    // The answer.
    var parser: AnswerHeadParser
    var violation: AnswerViolation?
    /// Set once the final head is complete.
    var framing: AnswerFraming?
    var scanner: ChunkedBodyScanner?
    var answerBytes: Int64 = 0
    var interest: Int32 = 0
    var isPaused = false
    var isReceivingStopped = false

    // What the observer has to hear, in this order.
    var head: ResponseHead?
    var body = ByteBuffer()
    private var end: End?

    private enum End {
        case completed(trailers: HeaderFields?)
        case failed(UpstreamFailure)
    }

    /// Bytes of the answer that wait for the observer before libcurl is told to stop reading.
    ///
    /// libcurl reads at most 64 KiB at a time, or what one TLS record holds.
    static let maximumWaitingBytes = 256 * 1024

    /// Makes a transfer that is not yet under way.
    init(
        _ request: UpstreamRequest,
        engine: CurlEngine,
        observer: any TransferObserver,
        configuration: CurlClientConfiguration
    ) {
        self.engine = engine
        self.observer = observer
        self.parser = AnswerHeadParser(requestMethod: request.method)
        switch request.body {
        case .none: (self.bodyLength, self.bytesToTake) = (nil, 0)
        case .length(let length): (self.bodyLength, self.bytesToTake) = (length, length)
        case .bytes(let bytes):
            (self.bodyLength, self.bytesToTake) = (Int64(bytes.readableBytes), 0)
            self.wholeBody = bytes
        }
    }

    /// Hands over the body that libcurl gets in one piece; `nil` if there is none.
    func takeWholeBody() -> ByteBuffer? {
        defer { self.wholeBody = nil }
        return self.wholeBody
    }

    /// The transfer gets the handle that does its work.
    func attach(_ easy: CurlEasy) {
        self.easy = easy
    }

    /// The transfer gives its handle up.
    @discardableResult
    func detach() -> CurlEasy? {
        defer { self.easy = nil }
        return self.easy
    }

    /// libcurl waits for something else on a socket of the transfer.
    func interestChanged(_ interest: Int32, on socket: Int32) {
        self.use(socket)
        self.interest = interest == CURL_POLL_REMOVE ? 0 : interest
        if self.startCount > 0 { self.notify() }
    }

    /// Notes a socket that the transfer works with.
    func use(_ socket: Int32) {
        if !self.usedSockets.contains(socket) { self.usedSockets.append(socket) }
    }

    // MARK: Called by the observer's side

    var hasBegunSending: Bool { self.startCount > 0 }

    func send(_ body: ByteBuffer) {
        guard self.observer != nil, self.end == nil else { return }
        guard self.isPieceAwaited, Int64(body.readableBytes) <= self.bytesToTake else {
            self.fail(.internalFault, "a piece of the body that was not asked for")
            self.engine.release(self, isSound: false)
            return self.engine.scheduleTick()
        }
        self.isPieceAwaited = false
        if body.readableBytes == 0 {
            self.wantsPiece = true
            self.notify()
        } else {
            self.piece = body
            if self.isSendingStopped {
                self.isSendingStopped = false
                self.applyPause()
            }
        }
        self.engine.scheduleTick()
    }

    func pauseReading() {
        self.isPaused = true
    }

    func resumeReading() {
        guard self.isPaused else { return }
        self.isPaused = false
        guard self.observer != nil else { return }
        self.notify()
        self.engine.scheduleTick()
    }

    func cancel() {
        guard self.observer != nil else { return }
        self.forget()
        self.engine.release(self, isSound: false)
    }

    // MARK: Called by the engine, outside libcurl

    /// Ends the transfer with a failure that libcurl does not know of.
    ///
    /// The handle is the caller's to release.
    func fail(_ kind: UpstreamFailure.Kind, _ detail: String) {
        guard self.end == nil else { return }
        self.end = .failed(self.failure(kind, detail))
        self.notify()
    }

    /// libcurl has ended the transfer.
    func finished(_ code: CURLcode) {
        guard self.end == nil, let easy = self.easy else { return }
        let end = self.conclusion(code, message: easy.errorMessage)
        self.end = end
        if case .completed = end {
            self.engine.release(self, isSound: true)
        } else {
            self.engine.release(self, isSound: false)
        }
        self.notify()
    }

    /// Tells the observer what there is to tell, each thing at most once; whatever comes up meanwhile enqueues the
    /// transfer again.
    func deliver() {
        self.isPending = false
        self.noticeEarlyEnd()
        if self.tellsStart {
            self.tellsStart = false
            self.observer?.transferBeginsToSend()
        }
        if self.wantsPiece, self.end == nil {
            self.wantsPiece = false
            self.isPieceAwaited = true
            self.observer?.transferWantsBody()
        }
        if !self.isPaused, let head = self.head {
            self.head = nil
            self.forgetBody()
            self.observer?.transferReceived(head: head)
        }
        if !self.isPaused, self.body.readableBytes > 0 {
            let body = self.body
            self.body = ByteBuffer()
            self.observer?.transferReceived(body: body)
        }
        guard !self.isPaused, self.observer != nil else { return }
        if self.isReceivingStopped, self.easy != nil {
            self.isReceivingStopped = false
            self.applyPause()
            // More may have come out of libcurl's buffer at once; it is told first.
            self.notify()
        } else if let end = self.end, self.head == nil, self.body.readableBytes == 0 {
            let observer = self.observer
            self.forget()
            switch end {
            case .completed(let trailers): observer?.transferCompleted(trailers: trailers)
            case .failed(let failure): observer?.transferFailed(failure)
            }
        }
    }

    /// Lets go of a whole body that has left: the answer may take long.
    private func forgetBody() {
        guard let easy = self.easy, easy.uploadedBytes == self.bodyLength else { return }
        do {
            try easy.forgetBody()
        } catch {
            // It stays until the end of the transfer.
            self.engine.note(refused: error)
        }
    }

    /// Nothing follows from here on.
    private func forget() {
        self.observer = nil
        self.piece = nil
        self.head = nil
        self.body = ByteBuffer()
        self.end = nil
    }

    func notify() {
        if self.isPending || self.observer == nil { return }
        self.isPending = true
        self.engine.enqueue(self)
    }

    /// Tells libcurl which directions go on.
    ///
    /// It may call back at once with what it had kept.
    private func applyPause() {
        guard let easy = self.easy else { return }
        let code = easy.pause(receiving: self.isReceivingStopped, sending: self.isSendingStopped)
        switch code {
        case CURLE_OK, CURLE_BAD_FUNCTION_ARGUMENT:
            // The latter: there is no connection any more; libcurl is about to report why.
            self.engine.drive()
        default:
            self.finished(code)
        }
    }

    /// Ends a transfer whose answer is over while its request is not.
    ///
    /// libcurl 7.88 does not: as long as there is something to send, or sending is paused, it calls the transfer
    /// unfinished, even after the connection has ended. The connection cannot be used again then.
    private func noticeEarlyEnd() {
        guard let easy = self.easy, self.end == nil, self.startCount > 0, !self.isReceivingStopped,
            let length = self.bodyLength, easy.uploadedBytes < length
        else { return }
        if let violation = self.violation {
            self.end = .failed(self.failure(.protocolViolation, violation.reason))
        } else if self.isAnswerComplete {
            self.end = .completed(trailers: self.parser.trailers)
        } else if self.interest & CURL_POLL_IN == 0 {
            // From the start of the request libcurl always wants to read, until the connection has ended.
            switch self.framing {
            case .untilClose: self.end = .completed(trailers: nil)
            case .none: self.end = .failed(self.failure(.closedBeforeAnswer, "the connection ended in the request"))
            case .some: self.end = .failed(self.failure(.closedDuringAnswer, "the connection ended in the answer"))
            }
        } else {
            return
        }
        self.engine.release(self, isSound: false)
    }

    /// Whether the end of the answer has been seen.
    private var isAnswerComplete: Bool {
        guard let framing = self.framing else { return false }
        return switch framing {
        case .empty: true
        case .length(let length): self.answerBytes >= length
        case .chunked: self.scanner?.hasEnded ?? false
        case .untilClose: false
        }
    }

    private func conclusion(_ code: CURLcode, message: String) -> End {
        if let violation = self.violation {
            return .failed(self.failure(.protocolViolation, violation.reason))
        }
        guard code == CURLE_OK else {
            let text = message.isEmpty ? CurlLibrary.text(of: code) : message
            let classification = FailureClassification(
                code: code.rawValue,
                requestStarted: self.startCount > 0,
                repetitionStopped: self.isRepetitionStopped,
                headComplete: self.framing != nil,
                text: text
            )
            let prefix = self.isRepetitionStopped ? "repetition stopped, " : ""
            return .failed(self.failure(classification.kind, "\(prefix)libcurl \(code.rawValue): \(text)"))
        }
        // libcurl calls a connection that ends within the head a success.
        guard let framing = self.framing else {
            return .failed(self.failure(.closedBeforeAnswer, "the connection ended in the answer's head"))
        }
        if case .length(let length) = framing, length != self.answerBytes {
            return .failed(self.failure(.closedDuringAnswer, "the answer is shorter than announced"))
        }
        return .completed(trailers: self.parser.trailers)
    }

    private func failure(_ kind: UpstreamFailure.Kind, _ detail: String) -> UpstreamFailure {
        UpstreamFailure(
            kind: kind,
            requestBytesSent: self.startCount > 0,
            connectionReused: self.isConnectionReused,
            detail: detail
        )
    }
}

@available(*, unavailable)
extension CurlTransfer: Sendable {}
