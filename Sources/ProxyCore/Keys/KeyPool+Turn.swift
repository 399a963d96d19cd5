extension KeyPool {
    /// Whose turn it is among the keys of one provider.
    struct Turn: Sendable {
        /// The key that was chosen last.
        var last: KeyLabel?
        /// The key that a person wants to be next.
        var wanted: KeyLabel?
        /// What each key has saved up in the weighted rotation.
        private var credit: [KeyLabel: Int] = [:]

        /// The next one of `equals` (indices of `entries`, ascending), by mode; `nil` only if there is none.
        mutating func next(among equals: [Int], of entries: [Entry], mode: RotationMode) -> Int? {
            let chosen =
                switch mode {
                case .sticky: self.sticky(equals, entries)
                case .leastInFlight: self.leastInFlight(equals, entries)
                case .weighted: self.weighted(equals, entries)
                // Until windows of plans are known all keys have the same remaining share: they take turns.
                case .roundRobin, .mostRemaining: self.following(equals, entries)
                }
            if let chosen { self.last = entries[chosen].label }
            return chosen
        }

        /// Forgets keys that are gone.
        mutating func keep(only labels: Set<KeyLabel>) {
            if let last, !labels.contains(last) { self.last = nil }
            if let wanted, !labels.contains(wanted) { self.wanted = nil }
            self.credit = self.credit.filter { labels.contains($0.key) }
        }

        /// The first one behind the last one chosen, in a ring.
        private func following(_ equals: [Int], _ entries: [Entry]) -> Int? {
            guard let last, let place = entries.firstIndex(where: { $0.label == last }) else { return equals.first }
            return equals.first { $0 > place } ?? equals.first
        }

        private func sticky(_ equals: [Int], _ entries: [Entry]) -> Int? {
            equals.first { entries[$0].label == self.last } ?? self.following(equals, entries)
        }

        /// The one with the fewest requests on it; equals take turns.
        private func leastInFlight(_ equals: [Int], _ entries: [Entry]) -> Int? {
            guard let fewest = equals.map({ entries[$0].inFlight }).min() else { return nil }
            return self.following(equals.filter { entries[$0].inFlight == fewest }, entries)
        }

        /// Smooth weighted round-robin: each round every key saves its weight, the richest one is chosen and pays the sum.
        private mutating func weighted(_ equals: [Int], _ entries: [Entry]) -> Int? {
            let sum = equals.reduce(0) { $0 + entries[$1].weight }
            var richest: Int?
            for index in equals {
                let label = entries[index].label
                let saved = self.credit[label, default: 0] + entries[index].weight
                self.credit[label] = saved
                if richest.map({ saved > self.credit[entries[$0].label, default: 0] }) ?? true { richest = index }
            }
            if let richest { self.credit[entries[richest].label, default: 0] -= sum }
            return richest
        }
    }
}
