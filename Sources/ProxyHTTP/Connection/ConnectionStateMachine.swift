import ProxyCore

/// What a connection is about, and what follows from each thing that happens to it.
///
/// A pure value: it is told of bytes, calls and times, and answers with a ``Decision``. What holds for longer is read
/// from it: whether the socket shall be read, whether the next step of the input may be looked at, when it wants to be
/// called again. ``ConnectionHandler`` carries it all out.
///
/// ```
///  idle ──first byte──► head ──complete──► exchange ──answer over, body too──► idle
///                                             │  └──answer over, body not──► discarding ──► idle
///   any of them ──refused, or the last answer──► flushing ──sent, our side closed──► lingering ──► closed
/// ```
struct ConnectionStateMachine: Sendable {
    /// What the connection is about.
    enum Phase: Sendable, Equatable {
        /// Between requests, or before the first one: no byte of a request has come.
        case idle
        /// A head has begun.
        case head
        /// A request is with the responder.
        case exchange
        /// The answer is over, the rest of the request's body is thrown away so that the connection can be kept.
        case discarding
        /// The last bytes are on their way.
        case flushing
        /// Our side is closed. What still comes is thrown away: closing at once would make the kernel answer it with a
        /// reset, which takes the answer from the caller.
        case lingering
        /// It is over.
        case closed
    }

    /// What is to be done now.
    enum Decision: Sendable, Equatable {
        /// Nothing but to go on.
        case goOn
        /// Send this refusal as the last answer, then close our side. An exchange that runs is over.
        case refuse(ListenerRefusal)
        /// Close our side once everything is sent.
        case closeOutput
        /// Close at once. An exchange that runs is over.
        case cut
    }

    private enum Answer: Sendable {
        case notBegun
        case begun
    }

    let limits: ConnectionLimits

    private(set) var phase = Phase.idle
    private var phaseDeadline: Instant?
    /// Whether no request has come yet.
    private(set) var isFresh = true
    /// When the first head has to be complete.
    private let firstDeadline: Instant?
    private var isDraining = false
    /// How long a request may still come, on a connection that drains and whose caller has not been told.
    private var nextGrace: Duration?

    private var answer = Answer.notBegun
    private var closesAfterAnswer = false

    private var isBodyComplete = true
    private var isBodyWanted = false
    private var awaitsContinue = false
    private var bodyTime: BodyTime
    private var discardedBytes = 0

    private var stall: StallWatch

    /// Makes the machine of a connection that has just been accepted.
    init(limits: ConnectionLimits, at now: Instant) {
        self.limits = limits
        self.bodyTime = BodyTime(limit: limits.body)
        self.stall = StallWatch(limit: limits.stalledWrite)
        self.firstDeadline = Self.deadline(limits.header, from: now)
        self.phaseDeadline = self.firstDeadline
    }

    // MARK: What holds

    /// Whether bytes from the socket are of use now.
    ///
    /// Without it the socket is left alone, and with it the caller.
    var wantsBytes: Bool {
        switch self.phase {
        // A caller that is still sending may take the last bytes only once it is through: it is read from, in vain.
        case .idle, .head, .discarding, .flushing, .lingering: true
        case .exchange: self.isBodyWanted && !self.isBodyComplete
        case .closed: false
        }
    }

    /// Whether the next step may be taken out of the bytes that have come.
    var mayTakeStep: Bool {
        switch self.phase {
        case .idle, .head, .discarding: true
        case .exchange: self.isBodyWanted && !self.isBodyComplete
        case .flushing, .lingering, .closed: false
        }
    }

    /// Whether an answer may begin.
    var mayBeginAnswer: Bool { self.phase == .exchange && self.answer == .notBegun }

    /// Whether an answer is being written.
    var isAnswering: Bool { self.phase == .exchange && self.answer == .begun }

    /// When ``deadlineReached(at:outputPending:)`` wants to be called.
    var deadline: Instant? {
        // While a request is with the responder its body has a time, the phase has none.
        let late = self.phase == .exchange ? self.bodyTime.deadline : self.phaseDeadline
        guard let late else { return self.stall.deadline }
        return self.stall.deadline.map { min($0, late) } ?? late
    }

    // MARK: Requests

    /// There are more connections than allowed: this one is answered without having been asked.
    mutating func overloaded() -> Decision {
        self.fail(.overloaded)
    }

    /// Bytes of a head wait that is not complete.
    mutating func headBegan(at now: Instant) {
        guard self.phase == .idle else { return }
        self.phase = .head
        // The first request's time runs from the accept, so that connecting and waiting buys nothing.
        self.phaseDeadline = self.isFresh ? self.firstDeadline : Self.deadline(self.limits.header, from: now)
    }

    /// A request has begun.
    mutating func exchangeBegan(_ head: SoundHead) {
        self.phase = .exchange
        self.phaseDeadline = nil
        self.isFresh = false
        self.answer = .notBegun
        self.closesAfterAnswer = !head.keepAlive || self.isDraining
        self.isBodyComplete = false
        self.isBodyWanted = false
        self.awaitsContinue = head.expectsContinue
        self.bodyTime = BodyTime(limit: self.limits.body)
        self.discardedBytes = 0
    }

    /// What came is not HTTP as it is served here, in a head or in a body.
    mutating func inputRefused(_ reason: ListenerRefusal) -> Decision {
        self.fail(reason)
    }

    // MARK: The body

    /// The responder wants the body.
    ///
    /// Returns whether `100 Continue` is to be sent: if the caller waits for it, no byte of the body has come and no
    /// answer has begun (RFC 9110 §10.1.1).
    mutating func bodyResumed(bufferedBytes: Int, at now: Instant) -> Bool {
        guard self.phase == .exchange, !self.isBodyWanted else { return false }
        self.isBodyWanted = true
        if !self.isBodyComplete { self.bodyTime.run(at: now) }
        defer { self.awaitsContinue = self.awaitsContinue && self.answer == .begun }
        return self.awaitsContinue && bufferedBytes == 0 && self.answer == .notBegun
    }

    /// The responder holds the body back.
    ///
    /// Its time stands still.
    mutating func bodyPaused(at now: Instant) {
        guard self.phase == .exchange, self.isBodyWanted else { return }
        self.isBodyWanted = false
        self.bodyTime.pause(at: now)
    }

    /// Bytes of the body have been taken out.
    mutating func bodyArrived(bytes: Int, at now: Instant) -> Decision {
        switch self.phase {
        case .exchange:
            self.awaitsContinue = false
            self.bodyTime.arrived(bytes: bytes, at: now)
        case .discarding:
            self.discardedBytes += bytes
            if self.discardedBytes > ConnectionLimits.discardedBytes { return self.closeOutput() }
        default:
            break
        }
        return .goOn
    }

    /// The body is complete.
    mutating func bodyCompleted(at now: Instant) -> Decision {
        switch self.phase {
        case .exchange:
            self.isBodyComplete = true
            self.bodyTime.end()
            return .goOn
        case .discarding:
            return self.becomeIdle(at: now)
        default:
            return .goOn
        }
    }

    // MARK: The answer

    /// The answer begins.
    ///
    /// Returns whether its head must say `Connection: close`.
    ///
    /// `remainingBody` is how much of the request's body is still to come, `nil` where nobody knows.
    mutating func answerBegan(wantsClose: Bool, remainingBody: Int64?) -> Bool {
        self.answer = .begun
        // A caller that still waits for its 100 may send its body or not: after this answer nobody could tell a next
        // request from a late body.
        let isRestTooLong = !self.isBodyComplete && (remainingBody ?? 0) > ConnectionLimits.discardedBytes
        if wantsClose || self.awaitsContinue || isRestTooLong { self.closesAfterAnswer = true }
        return self.closesAfterAnswer
    }

    /// The answer is complete.
    ///
    /// `remainingBody` as in ``answerBegan(wantsClose:remainingBody:)``.
    mutating func answerCompleted(remainingBody: Int64?, at now: Instant) -> Decision {
        guard self.phase == .exchange else { return .goOn }
        if self.closesAfterAnswer { return self.closeOutput() }
        if self.isBodyComplete { return self.becomeIdle(at: now) }
        self.phase = .discarding
        // With nothing left of the body its end is taken in the same turn.
        self.phaseDeadline = remainingBody == 0 ? nil : now + ConnectionLimits.discardTime
        return .goOn
    }

    /// The answer is given up.
    mutating func answerAborted() -> Decision {
        self.cut()
    }

    // MARK: The end

    /// Everything is sent and our side is closed.
    mutating func outputClosed(at now: Instant) {
        guard self.phase == .flushing else { return }
        self.phase = .lingering
        self.stall.end()
        self.phaseDeadline = now + ConnectionLimits.lingerTime
    }

    /// The connection is gone.
    mutating func connectionClosed() {
        _ = self.cut()
    }

    /// No further request is served but one that comes within the grace; answers say `Connection: close` from now on.
    mutating func drain(_ grace: DrainGrace = .none, outputPending: Bool, at now: Instant) -> Decision {
        self.isDraining = true
        self.nextGrace = grace.next
        switch self.phase {
        case .idle:
            guard let wait = self.isFresh ? grace.first : grace.next else {
                return outputPending ? self.closeOutput() : self.cut()
            }
            self.phaseDeadline = min(self.phaseDeadline ?? now + wait, now + wait)
        case .discarding: return self.closeOutput()
        // With the head of the answer on its way the caller takes the connection for one that is kept, and may use it.
        case .exchange: if self.answer == .notBegun || self.nextGrace == nil { self.closesAfterAnswer = true }
        case .head, .flushing, .lingering, .closed: break
        }
        return .goOn
    }

    // MARK: Time

    /// Says how many bytes the socket has taken altogether and how many wait for it.
    ///
    /// Called when some had to wait, and before ``deadlineReached(at:outputPending:)``: as long as any are taken, a
    /// reader may be as slow as it likes.
    mutating func outputMoved(sent: Int, pending: Int, at now: Instant) {
        let isWatched = self.phase != .lingering && self.phase != .closed
        self.stall.moved(sent: sent, pending: isWatched ? pending : 0, at: now)
    }

    /// Says that bytes were handed to the socket; whether ``outputMoved(sent:pending:at:)`` has to be called now.
    ///
    /// Otherwise that is done at the ``deadline``.
    mutating func outputWritten(at now: @autoclosure () -> Instant) -> Bool {
        self.phase != .lingering && self.phase != .closed && self.stall.wrote(at: now())
    }

    /// The time that ``deadline`` named may have come.
    mutating func deadlineReached(at now: Instant, outputPending: Bool) -> Decision {
        if let stalled = self.stall.stalled, stalled <= now { return self.cut() }
        if self.phase == .exchange, let late = self.bodyTime.deadline, late <= now { return self.fail(.timeout) }
        guard let phaseDeadline = self.phaseDeadline, phaseDeadline <= now else { return .goOn }
        switch self.phase {
        case .idle where outputPending && self.isDraining:
            return self.closeOutput()
        case .idle where outputPending:
            self.phaseDeadline = Self.deadline(self.limits.idle, from: now)
            return .goOn
        case .idle, .lingering:
            return self.cut()
        case .head:
            return self.fail(.timeout)
        case .discarding:
            return self.closeOutput()
        case .exchange, .flushing, .closed:
            return .goOn
        }
    }

    private mutating func becomeIdle(at now: Instant) -> Decision {
        let wait = self.isDraining ? self.nextGrace : self.limits.idle
        guard !self.isDraining || wait != nil else { return self.closeOutput() }
        self.phase = .idle
        self.phaseDeadline = Self.deadline(wait, from: now)
        return .goOn
    }

    private mutating func fail(_ reason: ListenerRefusal) -> Decision {
        switch self.phase {
        case .idle, .head: break
        case .exchange where self.answer == .notBegun: break
        case .exchange: return self.cut()
        case .discarding: return self.closeOutput()
        case .flushing, .lingering, .closed: return .goOn
        }
        _ = self.closeOutput()
        return .refuse(reason)
    }

    private mutating func closeOutput() -> Decision {
        self.phase = .flushing
        self.phaseDeadline = nil
        return .closeOutput
    }

    private mutating func cut() -> Decision {
        self.phase = .closed
        self.phaseDeadline = nil
        self.stall.end()
        return .cut
    }

    private static func deadline(_ duration: Duration?, from now: Instant) -> Instant? {
        duration.map { now + $0 }
    }
}
