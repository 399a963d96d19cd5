import Synchronization

/// A sum that only grows: one series of a counter family.
///
/// Updates are lock-free, and a handle may be kept for ever.
///
/// Whole and fractional amounts are summed apart, so that counts stay exact beyond 2^53.
public final class Counter: Sendable {
    private let text: SeriesText
    private let faults: FamilyFaults
    private let whole = Atomic<UInt64>(0)
    private let fraction = AtomicDouble(0)

    init(text: SeriesText, faults: FamilyFaults) {
        self.text = text
        self.faults = faults
    }

    /// Adds one.
    public func increment() {
        self.whole.wrappingAdd(1, ordering: .relaxed)
    }

    /// Adds a whole amount.
    public func increment(by amount: UInt64) {
        self.whole.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Adds an amount that may be fractional, such as money.
    ///
    /// A negative or non-finite one changes nothing and is counted in `kmi_metrics_refused_updates_total`.
    public func add(_ amount: Double) {
        guard amount >= 0, amount.isFinite else { return self.faults.countRefusal() }
        self.fraction.add(amount)
    }

    /// The present sum.
    public var value: Double { Double(self.whole.load(ordering: .relaxed)) + self.fraction.value }

    func write(to writer: inout ExpositionWriter) {
        let fraction = self.fraction.value
        let whole = self.whole.load(ordering: .relaxed)
        if fraction == 0 {
            writer.sample(self.text, value: whole)
        } else {
            writer.sample(self.text, value: Double(whole) + fraction)
        }
    }
}
