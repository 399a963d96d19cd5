/// How many repeats a provider gets beside the requests: a share of those of the last minute, and ten.
///
/// Callers, their libraries and this proxy each repeat what failed, and the numbers multiply: without a bound an outage
/// brings a provider several times its load (K-008). Ten are free so that a lone caller is not left without any.
/// Moving to another key after that key was refused is no repeat in this sense.
public struct RetryBudget: Sendable, Equatable {
    /// The share of the requests of the last minute that repeats may be, 0 to 1; others are brought into that range.
    public var share: Double {
        didSet { self.share = Self.clamped(self.share) }
    }

    /// Repeats in a minute that no request is needed for.
    public static let free = 10
    /// The time over which requests and repeats count.
    public static let window: Duration = .seconds(60)

    private var requests = SlidingCount(capacity: Self.slots, width: .seconds(1))
    private var repeats = SlidingCount(capacity: Self.slots + 1, width: .seconds(1))

    private static let slots = 60

    /// Makes a budget of which nothing is spent.
    public init(share: Double) {
        self.share = Self.clamped(share)
    }

    /// Counts a caller's request, the first attempt of which goes to the provider.
    public mutating func noteRequest(at now: Instant) {
        self.requests.add(at: now)
    }

    /// Whether one more repeat would be within the budget.
    public func isAvailable(at now: Instant) -> Bool {
        // Repeats are counted over a little more than a minute and requests over a little less, so that the slots never let
        // through what an exact count would not. The last summand keeps 0.29 × 100 from being less than 29.
        let allowed = self.share * Double(self.requests.sum(ofLast: Self.slots, at: now)) + Double(Self.free) + 1e-9
        return Double(self.repeats.sum(ofLast: Self.slots + 1, at: now) + 1) <= allowed
    }

    /// Spends one repeat.
    ///
    /// - Returns: Whether there was one; nothing is spent otherwise.
    public mutating func take(at now: Instant) -> Bool {
        guard self.isAvailable(at: now) else { return false }
        self.repeats.add(at: now)
        return true
    }

    private static func clamped(_ share: Double) -> Double {
        share > 0 ? min(share, 1) : 0
    }
}
