import Synchronization

/// Observations in buckets: one series set of a histogram family.
///
/// A handle may be kept for ever.
///
/// An observation takes a lock for a few instructions that do not depend on how much was observed before; the lock makes
/// what is rendered one moment's state, so that `+Inf`, `_count` and `_sum` belong together.
public final class Histogram: Sendable {
    /// One moment's state.
    public struct Snapshot: Sendable, Hashable {
        /// How many observations fell into each bucket alone, `+Inf` last.
        public fileprivate(set) var counts: [UInt64]
        /// The sum of all observations.
        public fileprivate(set) var sum: Double
    }

    /// The bounds of the buckets.
    public let buckets: HistogramBuckets
    private let text: HistogramText
    private let faults: FamilyFaults
    private let totals: Mutex<Snapshot>

    init(text: HistogramText, buckets: HistogramBuckets, faults: FamilyFaults) {
        self.text = text
        self.buckets = buckets
        self.faults = faults
        self.totals = Mutex(Snapshot(counts: Array(repeating: 0, count: buckets.endings.count), sum: 0))
    }

    /// Counts an observation.
    ///
    /// A negative or non-finite one would spoil the sum for ever: it changes nothing and is counted in
    /// `kmi_metrics_refused_updates_total`.
    public func observe(_ value: Double) {
        guard value >= 0, value.isFinite else { return self.faults.countRefusal() }
        let index = self.buckets.index(of: value)
        self.totals.withLock { totals in
            totals.counts[index] &+= 1
            totals.sum += value
        }
    }

    /// Counts a duration, in seconds.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// A consistent copy of the present state.
    public func snapshot() -> Snapshot {
        self.totals.withLock { $0 }
    }

    func write(to writer: inout ExpositionWriter) {
        let snapshot = self.snapshot()
        var cumulative: UInt64 = 0
        for (ending, count) in zip(self.buckets.endings, snapshot.counts) {
            cumulative &+= count
            writer.bucket(self.text.bucket, ending, value: cumulative)
        }
        writer.sample(self.text.sum, value: snapshot.sum)
        writer.sample(self.text.count, value: cumulative)
    }
}
