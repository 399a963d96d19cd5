/// How requests were spread over keys: the rows of `SummarizeRequests`.
public struct RequestSummary: Sendable, Equatable {
    /// What one key has served.
    public struct Row: Sendable, Equatable {
        /// The key's label.
        public var key = ""
        /// Its provider.
        public var provider = ""
        /// Requests that were answered with it, or that it was tried for last.
        public var requests: UInt64 = 0
        /// Whether the rotation gives it turns now: it is enabled, and no enabled key of its provider has a higher priority.
        public var isEligible = false
        /// The share that it ought to have, in proportion to the other keys of its provider: its weight in the mode
        /// `weighted`, else 1; at least 1.
        public var weight: UInt32 = 1

        /// Makes a row that nothing is known of.
        public init() {}
    }

    /// The keys, those without requests included, in the order of the configuration; keys that are gone behind.
    public var rows: [Row]

    /// Makes a summary.
    public init(rows: [Row]) {
        self.rows = rows
    }

    /// The providers, in the order in which they first occur.
    public var providers: [String] {
        self.rows.reduce(into: []) { if !$0.contains($1.provider) { $0.append($1.provider) } }
    }

    /// The share of a key in the requests of its provider, 0 to 1; 0 where there were none.
    public func share(of row: Row) -> Double {
        let total = self.rows.filter { $0.provider == row.provider }.reduce(UInt64(0)) { $0 &+ $1.requests }
        return total == 0 ? 0 : Double(row.requests) / Double(total)
    }

    /// How evenly the eligible keys of a provider have served, 0 to 1; `nil` where there are too few requests to tell.
    public func confidence(of provider: String) -> Double? {
        let eligible = self.rows.filter { $0.provider == provider && $0.isEligible }
        return RotationConfidence.of(eligible.map { (requests: $0.requests, weight: $0.weight) })
    }

    /// The confidence over all providers, each one counting as much as it has served; `nil` where it is known of none.
    ///
    /// Keys of different providers do not take turns with each other, so that they are not compared.
    public var confidence: Double? {
        var sum = 0.0
        var total = 0.0
        for provider in self.providers {
            guard let confidence = self.confidence(of: provider) else { continue }
            let requests = self.rows.filter { $0.provider == provider && $0.isEligible }
                .reduce(0.0) { $0 + Double($1.requests) }
            sum += confidence * requests
            total += requests
        }
        return total > 0 ? sum / total : nil
    }
}
