/// How fast places become free, as far as the last half minute tells.
struct DepartureRate: Sendable, Equatable {
    /// The length of a slot, and how many of them count.
    private static let (width, slots) = (Duration.seconds(5), 6)
    /// Nobody is told to come later than this for want of a place.
    static let longestWait = 60

    private var count = SlidingCount(capacity: DepartureRate.slots, width: DepartureRate.width)
    private var first: Instant?
    private var last: Instant?

    /// Nobody has left.
    init() {}

    /// One has left.
    mutating func add(at now: Instant) {
        self.count.add(at: now)
        if self.first == nil { self.first = now }
        self.last = now
    }

    /// In how many seconds so many will have left: whole ones, 1 to 60.
    ///
    /// - Parameter share: The share of those that leave which counts.
    func seconds(for departures: Int, share: Double = 1, at now: Instant) -> Int {
        guard let first, let last else { return 1 }
        let recent = self.count.sum(ofLast: Self.slots, at: now)
        let window = min((now - first).seconds, Self.width.seconds * Double(Self.slots))
        // If nobody has left for long, it takes at least as long again.
        guard recent > 0 else { return Self.bounded((now - last).seconds) }
        let rate = Double(recent) / max(1, window) * max(share, 0.001)
        return Self.bounded(Double(departures) / rate)
    }

    private static func bounded(_ seconds: Double) -> Int {
        Int(min(max(1, seconds.rounded(.up)), Double(Self.longestWait)))
    }
}
