/// A family as the registry sees it: something with a header and sample lines.
protocol RenderedFamily: Sendable {
    var descriptor: MetricDescriptor { get }
    var faults: FamilyFaults { get }
    /// Appends the sample lines, in a stable order. `collected` is what the collectors of this scrape reported.
    func write(to writer: inout ExpositionWriter, collected: SampleWriter)
}
