/// A value that goes up and down: one series of a gauge family.
///
/// Updates are lock-free, and a handle may be kept for ever.
public final class Gauge: Sendable {
    private let text: SeriesText
    private let faults: FamilyFaults
    private let current = AtomicDouble(0)

    init(text: SeriesText, faults: FamilyFaults) {
        self.text = text
        self.faults = faults
    }

    /// Replaces the value; NaN means that it is not known.
    public func set(_ value: Double) {
        self.current.value = value
    }

    /// Replaces the value by a whole number.
    public func set(_ value: Int) {
        self.current.value = Double(value)
    }

    /// Adds an amount, which may be negative.
    ///
    /// A non-finite one changes nothing and is counted in `kmi_metrics_refused_updates_total`.
    public func increment(by amount: Double = 1) {
        guard amount.isFinite else { return self.faults.countRefusal() }
        self.current.add(amount)
    }

    /// Subtracts an amount; what holds for `increment` holds here.
    public func decrement(by amount: Double = 1) {
        self.increment(by: -amount)
    }

    /// The present value.
    public var value: Double { self.current.value }

    func write(to writer: inout ExpositionWriter) {
        writer.sample(self.text, value: self.current.value)
    }
}
