/// How many calls run at once, by who called; a pure value.
struct CallLimits: Sendable {
    /// The most calls of one peer.
    static let perPeer = 64
    /// The most calls in all.
    static let total = 512

    private var running: [BusName?: Int] = [:]

    /// The number of calls that run.
    private(set) var count = 0

    /// Counts a call that is to run; whether it may.
    mutating func begin(_ peer: BusName?) -> Bool {
        let ofPeer = self.running[peer] ?? 0
        guard self.count < Self.total, ofPeer < Self.perPeer else { return false }
        self.running[peer] = ofPeer + 1
        self.count += 1
        return true
    }

    /// Counts a call as over, which ``begin(_:)`` has admitted.
    mutating func end(_ peer: BusName?) {
        guard let ofPeer = self.running[peer] else { return }
        // Peers come and go: one that runs nothing leaves nothing behind.
        self.running[peer] = ofPeer > 1 ? ofPeer - 1 : nil
        self.count -= 1
    }
}
