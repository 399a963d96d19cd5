/// The families that tell of limits and of the queue.
struct LimitFamilies {
    let limited: MetricFamily<Counter>
    let priorities: MetricFamily<Counter>
    let wait: MetricFamily<Histogram>
    let concurrency: Gauge
    let entries: Gauge

    /// Declares them.
    init(registry: MetricsRegistry) {
        self.limited = registry.counter(
            "kmi_limited_total",
            help: "Requests refused because of a limit on callers, addresses, all requests or the queue, by limit.",
            labels: ["limit"]
        )
        self.priorities = registry.counter(
            "kmi_priority_requests_total",
            help: "Requests that asked for a place, by priority and by whether they got one at once, later or not.",
            labels: ["priority", "outcome"]
        )
        self.wait = registry.histogram(
            "kmi_queue_wait_seconds",
            help: "Time that requests waited for a place before they got it.",
            labels: ["priority"],
            buckets: .durations
        )
        self.concurrency = registry.gauge(
            "kmi_concurrency_limit",
            help:
                "Requests let in at once right now; lower than configured while providers fall behind, 0 for no limit."
        )
        self.entries = registry.gauge(
            "kmi_limit_table_entries", help: "Callers and addresses whose use of limits is kept.")
    }
}
