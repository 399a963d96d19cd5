extension KeyPool {
    /// The keys of one provider: what a decision goes over instead of all keys.
    struct Roster: Sendable {
        /// Their places among the entries, ascending.
        fileprivate(set) var places: [Int] = []
        /// Whether all have the same priority.
        fileprivate(set) var isEven = true

        /// Those behind a place, and then the others up to that place itself; in their order if there is none.
        func ring(behind place: Int?) -> (first: ArraySlice<Int>, second: ArraySlice<Int>) {
            guard let place else { return (self.places[...], []) }
            var (low, high) = (0, self.places.count)
            while low < high {
                let middle = (low + high) / 2
                if self.places[middle] > place { high = middle } else { low = middle + 1 }
            }
            return (self.places[low...], self.places[..<low])
        }
    }

    /// The keys of each provider.
    static func rosters(of entries: [Entry]) -> [ProviderName: Roster] {
        var rosters: [ProviderName: Roster] = [:]
        for (place, entry) in entries.enumerated() {
            var roster = rosters.removeValue(forKey: entry.provider) ?? Roster()
            if let first = roster.places.first, entries[first].priority != entry.priority { roster.isEven = false }
            roster.places.append(place)
            rosters[entry.provider] = roster
        }
        return rosters
    }

    /// Decides like ``decide(_:_:at:)`` does where it is certain without a look at every key; `nil` where it is not.
    ///
    /// Most requests are of a conversation whose key is well, or take the next key of a round in which nothing is wrong:
    /// what they cost must not grow with the number of keys.
    func decideAtOnce(_ demand: KeyDemand, _ turn: inout Turn, at now: Instant) -> Decision? {
        guard demand.pinned == nil, turn.wanted == nil else { return nil }
        if let label = self.ownKey(of: demand) {
            // No other can be better than one that is taken without reluctance.
            guard let own = self.index(of: label), let reluctance = self.reluctance(of: own, for: demand, at: now),
                reluctance == 0 || demand.conversation?.isBound ?? false
            else { return nil }
            return Decision(index: own, selection: .affinity)
        }
        let mode = self.policy.mode
        guard mode == .roundRobin || mode == .sticky, let roster = self.roster(of: demand.provider), roster.isEven
        else { return nil }
        let last = turn.last.flatMap { self.index(of: $0) }
        let ring = roster.ring(behind: last)
        let first = mode == .sticky ? (last.map { [$0] } ?? [])[...] : []
        var chosen: Int?
        var isOnly = true
        search: for part in [first, ring.first, ring.second] {
            for place in part {
                guard let reluctance = self.reluctance(of: place, for: demand, at: now) else { continue }
                if chosen == nil, reluctance == 0 {
                    chosen = place
                } else if chosen != place {
                    isOnly = false
                }
                if chosen != nil, !isOnly { break search }
            }
        }
        guard let chosen else { return nil }
        turn.took(self.entries[chosen].label)
        var decision = Decision(index: chosen)
        if self.entries[chosen].trial(for: demand.model, at: now) != nil {
            decision.selection = .trial
        } else if isOnly {
            decision.selection = .only
        }
        return decision
    }
}
