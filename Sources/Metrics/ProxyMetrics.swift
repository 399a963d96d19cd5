/// The daemon's metric families, declared in one place.
///
/// `docs/metrics.md` lists the same names, types and labels.
public final class ProxyMetrics: Sendable {
    private struct RequestLabels: Sendable, Hashable {
        let dialect: String
        let provider: String
        let code: Int
    }

    private struct DurationLabels: Sendable, Hashable {
        let dialect: String
        let provider: String
        let isStream: Bool
    }

    /// The registry that all families are declared in.
    public let registry: MetricsRegistry

    /// `kmi_requests_total` by labels that need no formatting; see `requests(dialect:provider:code:)`.
    private let requestCounters: InstrumentCache<RequestLabels, Counter>
    /// `kmi_request_duration_seconds` by labels that need no formatting; see `requestDuration(dialect:provider:isStream:)`.
    private let durationHistograms: InstrumentCache<DurationLabels, Histogram>

    /// `kmi_key_requests_total`: key, provider, outcome.
    public let keyRequests: MetricFamily<Counter>
    /// `kmi_errors_total`: error class, provider.
    public let errors: MetricFamily<Counter>
    /// `kmi_time_to_first_byte_seconds`: provider.
    public let timeToFirstByte: MetricFamily<Histogram>
    /// `kmi_overhead_seconds`.
    public let overhead: Histogram
    /// `kmi_upstream_attempts_total`: provider, outcome.
    public let upstreamAttempts: MetricFamily<Counter>
    /// `kmi_retries_total`: reason.
    public let retries: MetricFamily<Counter>
    /// `kmi_in_flight_requests`.
    public let inFlightRequests: Gauge
    /// `kmi_active_streams`.
    public let activeStreams: Gauge
    /// `kmi_queued_requests`.
    public let queuedRequests: Gauge
    /// `kmi_open_connections`.
    public let openConnections: Gauge
    /// `kmi_streams_cut_total`: provider, error class.
    public let streamsCut: MetricFamily<Counter>
    /// `kmi_rejected_total`: reason.
    public let rejected: MetricFamily<Counter>
    /// `kmi_limited_total`: limit.
    public let limited: MetricFamily<Counter>
    /// `kmi_priority_requests_total`: priority, outcome.
    public let priorityRequests: MetricFamily<Counter>
    /// `kmi_queue_wait_seconds`: priority.
    public let queueWait: MetricFamily<Histogram>
    /// `kmi_concurrency_limit`.
    public let concurrencyLimit: Gauge
    /// `kmi_limit_table_entries`.
    public let limitTableEntries: Gauge
    /// `kmi_job_last_success_timestamp_seconds`: background job.
    public let jobLastSuccess: MetricFamily<Gauge>
    /// `kmi_job_failures_total`: background job.
    public let jobFailures: MetricFamily<Counter>
    /// `kmi_stage_failures_total`: stage of a request, `fault` or `timeout`.
    public let stageFailures: MetricFamily<Counter>

    private let tokens: MetricFamily<Counter>
    private let cost: MetricFamily<Counter>
    private let buildInfo: MetricFamily<Gauge>
    let scraped: ScrapedFamilies

    /// Declares the families in a registry, once.
    public init(registry: MetricsRegistry) {
        self.registry = registry
        self.requestCounters = InstrumentCache(
            registry.counter(
                "kmi_requests_total",
                help: "Requests answered, by the HTTP status sent; no provider where none was chosen.",
                labels: ["dialect", "provider", "code"]
            )
        ) { [$0.dialect, $0.provider, String($0.code)] }
        self.durationHistograms = InstrumentCache(
            registry.histogram(
                "kmi_request_duration_seconds",
                help: "Time from the first byte of a request to the last byte of its answer.",
                labels: ["dialect", "provider", "stream"],
                buckets: .durations
            )
        ) { [$0.dialect, $0.provider, $0.isStream ? "true" : "false"] }
        self.keyRequests = registry.counter(
            "kmi_key_requests_total",
            help:
                "Requests that used a key, by how the last attempt with it ended: ok or an error class; kept across restarts.",
            labels: ["key", "provider", "outcome"],
            maximumSeries: Self.maximumKeySeries
        )
        self.errors = registry.counter(
            "kmi_errors_total",
            help: "Requests that ended in an error, by error class.",
            labels: ["type", "provider"]
        )
        self.timeToFirstByte = registry.histogram(
            "kmi_time_to_first_byte_seconds",
            help: "Time from sending an attempt to the first byte of its answer's body.",
            labels: ["provider"],
            buckets: .durations
        )
        self.overhead = registry.histogram(
            "kmi_overhead_seconds",
            help: "Time a request spent in the daemon, waiting for the provider excluded.",
            buckets: .overheads
        )
        self.upstreamAttempts = registry.counter(
            "kmi_upstream_attempts_total",
            help: "Attempts made at a provider, by their outcome: ok or an error class.",
            labels: ["provider", "outcome"]
        )
        self.retries = registry.counter(
            "kmi_retries_total",
            help: "Attempts made because an earlier one of the same request failed, by its error class.",
            labels: ["reason"]
        )
        self.inFlightRequests = registry.gauge("kmi_in_flight_requests", help: "Requests being worked on.")
        self.activeStreams = registry.gauge("kmi_active_streams", help: "Streamed answers under way.")
        self.queuedRequests = registry.gauge("kmi_queued_requests", help: "Requests waiting to be admitted.")
        self.openConnections = registry.gauge("kmi_open_connections", help: "Connections of callers that are open.")
        self.streamsCut = registry.counter(
            "kmi_streams_cut_total",
            help: "Streamed answers that ended early, by error class.",
            labels: ["provider", "type"]
        )
        self.rejected = registry.counter(
            "kmi_rejected_total",
            help: "Requests refused by the daemon itself, by error code.",
            labels: ["reason"]
        )
        let limits = LimitFamilies(registry: registry)
        (self.limited, self.priorityRequests, self.queueWait) = (limits.limited, limits.priorities, limits.wait)
        (self.concurrencyLimit, self.limitTableEntries) = (limits.concurrency, limits.entries)
        (self.jobLastSuccess, self.jobFailures) = Self.jobs(in: registry)
        self.stageFailures = registry.counter(
            "kmi_stage_failures_total",
            help: "Requests that ended because a stage of their life failed or took too long, by stage and reason.",
            labels: ["stage", "reason"])
        (self.tokens, self.cost) = Self.accounts(in: registry)
        self.buildInfo = registry.gauge(
            "kmi_build_info", help: "Always 1; the labels tell what is running.",
            labels: ["version", "commit", "swift", "libcurl", "sqlite"])
        self.scraped = ScrapedFamilies(registry: registry)
    }

    /// As many models are told apart, the others are `other`.
    public static let maximumModels = 64
    /// Room for all models and classes at a dozen providers.
    static let maximumTokenSeries = 12 * (ProxyMetrics.maximumModels + 1) * 5

    /// Room for a thousand keys in each of the states, or some outcomes of each.
    static let maximumKeySeries = 1_000 * KeyState.allCases.count

    /// What is done in the background.
    private static func jobs(
        in registry: MetricsRegistry
    ) -> (lastSuccess: MetricFamily<Gauge>, failures: MetricFamily<Counter>) {
        (
            registry.gauge(
                "kmi_job_last_success_timestamp_seconds",
                help: "When a background job last did something with success, in seconds since the Unix epoch.",
                labels: ["job"]),
            registry.counter(
                "kmi_job_failures_total", help: "What background jobs tried and failed to do.", labels: ["job"])
        )
    }

    /// Tokens and money.
    private static func accounts(
        in registry: MetricsRegistry
    ) -> (tokens: MetricFamily<Counter>, cost: MetricFamily<Counter>) {
        let model = MetricLabel("model", maximumValues: Self.maximumModels)
        let tokens = registry.counter(
            "kmi_tokens_total",
            help: "Tokens of answers, by class; those of cut streams as far as they are known.",
            labels: ["provider", model, "class"],
            maximumSeries: Self.maximumTokenSeries
        )
        let cost = registry.counter(
            "kmi_cost_usd_total",
            help: "What answers cost in US dollars, where there is a price.",
            labels: ["provider", model]
        )
        return (tokens, cost)
    }

    /// The counter of requests that were answered with an HTTP status.
    ///
    /// `provider` is empty when none was chosen.
    public func requests(dialect: String, provider: String, code: Int) -> Counter {
        self.requestCounters[RequestLabels(dialect: dialect, provider: provider, code: code)]
    }

    /// The histogram of the time that whole requests took.
    public func requestDuration(dialect: String, provider: String, isStream: Bool) -> Histogram {
        self.durationHistograms[DurationLabels(dialect: dialect, provider: provider, isStream: isStream)]
    }

    /// Counts tokens of a class (contract section 8).
    public func addTokens(_ count: UInt64, class: String, provider: String, model: String) {
        self.tokens.with(provider, model, `class`).increment(by: count)
    }

    /// Counts what an answer cost, in pico-dollars.
    public func addCost(picoDollars: UInt64, provider: String, model: String) {
        self.cost.with(provider, model).add(Double(picoDollars) / 1e12)
    }

    /// States what is running; called once, at start.
    public func setBuild(version: String, commit: String, swift: String, libcurl: String, sqlite: String) {
        self.buildInfo.with(version, commit, swift, libcurl, sqlite).set(1)
    }
}
