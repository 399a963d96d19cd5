internal import ProxyCore

// Counts that are not on disk yet are kept as a difference.
extension UsageCounts {
    /// Whether nothing was counted.
    var isEmpty: Bool { self.keys.isEmpty && self.clients.isEmpty }

    /// Adds what was counted elsewhere.
    mutating func merge(_ other: UsageCounts) {
        if self.isEmpty {
            self = other
            return
        }
        for (id, key) in other.keys {
            var sum = self.keys[id] ?? Key()
            sum.outcomes.merge(key.outcomes) { $0 &+ $1 }
            sum.errors.merge(key.errors) { $0 &+ $1 }
            sum.lastUsedAt = Self.later(sum.lastUsedAt, key.lastUsedAt)
            self.keys[id] = sum
        }
        for (name, client) in other.clients {
            var sum = self.clients[name] ?? Client()
            sum.requests &+= client.requests
            sum.lastSeenAt = Self.later(sum.lastSeenAt, client.lastSeenAt)
            self.clients[name] = sum
        }
    }

    fileprivate static func later(_ left: WallTime?, _ right: WallTime?) -> WallTime? {
        guard let left, let right else { return left ?? right }
        return max(left, right)
    }
}

extension UsageCounts.Key {
    /// Takes what is stored of one outcome.
    mutating func load(_ count: UInt64, of outcome: String, lastUsedAt: WallTime?) {
        self.outcomes[outcome] = count
        self.lastUsedAt = UsageCounts.later(self.lastUsedAt, lastUsedAt)
    }
}
