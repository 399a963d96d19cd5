import Synchronization

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
    /// The series of earlier scrapes, so that their text is not made anew.
    private let known = Mutex(SeriesTable())

    init(_ descriptor: MetricDescriptor, maximumSeries: Int, faults: FamilyFaults) {
        precondition(descriptor.kind != .histogram, "\(descriptor.name): histograms cannot be collected")
        precondition(maximumSeries >= 1, "\(descriptor.name): a family needs room for one series")
        self.descriptor = descriptor
        self.maximumSeries = maximumSeries
        self.faults = faults
    }
    /// What a scrape begins with: the series of the one before, of which none is reported yet.
    func begin() -> CollectedSamples { CollectedSamples(self.known.withLock(\.self)) }
}

extension CollectedFamily: RenderedFamily {
    func write(to writer: inout ExpositionWriter, collected: SampleWriter) {
        guard let samples = collected.samples(of: self) else { return self.known.withLock { $0 = SeriesTable() } }
        samples.write(to: &writer)
        // Scrapes may overlap; whichever ends last leaves what the next one begins with.
        let table = samples.tableForNextScrape()
        self.known.withLock { $0 = table }
    }
}

/// What a collector reports its samples to, for one scrape.
public struct SampleWriter {
    private var samples: [ObjectIdentifier: CollectedSamples] = [:]

    init() {}

    /// Reports a sample, its label values in the order of the declared labels.
    ///
    /// Reported twice, the last one counts.
    public mutating func set(_ family: CollectedFamily, _ values: String..., to value: Double) {
        let descriptor = family.descriptor
        precondition(values.count == descriptor.labels.count, "\(descriptor.name): wrong number of labels")
        let samples = self.samples[ObjectIdentifier(family)] ?? self.begin(family)
        if !samples.set(values, to: value, of: descriptor, maximumSeries: family.maximumSeries) {
            family.faults.countOverflow()
        }
    }

    private mutating func begin(_ family: CollectedFamily) -> CollectedSamples {
        let samples = family.begin()
        self.samples[ObjectIdentifier(family)] = samples
        return samples
    }

    func samples(of family: CollectedFamily) -> CollectedSamples? { self.samples[ObjectIdentifier(family)] }
}
