/// What of a ``Breaker`` that is not closed outlives the process.
public struct BreakerMemory: Sendable, Equatable {
    /// When the next request is let through; it may have passed, then a probe is due.
    public var retryAt: WallTime
    /// How many probes in succession failed: the open time doubles with each.
    public var failedProbes: Int

    /// Makes a memory.
    public init(retryAt: WallTime, failedProbes: Int) {
        self.retryAt = retryAt
        self.failedProbes = failedProbes
    }
}

extension Breaker {
    /// What is to be remembered; `nil` while it is closed.
    ///
    /// A probe that is running is not: who waited for it is gone after a restart, and another one takes its place.
    public func memory(at now: Moment) -> BreakerMemory? {
        guard let opening = self.opening else { return nil }
        let (distance, overflow) = opening.until.nanoseconds.subtractingReportingOverflow(now.instant.nanoseconds)
        // Rounded up, so that no restart makes the wait shorter.
        let nanoseconds = overflow ? (opening.until < now.instant ? Int64.min : .max) : distance
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1000)
        let (sum, overflowed) = now.wallTime.microseconds.addingReportingOverflow(rest > 0 ? whole + 1 : whole)
        return BreakerMemory(
            retryAt: WallTime(microseconds: overflowed ? (whole < 0 ? .min : .max) : sum),
            failedProbes: opening.failedProbes)
    }

    /// Goes on where an earlier process stopped.
    ///
    /// A deadline that is further away than this one could be is brought down to that: the wall clock has jumped.
    public init(policy: Configuration.Breaker, restoring memory: BreakerMemory, at now: Moment) {
        self.init(policy: policy)
        let failedProbes = min(max(0, memory.failedProbes), Self.mostFailedProbes)
        let (distance, overflow) = memory.retryAt.microseconds.subtractingReportingOverflow(now.wallTime.microseconds)
        let longest = Self.openTime(policy, failedProbes: failedProbes).nanoseconds / 1000
        let wait = overflow ? (memory.retryAt < now.wallTime ? 0 : longest) : min(max(0, distance), longest)
        self.opening = Opening(until: now.instant + .microseconds(wait), failedProbes: failedProbes)
    }
}
