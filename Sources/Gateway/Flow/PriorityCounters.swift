import Metrics
import ProxyCore

/// `kmi_priority_requests_total`, each series of it looked up once (L-004).
struct PriorityCounters: Sendable {
    /// What became of a request at the door.
    enum Outcome: String, CaseIterable, Sendable {
        /// It was in at once.
        case admitted
        /// It waited, and got in.
        case queued
        /// It was refused, at once or after it had waited.
        case refused
    }

    private struct Series: Hashable, Sendable {
        let priority: RequestPriority
        let outcome: Outcome
    }

    private let counters: [Series: Counter]

    /// Looks the series up; all of them are there from the beginning, so that an alert can be written for each.
    init(_ metrics: ProxyMetrics) {
        var counters: [Series: Counter] = [:]
        for priority in RequestPriority.allCases {
            for outcome in Outcome.allCases {
                counters[Series(priority: priority, outcome: outcome)] = metrics.priorityRequests.with(
                    priority.rawValue, outcome.rawValue)
            }
        }
        self.counters = counters
    }

    subscript(priority: RequestPriority, outcome: Outcome) -> Counter? {
        self.counters[Series(priority: priority, outcome: outcome)]
    }
}
