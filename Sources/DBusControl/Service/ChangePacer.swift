/// Decides when an object's changed properties are announced: at once, but at most once in `interval` for each object.
///
/// What changes in between is announced together at the end of the interval. What was only used, and most probably has
/// changed in nothing that is announced, has its turn after that, with at most `turns` others in an interval: however many
/// objects there are, looking at them takes no more than that. A pure value: time passes in.
struct ChangePacer<Subject: Hashable & Sendable> {
    private let interval: Duration
    private let turns: Int
    private var waiting: [Subject] = []
    /// Those in `waiting` that have changed; the others were used.
    private var changed: Set<Subject> = []
    private var marked: Set<Subject> = []
    private var announced: [Subject: ContinuousClock.Instant] = [:]
    /// When turns were given last, and how many.
    private var given: (at: ContinuousClock.Instant, count: Int)?

    init(interval: Duration = .milliseconds(100), turns: Int = 16) {
        self.interval = interval
        self.turns = turns
    }

    /// Notes that something of `subject` may have changed; whether it has to be asked for because of that.
    mutating func mark(_ subject: Subject) -> Bool {
        let isNew = self.add(subject)
        return self.changed.insert(subject).inserted || isNew
    }

    /// Notes that `subject` was used, so that something of it might have changed; whether it was not noted already.
    mutating func markUsed(_ subject: Subject) -> Bool {
        self.add(subject)
    }

    private mutating func add(_ subject: Subject) -> Bool {
        guard self.marked.insert(subject).inserted else { return false }
        self.waiting.append(subject)
        return true
    }

    /// Forgets an object that has gone.
    mutating func forget(_ subject: Subject) {
        self.changed.remove(subject)
        self.announced[subject] = nil
        guard self.marked.remove(subject) != nil else { return }
        self.waiting.removeAll { $0 == subject }
    }

    /// Takes out what can be announced now, and tells when to ask again; `nil` if nothing waits.
    mutating func take(now: ContinuousClock.Instant) -> (ready: [Subject], next: ContinuousClock.Instant?) {
        self.announced = self.announced.filter { $0.value.advanced(by: self.interval) > now }
        if let given, given.at.advanced(by: self.interval) <= now { self.given = nil }
        var ready: [Subject] = []
        var next: ContinuousClock.Instant?
        var left: [Subject] = []
        for subject in self.waiting {
            if let due = self.due(subject) {
                next = min(next ?? due, due)
                left.append(subject)
                continue
            }
            if self.changed.remove(subject) == nil {
                self.given = (self.given?.at ?? now, (self.given?.count ?? 0) + 1)
            }
            self.marked.remove(subject)
            self.announced[subject] = now
            ready.append(subject)
        }
        self.waiting = left
        return (ready, next)
    }

    /// When it may be announced; `nil` for now.
    private func due(_ subject: Subject) -> ContinuousClock.Instant? {
        if let last = self.announced[subject] { return last.advanced(by: self.interval) }
        guard !self.changed.contains(subject), let given, given.count >= self.turns else { return nil }
        return given.at.advanced(by: self.interval)
    }
}
