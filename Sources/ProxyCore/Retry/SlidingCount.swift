/// How often something happened lately, counted in slots of equal length: its memory is bounded however often that was.
struct SlidingCount: Sendable, Equatable {
    /// The length of a slot in nanoseconds.
    private let width: Int64
    /// A ring: the slot with the number n is at the place n modulo the capacity.
    private var slots: [Int]
    /// The number of the newest slot; `nil` before the first count.
    private var newest: Int64?

    /// Makes an empty count.
    ///
    /// - Parameters:
    ///   - capacity: How many slots are kept, at least 1.
    ///   - width: The length of a slot; at least a microsecond is taken.
    init(capacity: Int, width: Duration) {
        self.width = max(width.nanoseconds, 1000)
        self.slots = Array(repeating: 0, count: max(1, capacity))
    }

    /// Counts one.
    ///
    /// A time before the newest slot is counted in that: time does not go back, its reader was held up.
    mutating func add(at now: Instant) {
        let number = self.number(of: now)
        guard let newest = self.newest else {
            self.newest = number
            self.slots[self.place(of: number)] = 1
            return
        }
        if number > newest {
            let passed = number.subtractingReportingOverflow(newest)
            if passed.overflow || passed.partialValue >= self.slots.count {
                for place in self.slots.indices { self.slots[place] = 0 }
            } else {
                for step in 1...passed.partialValue { self.slots[self.place(of: newest + step)] = 0 }
            }
            self.newest = number
        }
        self.slots[self.place(of: max(number, newest))] += 1
    }

    /// The sum of the last `count` slots, the present one, which is not over yet, among them.
    func sum(ofLast count: Int, at now: Instant) -> Int {
        guard let newest = self.newest else { return 0 }
        let passed = max(self.number(of: now), newest).subtractingReportingOverflow(newest)
        guard !passed.overflow, passed.partialValue < count else { return 0 }
        let kept = min(count - Int(passed.partialValue), self.slots.count)
        return (0..<kept).reduce(0) { $0 + self.slots[self.place(of: newest - Int64($1))] }
    }

    /// Forgets all.
    mutating func removeAll() {
        self.newest = nil
        for place in self.slots.indices { self.slots[place] = 0 }
    }

    private func number(of time: Instant) -> Int64 {
        let (quotient, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: self.width)
        return rest < 0 ? quotient - 1 : quotient
    }

    private func place(of number: Int64) -> Int {
        let rest = Int(number % Int64(self.slots.count))
        return rest < 0 ? rest + self.slots.count : rest
    }
}
