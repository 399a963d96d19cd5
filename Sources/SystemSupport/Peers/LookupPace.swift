/// When the next round of look-ups may begin, in nanoseconds since boot.
///
/// The first one begins at once; while many connections come they wait for one another, so that looking through all
/// processes takes no more than a tenth of one processor.
struct LookupPace: Equatable, Sendable {
    /// The time between the ends of two rounds at least.
    static let pause: Int64 = 250_000_000
    /// How much longer than a round the pause after it is.
    static let restPerWork: Int64 = 9

    private var notBefore = Int64.min

    /// How long to wait from now on.
    func delay(at now: Int64) -> Int64 {
        self.notBefore > now ? self.notBefore - now : 0
    }

    /// A round is over.
    mutating func ended(began: Int64, at now: Int64) {
        let work = max(0, now - began)
        self.notBefore = now + max(Self.pause, work * Self.restPerWork)
    }
}
