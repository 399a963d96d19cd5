/// A counter or gauge family that stores nothing: its samples are reported by a collector at every scrape.
///
/// It suits values that are kept elsewhere anyway, such as the states of keys, and series that come and go.
public final class CollectedFamily: Sendable {
    /// What the family was declared as.
    public let descriptor: MetricDescriptor
    /// How many samples a scrape may have.
    ///
    /// Further ones are left out, because the sum or the last of unlike things would be a wrong number, and counted in
    /// `kmi_metrics_label_overflow_total`.
    public let maximumSeries: Int
    let faults: FamilyFaults

    init(_ descriptor: MetricDescriptor, maximumSeries: Int, faults: FamilyFaults) {
        precondition(descriptor.kind != .histogram, "\(descriptor.name): histograms cannot be collected")
        precondition(maximumSeries >= 1, "\(descriptor.name): a family needs room for one series")
        self.descriptor = descriptor
        self.maximumSeries = maximumSeries
        self.faults = faults
    }
}

extension CollectedFamily: RenderedFamily {
    func write(to writer: inout ExpositionWriter, collected: SampleWriter) {
        for (values, value) in collected.samples(of: self) {
            let labels = LabelValue.text(names: self.descriptor.labels, values: values)
            writer.sample(self.descriptor.name, labels: labels, value: value)
        }
    }
}

/// What a collector reports its samples to, for one scrape.
public struct SampleWriter {
    private var samples: [ObjectIdentifier: [[String]: Double]] = [:]

    init() {}

    /// Reports a sample, its label values in the order of the declared labels.
    ///
    /// Reported twice, the last one counts.
    public mutating func set(_ family: CollectedFamily, _ values: String..., to value: Double) {
        let descriptor = family.descriptor
        precondition(values.count == descriptor.labels.count, "\(descriptor.name): wrong number of labels")
        let values = values.map(LabelValue.neutralised)
        // Taken out while it changes, so that there is one owner and no copy.
        var known = self.samples.removeValue(forKey: ObjectIdentifier(family)) ?? [:]
        if known[values] != nil || known.count < family.maximumSeries {
            known[values] = value
        } else {
            family.faults.countOverflow()
        }
        self.samples[ObjectIdentifier(family)] = known
    }

    func samples(of family: CollectedFamily) -> [(values: [String], value: Double)] {
        self.samples[ObjectIdentifier(family), default: [:]]
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { (values: $0.key, value: $0.value) }
    }
}
