/// A value that goes up and down: one series of a gauge family.
///
/// Updates are lock-free, and a handle may be kept for ever.
public final class Gauge: Sendable {
    let labelText: String
    private let faults: FamilyFaults
    private let current = AtomicDouble(0)

    init(labelText: String, faults: FamilyFaults) {
        self.labelText = labelText
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

    func write(_ name: String, to writer: inout ExpositionWriter) {
        writer.sample(name, labels: self.labelText, value: self.current.value)
    }
}
