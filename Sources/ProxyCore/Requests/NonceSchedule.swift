/// What ends when, in whole seconds: things are put in, taken out again before their end, and handed out at it.
///
/// Timestamps are seconds and reach 300 of them to both sides of the present, so there are a few hundred seconds at most,
/// whatever ends in them; nothing but what ends is looked at.
struct NonceSchedule<Item: Hashable & Sendable>: Sendable {
    /// All seconds that have a set, in order; the sets may have become empty.
    private var seconds: [Int64] = []
    private var items: [Int64: Set<Item>] = [:]

    /// Notes that something ends in a second.
    mutating func insert(_ item: Item, endingIn second: Int64) {
        if self.items[second] == nil {
            self.seconds.insert(second, at: self.place(of: second))
        }
        self.items[second, default: []].insert(item)
    }

    /// Takes something out before its end.
    mutating func remove(_ item: Item, endingIn second: Int64) {
        self.items[second]?.remove(item)
    }

    /// Hands out the earliest second that is not after another one, with what ends in it.
    mutating func takeFirst(notAfter second: Int64) -> (second: Int64, items: Set<Item>)? {
        guard let first = self.seconds.first, first <= second else { return nil }
        self.seconds.removeFirst()
        return (first, self.items.removeValue(forKey: first) ?? [])
    }

    /// The first second at whose end enough have ended, with how many seconds had to be looked at; `nil` if that never comes.
    func second(whenEnough isEnough: (_ ended: Int) -> Bool) -> (second: Int64, steps: Int)? {
        var ended = 0
        for (index, second) in self.seconds.enumerated() {
            ended += self.items[second]?.count ?? 0
            if isEnough(ended) { return (second, index + 1) }
        }
        return nil
    }

    /// Where a second stands among the others, or would.
    private func place(of second: Int64) -> Int {
        var (low, high) = (0, self.seconds.count)
        while low < high {
            let middle = (low + high) / 2
            if self.seconds[middle] < second { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
