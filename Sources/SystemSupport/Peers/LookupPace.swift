/// When the next walk through all processes may begin, in nanoseconds since boot.
///
/// The first one begins at once; while many connections come they wait for one another, so that the walks take no more
/// than a fifth of one processor. The pause has no fixed length: most callers of this machine stay for some
/// milliseconds only.
struct LookupPace: Equatable, Sendable {
    /// How much longer than a round the pause after it is.
    static let restPerWork: Int64 = 4

    private var notBefore = Int64.min

    /// How long to wait from now on.
    func delay(at now: Int64) -> Int64 {
        self.notBefore > now ? self.notBefore - now : 0
    }

    /// A round is over.
    mutating func ended(began: Int64, at now: Int64) {
        self.notBefore = now + max(0, now - began) * Self.restPerWork
    }
}
