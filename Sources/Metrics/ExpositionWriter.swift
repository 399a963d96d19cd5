/// Lines of one exposition, appended to a byte array.
struct ExpositionWriter {
    let format: ExpositionFormat
    private(set) var bytes: [UInt8]

    /// The `# HELP` and `# TYPE` lines.
    ///
    /// OpenMetrics names a counter's family without `_total` and escapes quotes in help.
    mutating func header(_ descriptor: MetricDescriptor) {
        let isOpenMetrics = self.format == .openMetrics
        let name = isOpenMetrics ? descriptor.openMetricsName : descriptor.name
        self.append("# HELP ", name, " ", LabelValue.escaped(descriptor.help, quotes: isOpenMetrics), "\n")
        self.append("# TYPE ", name, " ", descriptor.kind.rawValue, "\n")
    }

    mutating func sample(_ name: String, suffix: String = "", labels: String, bound: String? = nil, value: UInt64) {
        self.series(name, suffix: suffix, labels: labels, bound: bound)
        self.append(String(value), "\n")
    }

    mutating func sample(_ name: String, suffix: String = "", labels: String, value: Double) {
        self.series(name, suffix: suffix, labels: labels, bound: nil)
        self.append(Self.text(of: value), "\n")
    }

    /// Ends the exposition, for which OpenMetrics has a line.
    mutating func end() {
        if self.format == .openMetrics { self.append("# EOF\n") }
    }

    /// The shortest decimal that reads back as the same number; whole numbers without a fraction.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Up to here every whole number is exact.
        if value == value.rounded(.towardZero), value.magnitude <= 0x1p53 { return String(Int64(value)) }
        return value.description
    }

    private mutating func series(_ name: String, suffix: String, labels: String, bound: String?) {
        self.append(name, suffix)
        switch (labels.isEmpty, bound) {
        case (true, nil): self.append(" ")
        case (false, nil): self.append("{", labels, "} ")
        case (true, .some(let bound)): self.append("{le=\"", bound, "\"} ")
        case (false, .some(let bound)): self.append("{", labels, ",le=\"", bound, "\"} ")
        }
    }

    private mutating func append(_ texts: String...) {
        for text in texts { self.bytes.append(contentsOf: text.utf8) }
    }
}
