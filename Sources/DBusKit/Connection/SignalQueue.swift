/// Signals that wait to be taken, at most so many; the oldest go first, and the one after them says how many they were.
struct SignalQueue {
    private let capacity: Int
    private var signals: [BusSignal] = []
    /// Where the oldest signal is: those before it have been taken.
    private var start = 0
    /// Signals that were lost behind the newest one.
    private var missed = 0

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// How many wait.
    var count: Int { self.signals.count - self.start }

    /// Notes that a signal was lost.
    mutating func miss() { self.missed += 1 }

    /// A signal that says how many were lost just before it, where none waits.
    mutating func marked(_ signal: BusSignal) -> BusSignal {
        var signal = signal
        signal.missed += self.missed
        self.missed = 0
        return signal
    }

    /// Adds a signal.
    mutating func append(_ signal: BusSignal) {
        var signal = self.marked(signal)
        if self.count >= self.capacity, let dropped = self.takeFirst() {
            if self.count > 0 {
                self.signals[self.start].missed += dropped.missed + 1
            } else {
                signal.missed += dropped.missed + 1
            }
        }
        self.signals.append(signal)
    }

    /// Takes the oldest signal.
    mutating func takeFirst() -> BusSignal? {
        guard self.start < self.signals.count else { return nil }
        let signal = self.signals[self.start]
        self.start += 1
        // Half of the array at most is of signals that have been taken.
        if self.start * 2 > self.signals.count {
            self.signals.removeFirst(self.start)
            self.start = 0
        }
        return signal
    }

    /// Forgets them all.
    mutating func removeAll() {
        self.signals = []
        self.start = 0
    }
}
