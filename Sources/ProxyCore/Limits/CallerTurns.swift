import DequeModule

/// The lines of one caller and priority, which share its turns: one line, or one for each address where those have places
/// of their own.
///
/// So a request that waits for its address delays none of the same caller from elsewhere, and a caller has no more turns
/// for coming from many addresses. The lines take turns among themselves, those that were called back in alternation with
/// the others.
struct CallerTurns: Sendable {
    /// Whose they are.
    let caller: LimitKey
    /// How urgent their requests are.
    let priority: RequestPriority
    /// How many lines there are.
    var lines = 0
    /// Whether its number stands in the round, so that it does so once only.
    var isInRound = false
    /// Those who wait in all of the lines.
    var waiting = WaitingNumbers()
    /// The numbers of the lines that are not put aside, some of which are gone.
    private var ready = Deque<UInt64>()
    /// Those of them that somebody's room called back.
    private var calledBack = Deque<UInt64>()
    private var wasCalledBack = false

    /// Makes turns that nobody waits for.
    init(caller: LimitKey, priority: RequestPriority) {
        self.caller = caller
        self.priority = priority
    }

    /// How many numbers of lines are kept.
    var count: Int { self.ready.count + self.calledBack.count }

    /// A line that may have a turn.
    mutating func append(_ line: UInt64, isCalledBack: Bool) {
        if isCalledBack { self.calledBack.append(line) } else { self.ready.append(line) }
    }

    /// Takes out the line whose turn it is.
    mutating func next() -> UInt64? {
        let prefersReady = self.wasCalledBack && !self.ready.isEmpty
        self.wasCalledBack = !prefersReady && !self.calledBack.isEmpty
        return self.wasCalledBack ? self.calledBack.popFirst() : self.ready.popFirst()
    }

    /// Takes out a line that was called back; `nil` if there is none.
    mutating func nextCalledBack() -> UInt64? { self.calledBack.popFirst() }

    /// Drops what is gone, where it is much.
    mutating func prune(where isThere: (UInt64) -> Bool) {
        guard self.count > 2 * self.lines + 16 else { return }
        self.ready.removeAll { !isThere($0) }
        self.calledBack.removeAll { !isThere($0) }
    }
}
