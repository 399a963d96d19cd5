import ProxyCore

/// What one stream is about: a request and its answer, in the rules that HTTP/1.1 has for them as well.
///
/// A pure value like ``ConnectionStateMachine``: it is told of what happens, with the time, and answers with what is to
/// be done.
struct StreamStateMachine: Sendable {
    /// What is to be done now.
    enum Decision: Sendable, Equatable {
        /// Nothing but to go on.
        case goOn
        /// Send this refusal as the answer. The exchange is over.
        case refuse(ListenerRefusal)
        /// Reset the stream. The exchange is over.
        case reset(Reset)
    }

    /// The codes that a stream is reset with (RFC 9113 §7).
    enum Reset: Sendable, Equatable {
        /// The answer is complete, the rest of the request is of no interest (RFC 9113 §8.1).
        case noError
        /// Nobody waits any longer.
        case cancel
        /// The answer cannot be completed.
        case internalError
    }

    private enum Answer: Sendable {
        case notBegun
        case begun
        case complete
    }

    private var answer = Answer.notBegun
    private var isAnswerSent = false
    private var isOver = false

    private var isBodyComplete = false
    private var isBodyWanted = false
    private var awaitsContinue: Bool
    private var bodyTime: BodyTime
    private var discardedBytes = 0
    private var discardDeadline: Instant?
    private var isDiscardOver = false
    private var stall: StallWatch

    /// Makes the machine of a stream whose head is complete.
    init(limits: ConnectionLimits, expectsContinue: Bool) {
        self.awaitsContinue = expectsContinue
        self.bodyTime = BodyTime(limit: limits.body)
        self.stall = StallWatch(limit: limits.stalledWrite)
    }

    // MARK: What holds

    /// Whether what has come of the body may be taken, to be handed on or, after the answer, to be thrown away.
    var takesBody: Bool {
        guard !self.isOver, !self.isBodyComplete else { return false }
        return self.answer == .complete ? !self.isDiscardOver : self.isBodyWanted
    }

    /// Whether an answer may begin.
    var mayBeginAnswer: Bool { !self.isOver && self.answer == .notBegun }

    /// Whether an answer is being written.
    var isAnswering: Bool { !self.isOver && self.answer == .begun }

    /// When ``deadlineReached(at:)`` wants to be called.
    var deadline: Instant? {
        guard !self.isOver else { return nil }
        let late = self.discardDeadline ?? self.bodyTime.deadline
        guard let late else { return self.stall.deadline }
        return self.stall.deadline.map { min($0, late) } ?? late
    }

    // MARK: The body

    /// The responder wants the body.
    ///
    /// Returns whether `100 Continue` is to be sent (RFC 9110 §10.1.1).
    mutating func bodyResumed(hasBody: Bool, at now: Instant) -> Bool {
        guard !self.isOver, self.answer != .complete, !self.isBodyWanted else { return false }
        self.isBodyWanted = true
        if !self.isBodyComplete { self.bodyTime.run(at: now) }
        defer { self.awaitsContinue = self.awaitsContinue && self.answer == .begun }
        return self.awaitsContinue && !hasBody && self.answer == .notBegun
    }

    /// The responder holds the body back.
    ///
    /// Its time stands still.
    mutating func bodyPaused(at now: Instant) {
        guard self.isBodyWanted else { return }
        self.isBodyWanted = false
        self.bodyTime.pause(at: now)
    }

    /// Bytes of the body have been taken.
    mutating func bodyArrived(bytes: Int, at now: Instant) -> Decision {
        self.awaitsContinue = false
        guard self.answer == .complete else {
            self.bodyTime.arrived(bytes: bytes, at: now)
            return .goOn
        }
        self.discardedBytes += bytes
        return self.discardedBytes > ConnectionLimits.discardedBytes ? self.discardNoMore() : .goOn
    }

    /// The body is complete.
    mutating func bodyCompleted() {
        self.isBodyComplete = true
        self.bodyTime.end()
        self.discardDeadline = nil
    }

    // MARK: The answer

    /// The answer begins.
    mutating func answerBegan() {
        self.answer = .begun
    }

    /// The answer is complete, and what is left of the body is thrown away within the bounds.
    ///
    /// `remainingBody` is how much of it is still to come, `nil` where nobody knows.
    mutating func answerCompleted(remainingBody: Int64?, at now: Instant) {
        self.answer = .complete
        self.bodyTime.end()
        guard !self.isBodyComplete else { return }
        // A caller that still waits for its 100 will not send its body.
        if self.awaitsContinue || (remainingBody ?? 0) > ConnectionLimits.discardedBytes { self.isDiscardOver = true }
        self.discardDeadline = self.isDiscardOver ? nil : now + ConnectionLimits.discardTime
    }

    /// The last byte of the answer, and its end, are on their way.
    mutating func answerSent() -> Decision {
        self.isAnswerSent = true
        self.stall.end()
        return self.resetIfThrough()
    }

    /// The answer is given up.
    mutating func answerAborted() -> Decision {
        self.isOver ? .goOn : self.reset(.internalError)
    }

    /// The request is not served.
    mutating func refused(_ reason: ListenerRefusal) -> Decision {
        guard !self.isOver, self.answer != .complete else { return .goOn }
        guard self.answer == .notBegun else { return self.reset(.cancel) }
        return .refuse(reason)
    }

    /// The stream is gone.
    mutating func streamClosed() {
        self.isOver = true
    }

    // MARK: Time

    /// Says how many bytes of the answer have left and how many wait for the caller's window.
    mutating func outputMoved(sent: Int, pending: Int, at now: Instant) {
        self.stall.moved(sent: sent, pending: self.isOver ? 0 : pending, at: now)
    }

    /// The time that ``deadline`` named may have come.
    mutating func deadlineReached(at now: Instant) -> Decision {
        guard !self.isOver else { return .goOn }
        if let stalled = self.stall.stalled, stalled <= now { return self.reset(.cancel) }
        if let late = self.discardDeadline, late <= now { return self.discardNoMore() }
        if let late = self.bodyTime.deadline, late <= now {
            self.bodyTime.end()
            // Whoever was too slow is not waited for again.
            self.isDiscardOver = true
            return self.refused(.timeout)
        }
        return .goOn
    }

    private mutating func discardNoMore() -> Decision {
        self.isDiscardOver = true
        self.discardDeadline = nil
        return self.resetIfThrough()
    }

    private mutating func resetIfThrough() -> Decision {
        guard self.isAnswerSent, self.isDiscardOver, !self.isBodyComplete, !self.isOver else { return .goOn }
        return self.reset(.noError)
    }

    private mutating func reset(_ code: Reset) -> Decision {
        self.isOver = true
        return .reset(code)
    }
}
