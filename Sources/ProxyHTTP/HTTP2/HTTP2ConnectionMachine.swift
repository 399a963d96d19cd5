import ProxyCore

/// What an HTTP/2 connection is about, apart from its streams.
///
/// A pure value like ``ConnectionStateMachine``.
///
/// ```
///  opening ──preface and SETTINGS──► serving ──nothing runs any more, or a fault──► closing ──► closed
/// ```
struct HTTP2ConnectionMachine: Sendable {
    /// What the connection is about.
    enum Phase: Sendable, Equatable {
        /// The caller has not yet said that it speaks HTTP/2.
        case opening
        /// Streams may come.
        case serving
        /// The last frames are on their way; what still comes is thrown away.
        case closing
        /// It is over.
        case closed
    }

    /// What is to be done now.
    enum Decision: Sendable, Equatable {
        /// Nothing but to go on.
        case goOn
        /// Tell the caller to open no more streams, without naming the last one, and ask it to confirm (RFC 9113 §6.8).
        case announceEnd
        /// Tell it which stream is the last one, and reset whatever it opens after that.
        case nameLastStream
        /// The same, with an error.
        case refuseStreams(HTTP2Abuse)
        /// Nothing runs any more: name the last stream unless that has been done, then close our side once everything is
        /// sent.
        case finish
        /// The same for a connection on which nothing is on its way: close it whole.
        case finishIdle
        /// Give the connection up with an error. All exchanges are over.
        case fail(HTTP2Abuse)
        /// Close at once. All exchanges are over.
        case cut
    }

    private enum Leaving: Sendable, Equatable {
        case no
        /// Nothing has been asked for yet: the end is announced with the first stream, since a caller that hears of it before opens none.
        case awaitingFirst(until: Instant)
        case announced(until: Instant)
        case named
    }

    private let limits: ConnectionLimits
    private(set) var phase = Phase.opening
    private var phaseDeadline: Instant?
    private var headDeadline: Instant?
    private var leaving = Leaving.no
    /// Whether streams may begin; those that do not may be tried again elsewhere (RFC 9113 §8.7).
    private(set) var takesStreams = true
    /// Why no streams are taken any more.
    private(set) var grievance: HTTP2Abuse?
    private var isOverloaded = false
    private var streams = 0
    private var hasHadStreams = false
    /// The last answers are on their way, for which a slow reader has its time.
    private var isFlushing = false
    private var stall: StallWatch

    /// Makes the machine of a connection whose caller is about to send its preface.
    init(limits: ConnectionLimits, at now: Instant) {
        self.limits = limits
        self.stall = StallWatch(limit: limits.stalledWrite)
        self.phaseDeadline = limits.header.map { now + $0 }
    }

    /// Whether what the caller sends is looked at.
    var takesInput: Bool { self.phase == .opening || self.phase == .serving }

    /// When ``deadlineReached(at:outputPending:)`` wants to be called.
    var deadline: Instant? {
        var next = self.phaseDeadline
        func consider(_ other: Instant?) {
            guard let other else { return }
            next = next.map { min($0, other) } ?? other
        }
        consider(self.headDeadline)
        consider(self.stall.deadline)
        switch self.leaving {
        case .announced(let until), .awaitingFirst(let until): consider(until)
        case .no, .named: break
        }
        return next
    }

    // MARK: Input

    /// The preface and the caller's SETTINGS are there.
    mutating func opened(at now: Instant) {
        guard self.phase == .opening else { return }
        self.phase = .serving
        if !self.isOverloaded { self.armIdle(at: now) }
    }

    /// Since when a header block has been under way; `nil` for none.
    mutating func headerBlockChanged(since: Instant?) {
        guard self.takesInput else { return }
        self.headDeadline = since.flatMap { since in self.limits.header.map { since + $0 } }
    }

    /// A stream has begun.
    mutating func streamOpened(at now: Instant) -> Decision {
        self.streams += 1
        self.hasHadStreams = true
        if self.phase == .serving { self.phaseDeadline = nil }
        guard case .awaitingFirst = self.leaving else { return .goOn }
        self.leaving = .announced(until: now + HTTP2Limits.drainGrace)
        return .announceEnd
    }

    /// A stream is over.
    mutating func streamClosed(at now: Instant) -> Decision {
        self.streams -= 1
        guard self.streams == 0, self.phase == .serving else { return .goOn }
        guard self.leaving == .no else { return self.finish(.finish, at: now) }
        self.armIdle(at: now)
        return .goOn
    }

    /// The caller will open no more streams.
    mutating func callerLeaves(at now: Instant) -> Decision {
        guard self.takesInput else { return .goOn }
        self.leaving = .named
        return self.streams == 0 ? self.finish(.finish, at: now) : .goOn
    }

    /// Too many streams were reset: no further ones are taken, and what runs may finish in the time of a drain.
    mutating func exhausted(_ abuse: HTTP2Abuse, at now: Instant) -> Decision {
        guard self.takesInput, self.grievance == nil else { return .goOn }
        guard self.streams > 0 else { return self.abused(abuse, at: now) }
        self.grievance = abuse
        self.refuseStreams()
        self.phaseDeadline = now + self.limits.drain
        return .refuseStreams(abuse)
    }

    /// The caller has done what it must not.
    mutating func abused(_ abuse: HTTP2Abuse, at now: Instant) -> Decision {
        guard self.takesInput else { return .goOn }
        return self.finish(.fail(abuse), at: now)
    }

    // MARK: The end

    /// There are more connections than allowed: the first requests are told so, for which there is a short time.
    mutating func overloaded(at now: Instant) {
        self.isOverloaded = true
        self.phaseDeadline = now + HTTP2Limits.refusalTime
    }

    /// All that came with the first streams has been looked at.
    ///
    /// Which one is the last is told once they have been answered: some callers read no answer after a GOAWAY.
    mutating func inputTaken() {
        if self.isOverloaded, self.streams > 0 { self.refuseStreams() }
    }

    /// No further streams are wanted but those that come within the grace.
    mutating func drain(_ grace: DrainGrace = .none, outputPending: Bool, at now: Instant) -> Decision {
        guard self.takesInput, self.leaving == .no else { return .goOn }
        if self.streams > 0 {
            self.leaving = .announced(until: now + HTTP2Limits.drainGrace)
            return .announceEnd
        }
        if !self.hasHadStreams, let first = grace.first {
            self.leaving = .awaitingFirst(until: now + first)
            return .goOn
        }
        guard self.phase == .serving, let next = grace.next else {
            return self.finish(outputPending ? .finish : .finishIdle, at: now)
        }
        self.leaving = .announced(until: now + next)
        return .announceEnd
    }

    /// The caller has confirmed that it has heard of the end.
    mutating func endConfirmed(at now: Instant) -> Decision {
        guard self.takesInput, case .announced = self.leaving else { return .goOn }
        guard self.streams > 0 else { return self.finish(.finish, at: now) }
        self.refuseStreams()
        return .nameLastStream
    }

    /// Everything is sent and our side is closed.
    mutating func outputClosed(at now: Instant) {
        guard self.phase == .closing, self.isFlushing else { return }
        self.isFlushing = false
        self.phaseDeadline = now + ConnectionLimits.lingerTime
        self.stall.end()
    }

    /// The connection is to be closed at once.
    mutating func aborted() -> Decision {
        self.connectionClosed()
        return .cut
    }

    /// The connection is gone.
    mutating func connectionClosed() {
        self.phase = .closed
        self.phaseDeadline = nil
        self.headDeadline = nil
        self.leaving = .named
        self.stall.end()
    }

    // MARK: Time

    /// Says how many bytes the socket has taken altogether and how many wait for it.
    mutating func outputMoved(sent: Int, pending: Int, at now: Instant) {
        self.stall.moved(sent: sent, pending: self.takesInput || self.isFlushing ? pending : 0, at: now)
    }

    /// The time that ``deadline`` named may have come.
    mutating func deadlineReached(at now: Instant, outputPending: Bool) -> Decision {
        if let stalled = self.stall.stalled, stalled <= now { return self.aborted() }
        if let late = self.headDeadline, late <= now { return self.abused(.slowHead, at: now) }
        switch self.leaving {
        case .announced(let until) where until <= now: return self.endConfirmed(at: now)
        case .awaitingFirst(let until) where until <= now:
            return self.finish(outputPending ? .finish : .finishIdle, at: now)
        default: break
        }
        guard let late = self.phaseDeadline, late <= now else { return .goOn }
        switch self.phase {
        case .opening where self.isOverloaded: return self.finish(.finish, at: now)
        case .opening: return self.abused(.slowHead, at: now)
        case .serving where self.grievance != nil: return self.aborted()
        case .serving where outputPending:
            self.armIdle(at: now)
            return .goOn
        case .serving: return self.finish(.finish, at: now)
        case .closing, .closed: return self.aborted()
        }
    }

    private mutating func refuseStreams() {
        self.takesStreams = false
        self.leaving = .named
    }

    private mutating func armIdle(at now: Instant) {
        self.phaseDeadline = self.streams == 0 ? self.limits.idle.map { now + $0 } : nil
    }

    private mutating func finish(_ decision: Decision, at now: Instant) -> Decision {
        self.phase = .closing
        // Nobody waits for the caller to confirm it any longer; its time would stand before the one below.
        self.leaving = .named
        self.headDeadline = nil
        self.isFlushing = decision == .finish
        self.phaseDeadline = self.isFlushing ? nil : now + ConnectionLimits.lingerTime
        if !self.isFlushing { self.stall.end() }
        return decision
    }
}
