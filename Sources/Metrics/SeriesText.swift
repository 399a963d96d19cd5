/// What stands on a series' line before its value, made once for all scrapes: `name{labels} `.
struct SeriesText: Sendable {
    let bytes: [UInt8]

    /// The text of a series whose labels are written as `labels`, empty for none.
    init(_ name: String, labels: String) {
        self.bytes = Array((labels.isEmpty ? "\(name) " : "\(name){\(labels)} ").utf8)
    }
}

/// What stands on the lines of a histogram's series before the values.
struct HistogramText: Sendable {
    /// A bucket's line up to the bound, which ``HistogramBuckets/endings`` continues.
    let bucket: [UInt8]
    let sum: SeriesText
    let count: SeriesText

    init(_ name: String, labels: String) {
        self.bucket = Array("\(name)_bucket{\(labels)\(labels.isEmpty ? "" : ",")le=\"".utf8)
        self.sum = SeriesText(name + "_sum", labels: labels)
        self.count = SeriesText(name + "_count", labels: labels)
    }
}
