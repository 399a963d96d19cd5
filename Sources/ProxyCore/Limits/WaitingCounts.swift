/// How many requests of each caller wait, and who has the most, each at the same cost however many they are.
struct WaitingCounts: Sendable {
    private struct Place {
        var count: Int
        /// Where the caller stands among those with as many.
        var index: Int
    }

    private var places: [LimitKey: Place] = [:]
    /// The callers with one, with two, and so on; the last of these is never empty.
    private var levels: [[LimitKey]] = []

    /// Whether nobody waits.
    var isEmpty: Bool { self.places.isEmpty }

    /// A caller with the most, and how many; `nil` if nobody waits.
    var largest: (caller: LimitKey, count: Int)? {
        self.levels.last?.first.map { ($0, self.levels.count) }
    }

    /// How many requests of a caller wait.
    subscript(_ caller: LimitKey) -> Int { self.places[caller]?.count ?? 0 }

    /// One more of a caller waits.
    mutating func add(_ caller: LimitKey) {
        let count = self.takeOut(caller)
        self.put(caller, count + 1)
    }

    /// One of a caller waits no longer.
    mutating func remove(_ caller: LimitKey) {
        let count = self.takeOut(caller)
        if count > 1 { self.put(caller, count - 1) }
        while self.levels.last?.isEmpty == true { self.levels.removeLast() }
    }

    /// Takes a caller out of those with as many, the last of whom takes its place; how many it has.
    private mutating func takeOut(_ caller: LimitKey) -> Int {
        guard let place = self.places.removeValue(forKey: caller) else { return 0 }
        let last = self.levels[place.count - 1].removeLast()
        if last != caller {
            self.levels[place.count - 1][place.index] = last
            self.places[last]?.index = place.index
        }
        return place.count
    }

    private mutating func put(_ caller: LimitKey, _ count: Int) {
        if self.levels.count < count { self.levels.append([]) }
        self.places[caller] = Place(count: count, index: self.levels[count - 1].count)
        self.levels[count - 1].append(caller)
    }
}
