import Synchronization

/// All families of a process.
///
/// Families are declared once, at start; declaring is a matter of constants, so a faulty name or one that is taken is a
/// precondition.
public final class MetricsRegistry: Sendable {
    /// Reports samples at scrape time.
    ///
    /// It runs on the thread that renders and holds no lock of the registry.
    public typealias Collector = @Sendable (inout SampleWriter) -> Void

    private struct Family {
        let series: any RenderedFamily
        let header: FamilyHeader
        /// Its name, if overflows of it are reported: the label sets of all families but those about the registry are bounded.
        let boundedName: String?
    }

    private struct State {
        /// Sorted by name.
        var families: [Family] = []
        var claimedNames: Set<String> = []
        var collectors: [Collector] = []
    }

    /// How many series a labelled family has unless it says otherwise.
    public static let defaultMaximumSeries = 1_000

    private let state = Mutex(State())
    private let overflows: CollectedFamily
    private let refusals: CollectedFamily

    /// A registry that knows no families but the two about itself.
    public init() {
        self.overflows = Self.ownCounter(
            "kmi_metrics_label_overflow_total",
            help: "Look-ups and samples past a bound of the family's label set."
        )
        self.refusals = Self.ownCounter(
            "kmi_metrics_refused_updates_total",
            help: "Updates refused because the amount was negative or not a number."
        )
        self.add(self.overflows, isItself: true)
        self.add(self.refusals, isItself: true)
    }

    /// Declares a counter with labels.
    public func counter(
        _ name: String,
        help: String,
        labels: [MetricLabel],
        maximumSeries: Int = MetricsRegistry.defaultMaximumSeries
    ) -> MetricFamily<Counter> {
        let faults = FamilyFaults()
        return self.add(
            MetricFamily(
                MetricDescriptor(name: name, help: help, kind: .counter, labels: labels),
                maximumSeries: maximumSeries,
                faults: faults,
                make: { Counter(text: SeriesText(name, labels: $0), faults: faults) },
                write: { $0.write(to: &$1) }
            )
        )
    }

    /// Declares a counter without labels.
    public func counter(_ name: String, help: String) -> Counter {
        self.counter(name, help: help, labels: []).with()
    }

    /// Declares a gauge with labels.
    public func gauge(
        _ name: String,
        help: String,
        labels: [MetricLabel],
        maximumSeries: Int = MetricsRegistry.defaultMaximumSeries
    ) -> MetricFamily<Gauge> {
        let faults = FamilyFaults()
        return self.add(
            MetricFamily(
                MetricDescriptor(name: name, help: help, kind: .gauge, labels: labels),
                maximumSeries: maximumSeries,
                faults: faults,
                make: { Gauge(text: SeriesText(name, labels: $0), faults: faults) },
                write: { $0.write(to: &$1) }
            )
        )
    }

    /// Declares a gauge without labels.
    public func gauge(_ name: String, help: String) -> Gauge {
        self.gauge(name, help: help, labels: []).with()
    }

    /// Declares a histogram with labels.
    public func histogram(
        _ name: String,
        help: String,
        labels: [MetricLabel],
        buckets: HistogramBuckets,
        maximumSeries: Int = MetricsRegistry.defaultMaximumSeries
    ) -> MetricFamily<Histogram> {
        let faults = FamilyFaults()
        return self.add(
            MetricFamily(
                MetricDescriptor(name: name, help: help, kind: .histogram, labels: labels),
                maximumSeries: maximumSeries,
                faults: faults,
                make: { Histogram(text: HistogramText(name, labels: $0), buckets: buckets, faults: faults) },
                write: { $0.write(to: &$1) }
            )
        )
    }

    /// Declares a histogram without labels.
    public func histogram(_ name: String, help: String, buckets: HistogramBuckets) -> Histogram {
        self.histogram(name, help: help, labels: [], buckets: buckets).with()
    }

    /// Declares a counter or gauge whose samples come from collectors.
    public func collected(
        _ kind: MetricKind,
        _ name: String,
        help: String,
        labels: [MetricLabel] = [],
        maximumSeries: Int = MetricsRegistry.defaultMaximumSeries
    ) -> CollectedFamily {
        self.add(
            CollectedFamily(
                MetricDescriptor(name: name, help: help, kind: kind, labels: labels),
                maximumSeries: maximumSeries,
                faults: FamilyFaults()
            )
        )
    }

    /// Has a collector called at every scrape, before anything is written; it may also set gauges.
    public func collect(_ collector: @escaping Collector) {
        self.state.withLock { $0.collectors.append(collector) }
    }

    /// What was declared, sorted by name.
    public var descriptors: [MetricDescriptor] {
        self.state.withLock { $0.families.map(\.series.descriptor) }
    }

    /// Appends all families to `bytes`, sorted by name, each with its series in a stable order.
    public func render(_ format: ExpositionFormat, into bytes: inout [UInt8]) {
        let (families, collectors) = self.state.withLock { ($0.families, $0.collectors) }
        var collected = SampleWriter()
        for collector in collectors { collector(&collected) }
        for family in families {
            let faults = family.series.faults
            if let name = family.boundedName { collected.set(self.overflows, name, to: Double(faults.overflowCount)) }
            if faults.refusalCount > 0 {
                collected.set(self.refusals, family.series.descriptor.name, to: Double(faults.refusalCount))
            }
        }
        var writer = ExpositionWriter(format: format, bytes: bytes)
        // The writer is now the only owner, so that appending does not copy.
        bytes = []
        for family in families {
            writer.header(family.header)
            family.series.write(to: &writer, collected: collected)
        }
        writer.end()
        bytes = writer.bytes
    }

    /// All families as text.
    public func render(_ format: ExpositionFormat) -> String {
        var bytes: [UInt8] = []
        self.render(format, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @discardableResult
    private func add<Series: RenderedFamily>(_ series: Series, isItself: Bool = false) -> Series {
        let descriptor = series.descriptor
        let fault = descriptor.fault
        precondition(fault == nil, fault ?? "")
        self.state.withLock { state in
            for name in Set(descriptor.claimedNames) {
                precondition(state.claimedNames.insert(name).inserted, "\(descriptor.name): \(name) is taken")
            }
            let index =
                state.families.firstIndex { descriptor.name < $0.series.descriptor.name } ?? state.families.count
            let family = Family(
                series: series, header: FamilyHeader(descriptor),
                boundedName: descriptor.labels.isEmpty || isItself ? nil : descriptor.name)
            state.families.insert(family, at: index)
        }
        return series
    }

    private static func ownCounter(_ name: String, help: String) -> CollectedFamily {
        // One series for each family at most, and families are constants of the program.
        CollectedFamily(
            MetricDescriptor(name: name, help: help, kind: .counter, labels: ["family"]),
            maximumSeries: Self.defaultMaximumSeries,
            faults: FamilyFaults()
        )
    }
}
