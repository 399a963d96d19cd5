extension KeyPool {
    /// Whose turn it is among the keys of one provider.
    struct Turn: Sendable {
        /// The key that was chosen last.
        private(set) var last: KeyLabel?
        /// The key that a person wants.
        private(set) var wanted: KeyLabel?
        /// Whether a request took the wanted key already and the mode `sticky` stays on it, whatever its priority.
        private var isTaken = false
        /// What each key has saved up in the weighted rotation.
        private var credit: [KeyLabel: Int] = [:]

        /// The next one of `ready` (indices of `entries`, ascending); `nil` only if there is none.
        ///
        /// It is the one that a person wants, else by mode one of the highest priority.
        mutating func next(among ready: [Int], of entries: [Entry], mode: RotationMode) -> Int? {
            guard let highest = ready.map({ entries[$0].priority }).max() else { return nil }
            let equals = ready.filter { entries[$0].priority == highest }
            if self.isTaken, mode != .sticky { self.forgetWanted() }
            if let index = self.place(among: ready, of: entries) {
                self.takeWanted(index, equals, entries, mode)
                return index
            }
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

        // MARK: A person's word

        /// Makes a key the next one.
        ///
        /// It is not the last one any more if it was: what is both is taken, for whoever remembers the turn too.
        mutating func want(_ label: KeyLabel) {
            self.wanted = label
            self.isTaken = false
            if self.last == label { self.last = nil }
        }

        /// Lets mode and priority decide again.
        mutating func forgetWanted() {
            self.wanted = nil
            self.isTaken = false
        }

        /// Whether the wanted key is among `ready` and no request took it yet.
        func isWantedPending(among ready: [Int], of entries: [Entry]) -> Bool {
            !self.isTaken && self.place(among: ready, of: entries) != nil
        }

        private func place(among ready: [Int], of entries: [Entry]) -> Int? {
            self.wanted.flatMap { label in ready.first { entries[$0].label == label } }
        }

        private mutating func takeWanted(_ index: Int, _ equals: [Int], _ entries: [Entry], _ mode: RotationMode) {
            self.last = entries[index].label
            if mode == .sticky { self.isTaken = true } else { self.forgetWanted() }
            // A round begins with it, without debts from before: however often a person asks, no key waits longer for that.
            guard mode == .weighted, equals.contains(index) else { return }
            for equal in equals { self.credit[entries[equal].label] = entries[equal].weight }
            self.credit[entries[index].label, default: 0] -= equals.reduce(0) { $0 + entries[$1].weight }
        }

        // MARK: Memory

        /// Takes over what was remembered, as far as the keys exist.
        init(_ memory: KeyMemory.Turn, keeping labels: Set<KeyLabel>) {
            self.last = memory.last
            self.wanted = memory.next
            self.isTaken = memory.next != nil && memory.next == memory.last
            self.prune(keeping: labels)
        }

        /// Nobody had a turn yet.
        init() {}

        /// What is remembered of it; `nil` if there is nothing.
        func memory(of provider: ProviderName) -> KeyMemory.Turn? {
            guard self.last != nil || self.wanted != nil else { return nil }
            return KeyMemory.Turn(provider: provider, last: self.last, next: self.wanted)
        }

        /// Forgets keys that are gone.
        mutating func prune(keeping labels: Set<KeyLabel>) {
            if let last, !labels.contains(last) { self.last = nil }
            if let wanted, !labels.contains(wanted) { self.forgetWanted() }
            self.credit = self.credit.filter { labels.contains($0.key) }
        }

        // MARK: Modes

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
