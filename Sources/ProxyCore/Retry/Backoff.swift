/// How long to wait before a request is repeated at the same provider: "full jitter", a random time between nothing and a
/// bound that doubles with each step, so that those who failed together do not come back together.
public struct Backoff: Sendable, Equatable {
    /// The bound of the first step.
    public var base: Duration
    /// The highest bound.
    public var cap: Duration

    /// Makes a back-off.
    public init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    /// What the delays of a step stay below: `base` doubled so many times, but not more than `cap`.
    ///
    /// - Parameter step: From 0; negative ones count as 0.
    public func bound(step: Int) -> Duration {
        let base = max(0, self.base.nanoseconds)
        let cap = max(0, self.cap.nanoseconds)
        let doublings = max(0, step)
        // Shifted to the right instead: what is above the cap need not be representable.
        guard doublings < Int64.bitWidth - 1, base <= cap >> Int64(doublings) else {
            return .nanoseconds(base == 0 ? 0 : cap)
        }
        return .nanoseconds(base << Int64(doublings))
    }

    /// A delay, each of [0, ``bound(step:)``) as likely as any other; zero if the bound is.
    ///
    /// - Parameter step: From 0, one more for each repeat of the same request.
    public func delay(step: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let bound = self.bound(step: step).nanoseconds
        return bound > 0 ? .nanoseconds(Int64.random(in: 0..<bound, using: &random)) : .zero
    }
}
