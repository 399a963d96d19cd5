import ProxyCore

/// One connection whose caller is looked for.
struct PendingPeer: Sendable {
    /// Its ends.
    var ends: ConnectionEnds
    /// Where to put what is found.
    var observation: PeerObservation
    /// When it was seen, in clock ticks since boot.
    var seenAtTicks: UInt64
}

/// The connections that wait for the next round of look-ups.
struct PendingPeers: Sendable {
    /// How many wait; what comes beyond that stays unknown.
    static let maximum = 4_096

    private var peers: [PendingPeer] = []
    private var isScheduled = false

    /// How many wait.
    var count: Int { self.peers.count }

    /// Adds one, if there is room; tells whether a round has to be scheduled now.
    mutating func add(_ peer: PendingPeer) -> Bool {
        guard self.peers.count < Self.maximum else { return false }
        self.peers.append(peer)
        defer { self.isScheduled = true }
        return !self.isScheduled
    }

    /// Takes all of them, for a round that begins.
    mutating func take() -> [PendingPeer] {
        defer { self.peers = [] }
        return self.peers
    }

    /// A round is over; tells whether another one has to be scheduled now.
    mutating func ended() -> Bool {
        self.isScheduled = !self.peers.isEmpty
        return self.isScheduled
    }
}
