/// The `# HELP` and `# TYPE` lines of a family in each format, made once for all scrapes.
struct FamilyHeader: Sendable {
    let prometheus: [UInt8]
    let openMetrics: [UInt8]

    /// The lines of a family.
    ///
    /// OpenMetrics names a counter's family without `_total` and escapes quotes in help.
    init(_ descriptor: MetricDescriptor) {
        self.prometheus = Self.lines(descriptor, name: descriptor.name, quotes: false)
        self.openMetrics = Self.lines(descriptor, name: descriptor.openMetricsName, quotes: true)
    }

    private static func lines(_ descriptor: MetricDescriptor, name: String, quotes: Bool) -> [UInt8] {
        let help = LabelValue.escaped(descriptor.help, quotes: quotes)
        return Array("# HELP \(name) \(help)\n# TYPE \(name) \(descriptor.kind.rawValue)\n".utf8)
    }
}
