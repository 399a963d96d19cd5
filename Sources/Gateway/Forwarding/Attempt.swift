import NIOCore
import ProxyCore

/// An HTTP answer that was held back: its head, and as much of its body as had arrived.
struct HeldAnswer {
    var head: ResponseHead
    var body: ByteBuffer
    /// Whether ``body`` is all of it.
    var isComplete: Bool
}

/// How an attempt that has not been committed failed.
struct AttemptFailure {
    var result: AttemptResult
    /// The answer of the provider, if it gave one that can be passed on.
    var answer: HeldAnswer?
    /// The fault to report if there is no such answer.
    var fault: ProxyFault
    /// What the provider's answer means; `nil` if there was none.
    var classification: AnswerClassification?
    /// For the log only.
    var detail: String
}

/// Hears of the one attempt that is running.
protocol AttemptOwner: AnyObject {
    /// Nothing of an answer has been passed on yet, and this attempt brings none that should be without asking.
    func attemptFailed(_ failure: AttemptFailure)
    /// The answer stands: from now on its bytes are passed on as they come.
    func attemptCommitted(_ head: ResponseHead, isEventStream: Bool)
    /// Bytes of the committed answer.
    func attemptReceived(_ body: ByteBuffer)
    /// The committed answer is complete.
    func attemptCompleted()
    /// The committed answer broke off.
    func attemptBroke(_ errorClass: ErrorClass, _ fault: ProxyFault, detail: String)
}

/// One request to one provider with one key: sends the body, holds the answer back until it is known to be worth
/// passing on, and watches the clock.
///
/// Bound to the exchange's event loop.
final class Attempt: TransferObserver {
    /// What is held back while it decides.
    private enum Stage {
        case awaitingHead
        /// An answer that may still be dropped in favour of another attempt.
        case collecting(HeldAnswer, limit: Int)
        /// A success whose first byte commits it.
        case awaitingFirstByte(ResponseHead)
        case committed
        case over
    }

    /// As much of an error's body is read before deciding.
    static let errorBodyLimit = 64 * 1024
    /// A JSON answer up to this size is passed on when it is complete, so that a cut one can be tried again.
    static let jsonBodyLimit = 256 * 1024
    /// As much of the request's body is handed to the transport at once.
    private static let pieceSize = 128 * 1024

    let eventLoop: any EventLoop
    private let reader: BodyReader?
    private let body: KeptBody?
    private let classify: (HeldAnswer) -> AnswerClassification
    private let limits: AttemptLimits
    private weak var owner: (any AttemptOwner)?
    private var transfer: (any UpstreamTransfer)?
    private var stage = Stage.awaitingHead
    private var clock: AttemptClock
    private var timer: Scheduled<Void>?
    private var bytesLeft: Int64
    private var wantsBody = false
    private var isPaused = false

    init(
        eventLoop: any EventLoop,
        owner: any AttemptOwner,
        body: (kept: KeptBody, reader: BodyReader, length: Int64)?,
        limits: AttemptLimits,
        classify: @escaping (HeldAnswer) -> AnswerClassification
    ) {
        self.eventLoop = eventLoop
        self.owner = owner
        self.body = body?.kept
        self.reader = body?.reader
        self.bytesLeft = body?.length ?? 0
        self.limits = limits
        self.classify = classify
        self.clock = AttemptClock(limits: limits, begun: eventLoop.now)
    }

    /// Whether all of the request has been handed to the transport.
    var isFullySent: Bool { self.bytesLeft == 0 }

    /// Begins.
    func begin(_ request: UpstreamRequest, through transport: any UpstreamTransport) {
        self.body?.onMore = { [weak self] in self?.sendNext() }
        self.transfer = transport.begin(request, on: self.eventLoop, observer: self)
        self.watch()
    }

    /// Ends without another word.
    func cancel() {
        guard !self.isOver else { return }
        self.end()?.cancel()
    }

    /// Stops reading the answer, or reads on.
    func setPaused(_ paused: Bool) {
        guard paused != self.isPaused, !self.isOver else { return }
        self.isPaused = paused
        self.clock.setPaused(paused, at: self.eventLoop.now)
        if paused { self.transfer?.pauseReading() } else { self.transfer?.resumeReading() }
        self.watch()
    }

    /// Passes the held answer on although it is an error: no other attempt will be made.
    func commit(_ answer: HeldAnswer) {
        guard !self.isOver else { return }
        self.stage = .committed
        self.clock.answerBegan(at: self.eventLoop.now)
        self.owner?.attemptCommitted(answer.head, isEventStream: answer.head.isEventStream)
        if answer.body.readableBytes > 0 { self.owner?.attemptReceived(answer.body) }
        // What the owner does with them may end it.
        guard !self.isOver else { return }
        if answer.isComplete {
            _ = self.end()
            self.owner?.attemptCompleted()
        } else {
            self.watch()
        }
    }

    private var isOver: Bool {
        if case .over = self.stage { true } else { false }
    }

    private func end() -> (any UpstreamTransfer)? {
        self.stage = .over
        self.body?.onMore = nil
        self.timer?.cancel()
        self.timer = nil
        defer { self.transfer = nil }
        return self.transfer
    }

    // MARK: The request's body

    func transferWantsBody() {
        self.wantsBody = true
        self.clock.progressed(at: self.eventLoop.now)
        self.sendNext()
    }

    private func sendNext() {
        guard self.wantsBody, !self.isOver, let reader else { return }
        switch reader.next(upTo: Self.pieceSize) {
        case .bytes(let bytes):
            self.send(bytes)
        case .later(let future):
            self.wantsBody = false
            future.assumeIsolated().whenComplete { result in
                guard !self.isOver else { return }
                switch result {
                case .success(let bytes):
                    self.wantsBody = true
                    self.send(bytes)
                case .failure(let error):
                    self.fail(.internalFault(detail: "reading the request's body back: \(error)"))
                }
            }
        case .notYet:
            break
        case .end, .gone:
            // The caller sent less than it announced; its listener ends the exchange, and so this attempt.
            self.wantsBody = false
        }
    }

    private func send(_ bytes: ByteBuffer) {
        self.wantsBody = false
        self.bytesLeft -= Int64(bytes.readableBytes)
        self.clock.progressed(at: self.eventLoop.now)
        self.transfer?.send(bytes)
    }

    // MARK: The answer

    func transferReceived(head: ResponseHead) {
        guard !self.isOver else { return }
        self.clock.progressed(at: self.eventLoop.now)
        let length = head.headers.first("content-length").flatMap { Int64($0) }
        if head.status >= 400 {
            self.clock.errorBegan(at: self.eventLoop.now)
            self.stage = .collecting(
                HeldAnswer(head: head, body: ByteBuffer(), isComplete: false), limit: Self.errorBodyLimit)
        } else if !head.isEventStream, let most = self.limits.responseBody, let length, length > most {
            self.fail(.responseTooLarge)
        } else if head.isJSON, length.map({ $0 <= Self.jsonBodyLimit }) ?? true {
            self.stage = .collecting(
                HeldAnswer(head: head, body: ByteBuffer(), isComplete: false), limit: Self.jsonBodyLimit)
        } else {
            self.stage = .awaitingFirstByte(head)
        }
        self.watch()
    }

    func transferReceived(body: ByteBuffer) {
        self.clock.progressed(at: self.eventLoop.now)
        switch self.stage {
        case .collecting(var held, let limit):
            self.stage = .awaitingHead
            var body = body
            held.body.writeBuffer(&body)
            self.stage = .collecting(held, limit: limit)
            if held.head.status < 400 {
                if let most = self.limits.responseBody, Int64(held.body.readableBytes) > most {
                    return self.fail(.responseTooLarge)
                }
                // The first-byte timeout ends with the first body byte (contract section 7), held back or not.
                self.clock.answerBegan(at: self.eventLoop.now)
                self.watch()
            }
            if held.body.readableBytes > limit { self.decide(on: held) }
        case .awaitingFirstByte(let head):
            self.commit(HeldAnswer(head: head, body: body, isComplete: false))
        case .committed:
            self.owner?.attemptReceived(body)
        case .awaitingHead, .over:
            break
        }
    }

    func transferCompleted(trailers: HeaderFields?) {
        self.transfer = nil
        switch self.stage {
        case .collecting(var held, _):
            held.isComplete = true
            self.decide(on: held)
        case .awaitingFirstByte(let head):
            self.commit(HeldAnswer(head: head, body: ByteBuffer(), isComplete: true))
        case .committed:
            _ = self.end()
            self.owner?.attemptCompleted()
        case .awaitingHead:
            self.fail(.noAnswer)
        case .over:
            break
        }
    }

    /// A held answer is complete, or too long to be held any longer.
    private func decide(on held: HeldAnswer) {
        guard held.head.status >= 400 else { return self.commit(held) }
        self.report(held, isWhole: true, fault: ProxyFault(.upstreamProtocol))
    }

    /// Tells of an error answer.
    ///
    /// One that broke off is not passed on: `fault` stands for it.
    private func report(_ held: HeldAnswer, isWhole: Bool, fault: ProxyFault) {
        let classified = self.classify(held)
        let result = AttemptResult(
            errorClass: classified.errorClass,
            blame: AttemptResult.Blame(classified.blame),
            // Gateways in between give up while the provider may still be at work (provider facts, 11.1).
            possiblyBilled: held.head.status == 502 || held.head.status == 504,
            diedOnReusedConnection: false,
            concernsOrigin: false
        )
        self.owner?.attemptFailed(
            AttemptFailure(
                result: result,
                answer: isWhole ? held : nil,
                fault: fault,
                classification: classified,
                detail: "status \(held.head.status)"
            )
        )
    }

    func transferFailed(_ failure: UpstreamFailure) {
        self.transfer = nil
        self.fail(AttemptTrouble(failure))
    }

    /// Ends the attempt for a reason other than a complete answer.
    private func fail(_ trouble: AttemptTrouble) {
        guard !self.isOver else { return }
        let wasCommitted = if case .committed = self.stage { true } else { false }
        let wasSent = self.isFullySent && trouble.requestBytesSent
        let cutError: HeldAnswer? =
            if case .collecting(let held, _) = self.stage, held.head.status >= 400 { held } else { nil }
        self.end()?.cancel()
        if wasCommitted {
            self.owner?.attemptBroke(trouble.errorClass, trouble.fault, detail: trouble.detail)
        } else if let cutError {
            // What it says of the key holds although it cannot be passed on.
            self.report(cutError, isWhole: false, fault: trouble.fault)
        } else {
            let result = AttemptResult(
                errorClass: trouble.errorClass,
                blame: .provider,
                possiblyBilled: wasSent && !trouble.diedOnReusedConnection,
                diedOnReusedConnection: trouble.diedOnReusedConnection,
                concernsOrigin: trouble.concernsOrigin
            )
            self.owner?.attemptFailed(
                AttemptFailure(
                    result: result, answer: nil, fault: trouble.fault, classification: nil, detail: trouble.detail))
        }
    }

    // MARK: Time

    private func timedOut() {
        // What came of an error is enough: its status says what is to be done (T-004, X-068).
        if case .errorBody = self.clock.waitsFor, case .collecting(let held, _) = self.stage {
            return self.decide(on: held)
        }
        self.fail(.timeout(self.clock.waitsFor))
    }

    /// Keeps one timer for the next deadline; progress moves the deadline, not the timer.
    private func watch() {
        guard !self.isOver, let deadline = self.clock.deadline else { return }
        if let timer {
            guard self.clock.mustMoveTimer(to: deadline) else { return }
            timer.cancel()
        }
        self.clock.timerSet(for: deadline)
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            guard !self.isOver else { return }
            if let present = self.clock.deadline, present <= self.eventLoop.now {
                self.timedOut()
            } else {
                self.watch()
            }
        }
    }
}

extension ResponseHead {
    /// Whether the answer is a stream of server-sent events.
    var isEventStream: Bool {
        self.headers.first("content-type")?.hasPrefixIgnoringASCIICase("text/event-stream") ?? false
    }

    /// Whether the answer is one JSON document.
    var isJSON: Bool {
        self.headers.first("content-type")?.hasPrefixIgnoringASCIICase("application/json") ?? false
    }
}
