/// A limit on requests in time, of which a whole period's worth may come at once.
///
/// The virtual scheduling form of the generic cell rate algorithm (ITU-T I.371, annex A): one number instead of a level
/// and its time, without rounding. In no stretch of time it admits more than the burst and the rate times the stretch.
struct RateBucket: Sendable, Equatable {
    /// How far apart requests are at the rate, rounded up: in nanoseconds.
    private let interval: Int64
    /// How far ahead of the rate a burst may run, in nanoseconds.
    private let tolerance: Int64
    /// When the next request would come if all of them came at the rate, in nanoseconds since boot.
    private var arrival: Int64 = .min / 2

    /// A limit of so many requests in a period; `nil` without one.
    init?(_ requests: Int?, per period: Duration) {
        guard let requests, requests > 0 else { return nil }
        let burst = Int64(requests)
        self.interval = max(1, (period.nanoseconds - 1) / burst + 1)
        let (product, overflow) = (burst - 1).multipliedReportingOverflow(by: self.interval)
        self.tolerance = overflow ? period.nanoseconds : product
    }

    /// When there is room for a request; in the past while there is.
    var opensAt: Instant { Instant(nanoseconds: self.arrival - self.tolerance) }

    /// Counts a request.
    mutating func take(at now: Instant) {
        let next = Instant(nanoseconds: max(self.arrival, now.nanoseconds)) + .nanoseconds(self.interval)
        self.arrival = next.nanoseconds
    }

    /// Counts what a former limit of the same period still counts at a moment.
    ///
    /// A limit that was used up for a part of the period is used up for it still, however many requests that is now: what
    /// runs ahead of the rate is at most the period for both.
    mutating func takeOver(_ former: RateBucket?) {
        guard let former else { return }
        self.arrival = former.arrival
    }
}
