extension KeyPool {
    /// Tells of the rests that are over, of whole keys and of models, each of them once.
    ///
    /// A rest is told of here or by ``record(_:on:model:begun:at:)``, whichever comes first. The step of the ladder stays,
    /// so that a key that is refused again right after its rest rests for longer.
    public mutating func expire(at now: Instant) -> [KeyTransition] {
        guard let next = self.nextDeadline, next <= now else { return [] }
        return self.entries.indices.flatMap { self.entries[$0].expire(at: now) }
    }

    /// When the next rest ends that ``expire(at:)`` will tell of; `nil` if there is none.
    ///
    /// It has passed while something is left to tell.
    public var nextDeadline: Instant? {
        var next: Instant?
        for index in self.entries.indices where self.entries[index].hasConditions {
            guard let own = self.entries[index].nextDeadline else { continue }
            next = min(next ?? own, own)
        }
        return next
    }

    /// Ends every rest of every key, those of models too; ladders start anew, and what is disabled stays so (K-019).
    public mutating func resetAll(at now: Instant) -> [KeyTransition] {
        self.noteMemoryChange()
        return self.entries.indices.flatMap { self.entries[$0].reset() }
    }

    /// Ends every rest of one key; ladders start anew (K-019).
    ///
    /// An unknown key gives no transition.
    public mutating func reset(_ label: KeyLabel, at now: Instant) -> [KeyTransition] {
        guard let index = self.index(of: label) else { return [] }
        self.noteMemoryChange()
        return self.entries[index].reset()
    }
}
