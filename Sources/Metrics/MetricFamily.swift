import Synchronization

/// All series of one name: a `Counter`, `Gauge` or `Histogram` for each combination of label values.
///
/// The number of series is bounded. Past the bound of the family every new combination lands in the one series whose
/// label values are all `other`; past the bound of a label the value of that label becomes `other`. Either is counted in
/// `kmi_metrics_label_overflow_total`.
public final class MetricFamily<Instrument: AnyObject & Sendable>: Sendable {
    private struct Series {
        let values: [String]
        let instrument: Instrument
    }

    private struct State {
        var instruments: [[String]: Instrument] = [:]
        /// Sorted by label values, so that two expositions list them in the same order.
        var sorted: [Series] = []
        /// The values seen of each label that has a bound, by the label's position.
        var seen: [Set<String>]
    }

    /// What the family was declared as.
    public let descriptor: MetricDescriptor
    /// How many combinations of label values are kept apart.
    public let maximumSeries: Int
    let faults: FamilyFaults
    private let make: @Sendable (_ labels: String) -> Instrument
    private let writeInstrument: @Sendable (Instrument, inout ExpositionWriter) -> Void
    private let state: Mutex<State>

    init(
        _ descriptor: MetricDescriptor,
        maximumSeries: Int,
        faults: FamilyFaults,
        make: @escaping @Sendable (_ labels: String) -> Instrument,
        write: @escaping @Sendable (Instrument, inout ExpositionWriter) -> Void
    ) {
        precondition(maximumSeries >= 1, "\(descriptor.name): a family needs room for one series")
        self.descriptor = descriptor
        self.maximumSeries = maximumSeries
        self.faults = faults
        self.make = make
        self.writeInstrument = write
        self.state = Mutex(State(seen: Array(repeating: [], count: descriptor.labels.count)))
    }

    /// The instrument of a combination of label values, given in the order of the declared labels.
    ///
    /// Costs a lock and a dictionary look-up; whoever updates often keeps what it gets.
    public func with(_ values: String...) -> Instrument {
        self.instrument(for: values).instrument
    }

    /// The instrument of a combination of label values, and whether it stands for others too.
    func instrument(for values: [String]) -> (instrument: Instrument, isOverflow: Bool) {
        precondition(values.count == self.descriptor.labels.count, "\(self.descriptor.name): wrong number of labels")
        let found = self.state.withLock { state -> (instrument: Instrument, isOverflow: Bool) in
            // Stored values are harmless ones, so an unclean value is never found here.
            if let instrument = state.instruments[values] { return (instrument, false) }
            return self.add(values.map(LabelValue.neutralised), to: &state)
        }
        if found.isOverflow { self.faults.countOverflow() }
        return found
    }

    private func add(_ values: [String], to state: inout State) -> (instrument: Instrument, isOverflow: Bool) {
        var values = values
        var isOverflow = false
        for (position, label) in self.descriptor.labels.enumerated() {
            guard let maximum = label.maximumValues, values[position] != LabelValue.other else { continue }
            let seen = state.seen[position]
            if seen.count >= maximum, !seen.contains(values[position]) {
                values[position] = LabelValue.other
                isOverflow = true
            }
        }
        if let instrument = state.instruments[values] { return (instrument, isOverflow) }
        if state.instruments.count >= self.maximumSeries {
            values = values.map { _ in LabelValue.other }
            isOverflow = true
            if let instrument = state.instruments[values] { return (instrument, isOverflow) }
        }
        return (self.insert(values, into: &state), isOverflow)
    }

    private func insert(_ values: [String], into state: inout State) -> Instrument {
        for (position, label) in self.descriptor.labels.enumerated()
        where label.maximumValues != nil && values[position] != LabelValue.other {
            state.seen[position].insert(values[position])
        }
        let instrument = self.make(LabelValue.text(names: self.descriptor.labels, values: values))
        state.instruments[values] = instrument
        var low = 0
        var high = state.sorted.count
        while low < high {
            let middle = (low + high) / 2
            if state.sorted[middle].values.lexicographicallyPrecedes(values) { low = middle + 1 } else { high = middle }
        }
        state.sorted.insert(Series(values: values, instrument: instrument), at: low)
        return instrument
    }
}

extension MetricFamily: RenderedFamily {
    func write(to writer: inout ExpositionWriter, collected: SampleWriter) {
        let series = self.state.withLock { $0.sorted }
        for one in series { self.writeInstrument(one.instrument, &writer) }
    }
}
