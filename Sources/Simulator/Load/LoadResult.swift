/// What came of a load.
struct LoadResult: Sendable, Equatable {
    /// How one request ended.
    enum Outcome: Sendable, Equatable {
        /// The answer is there, to its end.
        case complete
        /// The answer broke off: an error event, no end, or a connection that ended before.
        case cut
        /// The caller left, as the plan wants it.
        case left
        /// Another status than 200.
        case refused(Int)
        /// There was no answer at all.
        case failed
    }

    /// Requests that ended, each way.
    var complete = 0
    var cut = 0
    var left = 0
    var failed = 0
    var refused: [Int: Int] = [:]
    /// Of the complete ones, those that were streams.
    var completeStreams = 0
    /// Requests that asked for usage.
    var asked = 0
    /// Requests that had not ended when the time was over.
    var unfinished = 0
    /// Events that were seen.
    var events = 0
    /// Complete answers that told a usage.
    var reporting = 0
    /// What they told.
    var tokens = ReportedTokens()
    /// Milliseconds from the request to the first event of its answer, for the streams of the load.
    var firstEvents: [Double] = []
    /// The same for the probes.
    var probes: [Double] = []
    /// Probes without an answer.
    var failedProbes = 0
    /// How long all of it took.
    var seconds = 0.0

    /// Counts the end of a request.
    mutating func count(_ outcome: Outcome, of request: LoadPlan.Request, _ answer: LoadAnswer?) {
        if request.asks { self.asked += 1 }
        self.events += answer?.events ?? 0
        switch outcome {
        case .complete:
            self.complete += 1
            if request.isStream { self.completeStreams += 1 }
            guard let usage = answer?.usage else { return }
            self.reporting += 1
            self.tokens += usage
        case .cut: self.cut += 1
        case .left: self.left += 1
        case .refused(let status): self.refused[status, default: 0] += 1
        case .failed: self.failed += 1
        }
    }

    /// The result as one line.
    var line: String {
        let refused = self.refused.sorted { $0.key < $1.key }
        let value: JSONValue = [
            "event": "load", "complete": .integer(self.complete), "cut": .integer(self.cut),
            "left": .integer(self.left), "failed": .integer(self.failed), "unfinished": .integer(self.unfinished),
            "refused": .object(refused.map { .init(name: String($0.key), value: .integer($0.value)) }),
            "complete_streams": .integer(self.completeStreams), "asked": .integer(self.asked),
            "events": .integer(self.events), "reporting": .integer(self.reporting), "tokens": self.tokens.json,
            "first_event": Self.distribution(self.firstEvents), "probes": Self.distribution(self.probes),
            "failed_probes": .integer(self.failedProbes), "seconds": .number(Self.rounded(self.seconds)),
        ]
        return value.text + "\n"
    }

    private static func distribution(_ values: [Double]) -> JSONValue {
        let sorted = values.sorted()
        func quantile(_ share: Double) -> JSONValue {
            sorted.isEmpty ? nil : .number(Self.rounded(sorted[Int(Double(sorted.count - 1) * share)]))
        }
        return [
            "count": .integer(sorted.count), "p50_ms": quantile(0.5), "p99_ms": quantile(0.99), "max_ms": quantile(1),
        ]
    }

    private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}
