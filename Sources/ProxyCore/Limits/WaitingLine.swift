import DequeModule

/// Those who wait, in a line of their own for each caller and priority, and each address where those have places.
///
/// Callers take turns (``CallerTurns``), and within a line who came first goes first. A caller who has nothing under way goes
/// before the others, so that who asks for little does not wait behind who asks for much; but after
/// ``LineRound/newcomersInARow`` of them it is the turn of the others, so that a stream of new callers starves nobody. Who is
/// served empty keeps its place in the round until its turn comes, so that nobody is new over and over (the rule of RFC 8290,
/// section 4.2). A line whose first one is over a limit of its own is put aside and delays nobody.
struct WaitingLine: Sendable {
    /// Whose line it is.
    struct Key: Sendable, Hashable {
        let caller: LimitKey
        /// `nil` where addresses have no places of their own.
        let address: LimitKey?
        let priority: RequestPriority
    }

    /// The number of the line.
    let id: UInt64
    /// Whose it is.
    let key: Key
    /// The number of the turns that it shares with the caller's other lines.
    let turns: UInt64
    /// Where it is put aside; `nil` if it takes turns.
    var asideAt: LimitPlace?
    /// How often it was put aside: an older note of it counts no more.
    var timesAside: UInt64 = 0
    /// Whose room called it back; if it does not use that, somebody else may.
    var calledBackBy: LimitPlace?
    /// Those who wait in it.
    var waiting = WaitingNumbers()

    /// Makes an empty line.
    init(id: UInt64, key: Key, turns: UInt64) {
        self.id = id
        self.key = key
        self.turns = turns
    }
}

/// The numbers of some who wait, in the order of their coming.
struct WaitingNumbers: Sendable {
    /// How many wait.
    private(set) var count = 0
    /// Some of whom are gone.
    private var numbers = Deque<UInt64>()

    /// Nobody.
    init() {}

    /// One comes.
    mutating func append(_ number: UInt64) {
        self.numbers.append(number)
        self.count += 1
    }

    /// The first who is still there.
    mutating func first(where isThere: (UInt64) -> Bool) -> UInt64? {
        while let number = self.numbers.first, !isThere(number) { self.numbers.removeFirst() }
        return self.numbers.first
    }

    /// The last who is still there.
    mutating func last(where isThere: (UInt64) -> Bool) -> UInt64? {
        while let number = self.numbers.last, !isThere(number) { self.numbers.removeLast() }
        return self.numbers.last
    }

    /// One goes, from wherever; its number is passed over from now on.
    mutating func noteGone(where isThere: (UInt64) -> Bool) {
        self.count -= 1
        guard self.numbers.count > 2 * self.count + 16 else { return }
        var kept = Deque<UInt64>(minimumCapacity: self.count)
        for number in self.numbers where isThere(number) { kept.append(number) }
        self.numbers = kept
    }
}

/// The callers of one priority that take turns, by the numbers of their ``CallerTurns``; those that are gone are passed over.
struct LineRound: Sendable {
    /// After so many new callers it is the turn of an old one.
    static let newcomersInARow = 3

    private var newcomers = Deque<UInt64>()
    private var others = Deque<UInt64>()
    /// How often in a row newcomers went before others.
    private var precedences = 0

    /// Nobody waits.
    init() {}

    /// Whether there may be one whose turn it is.
    var isEmpty: Bool { self.newcomers.isEmpty && self.others.isEmpty }

    /// How many numbers are kept.
    var count: Int { self.newcomers.count + self.others.count }

    /// Some of those that came last, those whose turn comes last first.
    var newest: [UInt64] { self.others.suffix(8).reversed() + self.newcomers.suffix(8).reversed() }

    /// A caller who has nothing under way.
    mutating func welcome(_ turns: UInt64) { self.newcomers.append(turns) }

    /// One that has had its turn, or comes back.
    mutating func append(_ turns: UInt64) { self.others.append(turns) }

    /// Takes out the one whose turn it is; whoever can do something with it says so with ``noteServed(wasNew:)``.
    mutating func next() -> (turns: UInt64, isNew: Bool)? {
        if self.others.isEmpty || self.precedences < Self.newcomersInARow, let turns = self.newcomers.popFirst() {
            return (turns, true)
        }
        return self.others.popFirst().map { ($0, false) }
    }

    /// One of those of the caller that was taken out has got its place.
    mutating func noteServed(wasNew: Bool) {
        self.precedences = wasNew && !self.others.isEmpty ? self.precedences + 1 : 0
    }

    /// Drops what is gone.
    mutating func prune(where isThere: (UInt64) -> Bool) {
        self.newcomers.removeAll { !isThere($0) }
        self.others.removeAll { !isThere($0) }
    }
}

/// The lines of one priority that are put aside until somebody leaves a certain entry.
struct LinesAside: Sendable {
    /// For which lines there is one.
    struct Key: Sendable, Hashable {
        let place: LimitPlace
        let priority: RequestPriority
    }

    /// That a line was put aside.
    struct Note: Sendable, Equatable {
        let line: UInt64
        let times: UInt64
    }

    private var lines = Deque<Note>()

    /// Nobody.
    init() {}

    /// Whether there is none.
    var isEmpty: Bool { self.lines.isEmpty }
    /// How many numbers are kept.
    var count: Int { self.lines.count }

    /// Puts one aside.
    mutating func append(_ note: Note) { self.lines.append(note) }

    /// Takes out the first.
    mutating func popFirst() -> Note? { self.lines.popFirst() }

    /// Drops what is gone.
    mutating func prune(where isThere: (Note) -> Bool) {
        self.lines.removeAll { !isThere($0) }
    }
}
