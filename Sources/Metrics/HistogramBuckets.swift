/// The upper bounds of a histogram's buckets; the bucket without a bound (`+Inf`) is always there and not listed.
public struct HistogramBuckets: Sendable, Hashable {
    /// The finite upper bounds, each belonging to its bucket, in ascending order.
    public let upperBounds: [Double]
    /// The bounds as values of the label `le`, `+Inf` included, with what follows them on the line: `0.5"} `.
    ///
    /// One spelling in both formats (`1.0`, not `1`), so that a series keeps its identity whichever a scraper asks for.
    let endings: [[UInt8]]

    /// Buckets with the given upper bounds, which must be finite and strictly ascending.
    public init(_ upperBounds: [Double]) {
        precondition(
            !upperBounds.isEmpty && upperBounds.allSatisfy(\.isFinite)
                && zip(upperBounds, upperBounds.dropFirst()).allSatisfy(<),
            "bucket bounds must be finite and ascending"
        )
        self.upperBounds = upperBounds
        self.endings = (upperBounds.map(\.description) + ["+Inf"]).map { Array("\($0)\"} ".utf8) }
    }

    /// For the duration of requests: 5 ms to 600 s.
    public static let durations = HistogramBuckets([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
    ])

    /// For the daemon's own share of a request: 50 µs to 250 ms.
    public static let overheads = HistogramBuckets([
        0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
    ])

    /// The index of the bucket that a value falls into; the one past the last bound is `+Inf`.
    func index(of value: Double) -> Int {
        var low = 0
        var high = self.upperBounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= self.upperBounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
