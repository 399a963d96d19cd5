// The rules of the Prometheus data model (https://prometheus.io/docs/concepts/data_model/) and of the OpenMetrics 1.0
// specification, "Metric naming and namespaces".

extension MetricDescriptor {
    /// Why this declaration would produce invalid output, `nil` if it would not.
    ///
    /// Declarations are constants of the program, so a registry refuses a faulty one with a precondition.
    public var fault: String? {
        if !Self.isName(self.name, allowingColon: true) { return "\(self.name): not a metric name" }
        if (self.kind == .counter) != self.name.hasSuffix("_total") {
            return "\(self.name): counters and only counters end in _total"
        }
        if self.kind != .histogram, ["_bucket", "_count", "_sum"].contains(where: self.name.hasSuffix) {
            return "\(self.name): the suffix belongs to histograms"
        }
        if self.help.isEmpty { return "\(self.name): no help text" }
        for label in self.labels {
            if !Self.isName(label.name, allowingColon: false) || label.name.hasPrefix("__") {
                return "\(self.name): \(label.name) is not a label name"
            }
            if self.kind == .histogram, label.name == "le" { return "\(self.name): le is the buckets' own label" }
            if let maximum = label.maximumValues, maximum < 1 { return "\(self.name): \(label.name) allows no value" }
        }
        if Set(self.labels.map(\.name)).count != self.labels.count { return "\(self.name): a label occurs twice" }
        return nil
    }

    /// Every name that this family's lines may carry in either format; no other family may use one of them.
    var claimedNames: [String] {
        switch self.kind {
        case .counter: [self.name, self.openMetricsName, self.openMetricsName + "_created"]
        case .gauge: [self.name]
        case .histogram: [self.name] + ["_bucket", "_count", "_sum", "_created"].map { self.name + $0 }
        }
    }

    /// The name of the family in OpenMetrics, where a counter's does not include `_total`.
    var openMetricsName: String {
        self.kind == .counter ? String(self.name.dropLast("_total".utf8.count)) : self.name
    }

    private static func isName(_ text: String, allowingColon: Bool) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"): allowingColon
            default: false
            }
        }
    }
}
