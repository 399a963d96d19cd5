internal import ProxyCore

/// Nonces that wait for the disk.
struct PendingNonces: Sendable {
    /// How many may wait at once; those of a transaction that is running come on top.
    static let limit = 65_536

    private(set) var nonces: [UsedNonce] = []
    /// The latest time at which one was handed over.
    private(set) var latest: WallTime?

    /// Takes a nonce; false if too many wait already.
    mutating func append(_ nonce: UsedNonce, at now: WallTime) -> Bool {
        // The disk has failed for long: those that have ended meanwhile make room.
        if self.nonces.count >= Self.limit { self.nonces.removeAll { $0.expires <= now } }
        guard self.nonces.count < Self.limit else { return false }
        self.nonces.append(nonce)
        self.latest = max(self.latest ?? now, now)
        return true
    }

    /// Hands out all.
    mutating func takeAll() -> PendingNonces {
        defer { self = PendingNonces() }
        return self
    }

    /// Puts nonces back that are older than all others.
    mutating func putBack(_ older: PendingNonces) {
        self.nonces = older.nonces + self.nonces
        self.latest = [older.latest, self.latest].compactMap(\.self).max()
    }
}
