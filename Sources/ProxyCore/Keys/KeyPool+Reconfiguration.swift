extension KeyPool {
    /// Takes over a new configuration and answers what that changed, in the order of the new keys.
    ///
    /// What is known of a key that stays with its provider is kept. Of a key in `renewed` the secret is another one: how the
    /// old one fared says nothing about it, but requests that still run with it count. A key that moves to another
    /// provider starts anew altogether. Keys that are gone give no transition.
    public mutating func reconfigure(
        keys: [Configuration.Key], policy: Policy, renewed: Set<KeyLabel> = [], at now: Instant
    ) -> [KeyTransition] {
        let known = Dictionary(self.entries.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
        var transitions: [KeyTransition] = []
        var entries: [Entry] = []
        for key in keys {
            guard var former = known[key.label] else {
                entries.append(Entry(key, generation: self.newGeneration()))
                continue
            }
            transitions += former.expire(at: now)
            let stays = former.provider == key.provider
            let isSame = stays && !renewed.contains(key.label)
            var entry = Entry(key, generation: isSame ? former.generation : self.newGeneration())
            if stays { entry.takeOverRequests(of: former) }
            if isSame { entry.takeOverKnowledge(of: former, policy: policy) }
            transitions += entry.changes(since: former, at: now)
            entries.append(entry)
        }
        self.replaceEntries(entries)
        if policy.seed != self.policy.seed { self.jitter = Jitter(seed: policy.seed) }
        self.policy = policy
        self.pruneTurns()
        self.noteMemoryChange()
        return transitions
    }

    private mutating func pruneTurns() {
        let labels = Dictionary(grouping: self.entries, by: \.provider).mapValues { Set($0.map(\.label)) }
        for (provider, turn) in self.turns {
            guard let present = labels[provider] else {
                self.turns[provider] = nil
                continue
            }
            var turn = turn
            turn.prune(keeping: present)
            self.turns[provider] = turn
        }
        self.wholeLimits = self.wholeLimits.filter { labels[$0.key.provider] != nil }
    }
}
