import NIOCore

/// The limits that an attempt runs under.
struct AttemptLimits: Sendable {
    /// From the last byte sent, or from where a body that goes whole begins to leave, to the first byte of an answer, in an
    /// event stream to the first event that is no comment or ping; `nil` = no limit.
    var firstByte: TimeAmount?
    /// Between two pieces of an answer, in an event stream between two such events; `nil` = no limit.
    var idle: TimeAmount?
    /// From beginning to end; `nil` = no limit.
    var total: TimeAmount?
    /// The longest answer that is not an event stream, in bytes; `nil` = no limit.
    var responseBody: Int64?
}

/// Which deadline an attempt runs against at a moment.
///
/// A pure value.
struct AttemptClock: Sendable {
    /// What is waited for.
    enum Awaited: String, Sendable {
        case firstByte = "first byte"
        case nextByte = "next byte"
        case errorBody = "rest of an error"
        case end
    }

    /// An error's body that does not come within this time is done without.
    static let errorBody = TimeAmount.seconds(5)

    private let limits: AttemptLimits
    private let totalDeadline: NIODeadline?
    private var lastProgress: NIODeadline
    private var awaited = Awaited.firstByte
    private var isPaused = false
    private var errorBegan: NIODeadline?
    private var timer: NIODeadline?

    init(limits: AttemptLimits, begun: NIODeadline) {
        self.limits = limits
        self.lastProgress = begun
        self.totalDeadline = limits.total.map { begun + $0 }
    }

    /// What the nearest deadline is about.
    var waitsFor: Awaited {
        guard let totalDeadline, let deadline = self.deadline else { return self.awaited }
        return deadline == totalDeadline ? .end : self.awaited
    }

    /// As long after the last byte a connection that is closed may have been closed before it.
    static let staleness = TimeAmount.seconds(1)

    /// Whether bytes went one way or the other just now.
    func isFresh(at now: NIODeadline) -> Bool { now - self.lastProgress <= Self.staleness }

    /// The nearest deadline, if there is any.
    var deadline: NIODeadline? {
        guard let phaseDeadline = self.phaseDeadline else { return self.totalDeadline }
        return self.totalDeadline.map { min($0, phaseDeadline) } ?? phaseDeadline
    }

    private var phaseDeadline: NIODeadline? {
        switch self.awaited {
        // While the caller does not read, the provider cannot be blamed for not sending.
        case .nextByte: self.isPaused ? nil : self.limits.idle.map { self.lastProgress + $0 }
        case .firstByte: self.isPaused ? nil : self.limits.firstByte.map { self.lastProgress + $0 }
        case .errorBody: self.errorBegan.map { $0 + Self.errorBody }
        case .end: nil
        }
    }

    /// Bytes went one way or the other.
    mutating func progressed(at now: NIODeadline) {
        self.lastProgress = now
    }

    /// The head of an error has come; its body is waited for only shortly.
    mutating func errorBegan(at now: NIODeadline) {
        self.awaited = .errorBody
        self.errorBegan = now
    }

    /// The first bytes of the answer have come.
    mutating func answerBegan(at now: NIODeadline) {
        self.awaited = .nextByte
        self.lastProgress = now
    }

    /// An event of a stream has come that is no comment or ping: only such events end the wait for the first byte, and only
    /// they keep the stream going (contract section 7, provider facts section 13).
    mutating func eventCame(at now: NIODeadline) {
        self.answerBegan(at: now)
    }

    /// The caller stopped taking bytes, or takes them again.
    mutating func setPaused(_ paused: Bool, at now: NIODeadline) {
        self.isPaused = paused
        self.lastProgress = now
    }

    /// Whether a timer that is set already would come too late for this deadline.
    func mustMoveTimer(to deadline: NIODeadline) -> Bool {
        self.timer.map { deadline < $0 } ?? true
    }

    /// A timer has been set.
    mutating func timerSet(for deadline: NIODeadline) {
        self.timer = deadline
    }
}
