import NIOCore
import ProxyCore

/// One request to one provider with one key: sends the body, holds the answer back until it is known to be worth
/// passing on, and watches the clock.
///
/// Bound to the exchange's event loop.
final class Attempt {
    /// What is held back while it decides.
    enum Stage {
        case awaitingHead
        /// An answer that may still be dropped in favour of another attempt.
        case collecting(HeldAnswer, limit: Int)
        /// An event stream before the event that commits it.
        case holding(HeldAnswer)
        /// A success whose first byte commits it.
        case awaitingFirstByte(ResponseHead)
        /// The owner knows of an error answer, and has not said what becomes of it.
        case undecided(LateRest)
        case committed
        case over
    }

    /// What came of an answer while its owner thought about the beginning.
    struct LateRest {
        var body = ByteBuffer()
        var isComplete = false
        var trouble: AttemptTrouble?
    }

    /// As much of an error's body is read before deciding.
    static let errorBodyLimit = 64 * 1024
    /// A JSON answer up to this size is passed on when it is complete, so that a cut one can be tried again.
    static let jsonBodyLimit = 256 * 1024
    /// A transfer that has brought its last event is waited for no longer than this.
    private static let longestLinger = TimeAmount.milliseconds(500)
    /// As much of the request's body is handed to the transport at once.
    private static let pieceSize = 128 * 1024
    /// A body up to this size is handed over with the head if all of it is there, and one that is smaller leaves with it: it
    /// is gone in a moment, and its progress need not be watched.
    private static let wholeBodyLimit = 64 * 1024

    let eventLoop: any EventLoop
    let limits: AttemptLimits
    let reading: AnswerReading
    let classify: (HeldAnswer) -> AnswerClassification
    private let reader: BodyReader?
    private let body: KeptBody?
    private(set) weak var owner: (any AttemptOwner)?
    var transfer: (any UpstreamTransfer)? {
        willSet { self.hadBegunSending = self.transfer?.hasBegunSending ?? self.hadBegunSending }
    }
    var stage = Stage.awaitingHead
    var clock: AttemptClock
    /// Of an event stream that can be read: passes it on event by event.
    var relay: StreamRelay?
    /// Of any other answer that may tell what it took.
    var meter: BodyMeter?
    /// The head of the answer.
    var head: ResponseHead?
    /// Whether the answer is a stream of server-sent events.
    var isEventStream = false
    private(set) var isPaused = false
    private var timer: Scheduled<Void>?
    private var bytesLeft: Int64
    private var wantsBody = false
    /// Whether the body has gone to the transport together with the head.
    private var goesWhole = false
    /// Whether a transfer that is over had begun to send.
    private var hadBegunSending = false

    init(
        eventLoop: any EventLoop,
        owner: any AttemptOwner,
        body: (kept: KeptBody, reader: BodyReader, length: Int64)?,
        limits: AttemptLimits,
        reading: AnswerReading,
        classify: @escaping (HeldAnswer) -> AnswerClassification
    ) {
        self.eventLoop = eventLoop
        self.owner = owner
        self.body = body?.kept
        self.reader = body?.reader
        self.bytesLeft = body?.length ?? 0
        self.limits = limits
        self.reading = reading
        self.classify = classify
        self.clock = AttemptClock(limits: limits, begun: eventLoop.now)
    }

    /// What the answer told of its tokens so far; `nil` if nothing is known.
    ///
    /// - Parameter isComplete: Whether it came to its end.
    func usage(isComplete: Bool) -> TokenUsage? {
        self.relay?.usage(isComplete: isComplete) ?? self.meter?.usage(isComplete: isComplete)
    }

    /// Whether the event that ends a stream has been passed on.
    var hasEnded: Bool { self.relay?.hasEnded ?? false }

    /// Whether what was passed on of an event stream ends between two events.
    var isBetweenEvents: Bool { self.relay?.isBetweenEvents ?? false }

    /// Whether all of the request has been handed to the transport and, where that was in one piece, has begun to leave.
    var isFullySent: Bool {
        self.bytesLeft == 0 && (!self.goesWhole || self.transfer?.hasBegunSending ?? self.hadBegunSending)
    }

    /// Begins.
    func begin(_ request: UpstreamRequest, through transport: any UpstreamTransport) {
        var request = request
        if self.bytesLeft > 0, let whole = self.reader?.whole(of: self.bytesLeft, upTo: Self.wholeBodyLimit) {
            request.body = .bytes(whole)
            self.bytesLeft = 0
            self.goesWhole = true
        } else {
            self.body?.onMore = { [weak self] in self?.sendNext() }
        }
        self.transfer = transport.begin(request, on: self.eventLoop, observer: self)
        self.watch()
    }

    /// Ends without another word.
    func cancel() {
        guard !self.isOver else { return }
        self.end()?.cancel()
    }

    /// Goes on without its owner for a moment, so that a transfer that has brought all of its events can end by itself and leave
    /// its connection to others.
    func linger() {
        guard !self.isOver else { return }
        self.owner = nil
        self.timer?.cancel()
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.longestLinger) {
            self.timer = nil
            self.cancel()
        }
    }

    /// Stops reading the answer, or reads on.
    func setPaused(_ paused: Bool) {
        guard paused != self.isPaused, !self.isOver else { return }
        self.isPaused = paused
        self.clock.setPaused(paused, at: self.eventLoop.now)
        if paused { self.transfer?.pauseReading() } else { self.transfer?.resumeReading() }
        self.watch()
    }

    var isOver: Bool {
        if case .over = self.stage { true } else { false }
    }

    var isUndecided: Bool {
        if case .undecided = self.stage { true } else { false }
    }

    /// Ends the attempt; the transfer is what is left to cancel.
    func end() -> (any UpstreamTransfer)? {
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

    func transferBeginsToSend() {
        self.clock.progressed(at: self.eventLoop.now)
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
        case .gone:
            self.fail(.internalFault(detail: "the request's body cannot be read a second time"))
        case .end:
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

    // MARK: Time

    private func timedOut() {
        // What came of an error is enough: its status says what is to be done (T-004, X-068).
        if case .errorBody = self.clock.waitsFor, case .collecting(let held, _) = self.stage {
            return self.decide(on: held)
        }
        self.fail(.timeout(self.clock.waitsFor))
    }

    /// Keeps one timer for the next deadline; progress moves the deadline, not the timer.
    func watch() {
        guard !self.isOver, !self.isUndecided, let deadline = self.clock.deadline else { return }
        if let timer {
            guard self.clock.mustMoveTimer(to: deadline) else { return }
            timer.cancel()
        }
        self.clock.timerSet(for: deadline)
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            guard !self.isOver, !self.isUndecided else { return }
            if let present = self.clock.deadline, present <= self.eventLoop.now {
                self.timedOut()
            } else {
                self.watch()
            }
        }
    }
}
