/// A limit on what comes in time, of which a whole period's worth may come at once.
///
/// The virtual scheduling form of the generic cell rate algorithm (ITU-T I.371, annex A): what was used is one number, the
/// arrival, instead of a level and its time, and nothing is rounded in the caller's favour. In no stretch of time is more
/// admitted than the burst and the rate times the stretch (T-037).
///
/// The limit and what was used of it are kept apart, so that another limit takes over what was used: what was used up for
/// a part of the period is used up for it still, however much that is now.
struct RateLimit: Sendable, Equatable {
    /// How far apart units are at the rate, rounded up: in nanoseconds.
    let interval: Int64
    /// How far ahead of the rate a burst may run, in nanoseconds.
    let tolerance: Int64

    /// An arrival of which nothing is used.
    static let unused = Int64.min / 2
    /// How far tokens may run ahead of the rate at most: whatever a provider reports, its caller waits no longer.
    static let longestDebt = Duration.seconds(3600)

    /// A limit of so many units in a period; `nil` without one.
    init?(_ amount: Int?, per period: Duration) {
        guard let amount, amount > 0 else { return nil }
        let burst = Int64(amount)
        self.interval = max(1, (period.nanoseconds - 1) / burst + 1)
        let (product, overflow) = (burst - 1).multipliedReportingOverflow(by: self.interval)
        self.tolerance = overflow ? period.nanoseconds : product
    }

    /// When there is room for a unit; in the past while there is.
    func opensAt(_ arrival: Int64) -> Instant { Instant(nanoseconds: arrival - self.tolerance) }

    /// The arrival after one more unit at a moment.
    func taking(from arrival: Int64, at now: Instant) -> Int64 {
        (Instant(nanoseconds: max(arrival, now.nanoseconds)) + .nanoseconds(self.interval)).nanoseconds
    }

    /// The arrival after an amount that was not asked for before it was used: a debt, which is waited for in full but for
    /// what is beyond ``longestDebt``.
    func spending(_ amount: Int64, from arrival: Int64, at now: Instant) -> Int64 {
        guard amount > 0 else { return arrival }
        let (product, overflow) = amount.multipliedReportingOverflow(by: self.interval)
        let start = Instant(nanoseconds: max(arrival, now.nanoseconds))
        let next = start + .nanoseconds(overflow ? .max : product)
        let most = now + .nanoseconds(self.tolerance) + Self.longestDebt
        return max(arrival, min(next, most).nanoseconds)
    }

    /// The arrival when a unit is given back that was never used.
    ///
    /// - Parameters:
    ///   - taken: The arrival right after it was taken. What time has given back since is not given back twice.
    func givingBack(_ taken: Int64, from arrival: Int64, at now: Instant) -> Int64 {
        arrival - max(0, min(self.interval, taken - now.nanoseconds))
    }
}
