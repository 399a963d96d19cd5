import DequeModule

/// Those who wait, in a line of their own for each caller and priority.
///
/// Lines take turns, and within one who came first goes first. The line of a caller who has nothing under way goes before
/// those of the others, so that who asks for little does not wait behind who asks for much; but after ``newcomersInARow`` of
/// them it is the turn of the others, so that a stream of new callers starves nobody. A line that is served empty keeps its place in the
/// round until its turn comes, so that nobody is new over and over (the rule of RFC 8290, section 4.2). A line whose first one
/// is over a limit of its own is put aside and delays nobody.
struct WaitingLine: Sendable {
    /// After so many new lines it is the turn of an old one.
    static let newcomersInARow = 3

    /// The number of the line.
    let id: UInt64
    /// Whose it is.
    let caller: LimitKey
    /// How urgent its requests are.
    let priority: RequestPriority
    /// Where it is put aside; `nil` if it takes turns.
    var asideAt: LimitPlace?
    /// How often it was put aside: an older note of it counts no more.
    var timesAside: UInt64 = 0
    /// Whose room called it back; if it does not use that, somebody else may.
    var calledBackBy: LimitPlace?
    /// How many wait in it.
    private(set) var count = 0
    /// The numbers of those who wait, in the order of their coming, some of whom are gone.
    private var numbers = Deque<UInt64>()

    /// Makes an empty line.
    init(id: UInt64, caller: LimitKey, priority: RequestPriority) {
        self.id = id
        self.caller = caller
        self.priority = priority
    }

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

/// The lines of one priority that take turns, by their numbers; lines that are gone are passed over.
struct LineRound: Sendable {
    private var newcomers = Deque<UInt64>()
    private var others = Deque<UInt64>()
    /// How often in a row newcomers went before others.
    private var precedences = 0

    /// Nobody waits.
    init() {}

    /// Whether there may be a line whose turn it is.
    var isEmpty: Bool { self.newcomers.isEmpty && self.others.isEmpty }

    /// How many numbers are kept.
    var count: Int { self.newcomers.count + self.others.count }

    /// Some of the lines that came last, those whose turn comes last first.
    var newest: [UInt64] { self.others.suffix(8).reversed() + self.newcomers.suffix(8).reversed() }

    /// The line of a caller who has nothing under way.
    mutating func welcome(_ line: UInt64) { self.newcomers.append(line) }

    /// A line that has had its turn, or comes back.
    mutating func append(_ line: UInt64) { self.others.append(line) }

    /// Takes out the line whose turn it is; whoever can do something with it says so with ``noteServed(wasNew:)``.
    mutating func next() -> (line: UInt64, isNew: Bool)? {
        if self.others.isEmpty || self.precedences < WaitingLine.newcomersInARow,
            let line = self.newcomers.popFirst()
        {
            return (line, true)
        }
        return self.others.popFirst().map { ($0, false) }
    }

    /// One of the line that was taken out has got its place.
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
