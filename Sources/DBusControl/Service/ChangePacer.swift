/// Decides when an object's changed properties are announced: at once, but at most once in `interval` for each object.
///
/// What changes in between is announced together at the end of the interval. A pure value: time passes in.
struct ChangePacer<Subject: Hashable & Sendable> {
    private let interval: Duration
    private var waiting: [Subject] = []
    private var announced: [Subject: ContinuousClock.Instant] = [:]

    init(interval: Duration = .milliseconds(100)) {
        self.interval = interval
    }

    /// Notes that something of `subject` may have changed; whether it was not noted already.
    mutating func mark(_ subject: Subject) -> Bool {
        guard !self.waiting.contains(subject) else { return false }
        self.waiting.append(subject)
        return true
    }

    /// Forgets an object that has gone.
    mutating func forget(_ subject: Subject) {
        self.waiting.removeAll { $0 == subject }
        self.announced[subject] = nil
    }

    /// Takes out what can be announced now, and tells when to ask again; `nil` if nothing waits.
    mutating func take(now: ContinuousClock.Instant) -> (ready: [Subject], next: ContinuousClock.Instant?) {
        self.announced = self.announced.filter { $0.value.advanced(by: self.interval) > now }
        let ready = self.waiting.filter { self.announced[$0] == nil }
        self.waiting.removeAll { self.announced[$0] == nil }
        for subject in ready { self.announced[subject] = now }
        let next = self.waiting.compactMap { self.announced[$0]?.advanced(by: self.interval) }.min()
        return (ready, next)
    }
}
