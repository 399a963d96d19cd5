/// The series of a Prometheus text, read just well enough for sums; the strict parsers are tools of their own.
public struct MetricsText: Sendable {
    /// One line.
    public struct Series: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The labels.
        public var labels: [String: String]
        /// The value.
        public var value: Double
    }

    /// All lines that are no comments.
    public let series: [Series]

    /// Reads a text. Label values with commas, quotes or braces are not understood.
    public init(_ text: String) {
        self.series = text.split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("#"), let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...])
            else { return nil }
            let parts = line[..<space].split(separator: "{", maxSplits: 1)
            var labels: [String: String] = [:]
            if parts.count == 2 {
                for pair in parts[1].dropLast().split(separator: ",") {
                    let sides = pair.split(separator: "=", maxSplits: 1)
                    if sides.count == 2 { labels[String(sides[0])] = String(sides[1].dropFirst().dropLast()) }
                }
            }
            return Series(name: String(parts[0]), labels: labels, value: value)
        }
    }

    /// The sum of the series of a name that carry at least these labels.
    public func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        self.series
            .filter { series in series.name == name && labels.allSatisfy { series.labels[$0] == $1 } }
            .reduce(0) { $0 + $1.value }
    }
}
