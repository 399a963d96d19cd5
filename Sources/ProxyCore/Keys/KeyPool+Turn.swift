extension KeyPool {
    /// Whose turn it is among the keys of one provider.
    struct Turn: Sendable {
        /// The key that was chosen last.
        private(set) var last: KeyLabel?
        /// The key that a person wants.
        private(set) var wanted: KeyLabel?
        /// Whether a request took the wanted key already and the mode `sticky` stays on it, whatever its priority.
        private(set) var isTaken = false
        /// What each key has saved up in the weighted rotation.
        private var credit: [KeyLabel: Int] = [:]

        /// The next one of `ready` (places in the pool, ascending); `nil` only if there is none.
        ///
        /// It is `wanted` (the place of the key that a person wants, if it can serve), else by mode one of the highest priority.
        mutating func next(among ready: [Int], wanted: Int?, in pool: KeyPool, at now: Instant) -> Int? {
            let mode = pool.policy.mode
            if self.isTaken, mode != .sticky { self.forgetWanted() }
            guard let equals = Self.highest(of: ready, in: pool) else { return nil }
            if let wanted, self.wanted != nil {
                self.takeWanted(wanted, equals, pool, mode)
                return wanted
            }
            let chosen =
                switch mode {
                case .sticky: self.sticky(equals, pool)
                case .leastInFlight: self.leastInFlight(equals, pool)
                case .weighted: self.weighted(equals, pool)
                case .roundRobin: self.following(equals, pool)
                case .mostRemaining: self.mostRemaining(equals, pool, at: now)
                }
            if let chosen { self.last = pool.entries[chosen].label }
            return chosen
        }

        /// Those of the highest priority; all of them where it is the same for all.
        private static func highest(of ready: [Int], in pool: KeyPool) -> [Int]? {
            guard let first = ready.first else { return nil }
            var highest = pool.entries[first].priority
            var isEven = true
            for index in ready {
                let priority = pool.entries[index].priority
                if priority != highest { isEven = false }
                if priority > highest { highest = priority }
            }
            return isEven ? ready : ready.filter { pool.entries[$0].priority == highest }
        }

        /// A key was taken without a look at all of them.
        mutating func took(_ label: KeyLabel) {
            self.forgetWanted()
            self.last = label
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

        private mutating func takeWanted(_ index: Int, _ equals: [Int], _ pool: KeyPool, _ mode: RotationMode) {
            self.last = pool.entries[index].label
            if mode == .sticky { self.isTaken = true } else { self.forgetWanted() }
            // A round begins with it, without debts from before: however often a person asks, no key waits longer for that.
            guard mode == .weighted, equals.contains(index) else { return }
            for equal in equals { self.credit[pool.entries[equal].label] = pool.entries[equal].weight }
            self.credit[pool.entries[index].label, default: 0] -= equals.reduce(0) { $0 + pool.entries[$1].weight }
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

        /// Whether the same is remembered of it as of another one.
        func isSame(as other: Turn?) -> Bool {
            self.last == other?.last && self.wanted == other?.wanted
        }

        /// Forgets keys that are gone.
        mutating func prune(keeping labels: Set<KeyLabel>) {
            if let last, !labels.contains(last) { self.last = nil }
            if let wanted, !labels.contains(wanted) { self.forgetWanted() }
            self.credit = self.credit.filter { labels.contains($0.key) }
        }

        // MARK: Modes

        /// The first one behind the last one chosen, in a ring.
        private func following(_ equals: [Int], _ pool: KeyPool) -> Int? {
            guard let last, let place = pool.index(of: last) else { return equals.first }
            return equals.first { $0 > place } ?? equals.first
        }

        private func sticky(_ equals: [Int], _ pool: KeyPool) -> Int? {
            if let place = self.last.flatMap({ pool.index(of: $0) }), equals.contains(place) { return place }
            return self.following(equals, pool)
        }

        /// The one with the fewest requests on it; equals take turns.
        private func leastInFlight(_ equals: [Int], _ pool: KeyPool) -> Int? {
            guard let fewest = equals.map({ pool.entries[$0].inFlight }).min() else { return nil }
            return self.following(equals.filter { pool.entries[$0].inFlight == fewest }, pool)
        }

        /// The one with the largest share left, where an unknown one counts as whole; equals take turns.
        private func mostRemaining(_ equals: [Int], _ pool: KeyPool, at now: Instant) -> Int? {
            let shares = equals.map { pool.entries[$0].windows.remainingShare(at: now) ?? 1 }
            guard let most = shares.max() else { return nil }
            return self.following(zip(equals, shares).filter { $1 == most }.map(\.0), pool)
        }

        /// Smooth weighted round-robin: each round every key saves its weight, the richest one is chosen and pays the sum.
        private mutating func weighted(_ equals: [Int], _ pool: KeyPool) -> Int? {
            let sum = equals.reduce(0) { $0 + pool.entries[$1].weight }
            var richest: Int?
            for index in equals {
                let label = pool.entries[index].label
                let saved = self.credit[label, default: 0] + pool.entries[index].weight
                self.credit[label] = saved
                if richest.map({ saved > self.credit[pool.entries[$0].label, default: 0] }) ?? true { richest = index }
            }
            if let richest { self.credit[pool.entries[richest].label, default: 0] -= sum }
            return richest
        }
    }
}
