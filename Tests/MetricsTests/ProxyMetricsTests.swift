import Foundation
import Metrics
import Testing

/// The contract's families (section 8) and their documentation (K-012, X-047).
struct ProxyMetricsTests {
    /// Name, type and labels as the contract has them; `process_*` has its own tests.
    private static let contract: [(String, MetricKind, [String])] = [
        ("kmi_requests_total", .counter, ["dialect", "provider", "code"]),
        ("kmi_key_requests_total", .counter, ["key", "provider", "outcome"]),
        ("kmi_listener_info", .gauge, ["listener", "tls"]),
        ("kmi_http2_abuse_total", .counter, ["reason"]),
        ("kmi_errors_total", .counter, ["type", "provider"]),
        ("kmi_request_duration_seconds", .histogram, ["dialect", "provider", "stream"]),
        ("kmi_time_to_first_byte_seconds", .histogram, ["provider"]),
        ("kmi_overhead_seconds", .histogram, []),
        ("kmi_upstream_attempts_total", .counter, ["provider", "outcome"]),
        ("kmi_retries_total", .counter, ["reason"]),
        ("kmi_key_state", .gauge, ["key", "provider", "state"]),
        ("kmi_key_usable_in_seconds", .gauge, ["key", "provider"]),
        ("kmi_key_in_flight", .gauge, ["key", "provider"]),
        ("kmi_key_remaining_ratio", .gauge, ["key", "provider", "window"]),
        ("kmi_key_warn", .gauge, ["key", "provider"]),
        ("kmi_breaker_state", .gauge, ["provider", "state"]),
        ("kmi_unmatched_errors_total", .counter, ["provider", "status", "type", "code"]),
        ("kmi_in_flight_requests", .gauge, []),
        ("kmi_active_streams", .gauge, []),
        ("kmi_queued_requests", .gauge, []),
        ("kmi_open_connections", .gauge, []),
        ("kmi_streams_cut_total", .counter, ["provider", "type"]),
        ("kmi_rejected_total", .counter, ["reason"]),
        ("kmi_limited_total", .counter, ["limit"]),
        ("kmi_memory_pressure_ratio", .gauge, []),
        ("kmi_shedding", .gauge, []),
        ("kmi_priority_requests_total", .counter, ["priority", "outcome"]),
        ("kmi_queue_wait_seconds", .histogram, ["priority"]),
        ("kmi_concurrency_limit", .gauge, []),
        ("kmi_limit_table_entries", .gauge, []),
        ("kmi_limit_table_evictions_total", .counter, []),
        ("kmi_limit_table_overflows_total", .counter, []),
        ("kmi_store_queue_depth", .gauge, []),
        ("kmi_store_bytes", .gauge, []),
        ("kmi_store_used_bytes", .gauge, []),
        ("kmi_store_wal_bytes", .gauge, []),
        ("kmi_store_deleted_total", .counter, ["table"]),
        ("kmi_tokens_total", .counter, ["provider", "model", "class"]),
        ("kmi_cost_usd_total", .counter, ["provider", "model"]),
        ("kmi_store_writes_total", .counter, ["table"]),
        ("kmi_store_errors_total", .counter, ["table"]),
        ("kmi_store_dropped_total", .counter, ["table"]),
        ("kmi_job_last_success_timestamp_seconds", .gauge, ["job"]),
        ("kmi_job_failures_total", .counter, ["job"]),
        ("kmi_degraded", .gauge, ["reason"]),
        ("kmi_warnings", .gauge, ["code"]),
        ("kmi_certificate_not_after_timestamp_seconds", .gauge, ["file"]),
        ("kmi_tls_handshake_failures_total", .counter, ["reason"]),
        ("kmi_connections_limit", .gauge, []),
        ("kmi_in_flight_limit", .gauge, []),
        ("kmi_queue_limit", .gauge, []),
        ("kmi_store_queue_limit", .gauge, []),
        ("kmi_clock_timestamp_seconds", .gauge, []),
        ("kmi_job_last_start_timestamp_seconds", .gauge, ["job"]),
        ("kmi_job_next_run_timestamp_seconds", .gauge, ["job"]),
        ("kmi_job_consecutive_failures", .gauge, ["job"]),
        ("kmi_job_overruns_total", .counter, ["job"]),
        ("kmi_job_skipped_total", .counter, ["job"]),
        ("kmi_stage_failures_total", .counter, ["stage", "reason"]),
        ("kmi_build_info", .gauge, ["version", "commit", "swift", "libcurl", "sqlite"]),
    ]

    /// All families with at least one series of each.
    static func makeRegistry() -> MetricsRegistry {
        let registry = MetricsRegistry()
        let metrics = ProxyMetrics(registry: registry)
        ProcessMetrics(registry: registry)
        metrics.setBuild(version: "0.1.0", commit: "abc", swift: "6.3.1", libcurl: "7.88.1", sqlite: "")
        metrics.requests(dialect: "openai", provider: "kimi", code: 200).increment()
        metrics.requests(dialect: "openai", provider: "", code: 401).increment()
        metrics.requestDuration(dialect: "anthropic", provider: "kimi", isStream: true).observe(.milliseconds(70))
        metrics.keyRequests.with("alpha", "kimi", "ok").increment()
        metrics.errors.with("provider_timeout", "kimi").increment()
        metrics.timeToFirstByte.with("kimi").observe(.milliseconds(30))
        metrics.overhead.observe(.microseconds(120))
        metrics.upstreamAttempts.with("kimi", "ok").increment()
        metrics.retries.with("provider_rate_limited").increment()
        metrics.streamsCut.with("kimi", "provider_unreachable").increment()
        metrics.rejected.with("unauthorized").increment()
        metrics.stageFailures.with("forward", "fault").increment()
        metrics.inFlightRequests.increment()
        metrics.collect { scrape in
            scrape.store(
                queueDepth: 3, writes: ["requests": 5], errors: ["requests": 1], dropped: ["requests": 2],
                deleted: ["requests": 4])
            scrape.storeSize(all: 4096, used: 2048, log: 1024)
            scrape.limitTables(evictions: 3, overflows: 1)
            scrape.job("backup", lastStart: 5, nextRun: 9, consecutiveFailures: 1, overruns: 2, skipped: 3)
            scrape.job("secrets", lastStart: nil, nextRun: nil, consecutiveFailures: 0, overruns: 0, skipped: 0)
            scrape.listener("127.0.0.1:7878", isEncrypted: false)
            scrape.http2Abuses(["resets": 3, "slow_head": 0])
            scrape.remaining(0.25, of: "alpha", provider: "kimi", window: "7d")
            scrape.breaker(.halfOpen, of: "kimi")
            scrape.unmatched(2, provider: "kimi", status: 418, type: "teapot", code: "")
            scrape.degraded(["storage"], of: ["bus", "storage"])
            scrape.warnings(["prices_old", "prices_old"], of: ["prices_old", "secrets_awaited"])
            scrape.certificate("certificate", endsAt: 1_800_000_000.5)
            scrape.handshakeFailures(["refused": 4, "gone": 0])
            scrape.limits(connections: 4096, inFlight: 512, queue: 256, storeQueue: 8192)
            scrape.clock(1_763_000_000.25)
            scrape.key(
                "alpha", provider: "kimi", state: .cooling, usableInSeconds: 1.5, inFlight: 2, isWarned: true)
            scrape.key(
                "<b>\"\n\u{1B}]8;;", provider: "kimi", state: .disabled, usableInSeconds: nil, inFlight: 0,
                isWarned: false)
        }
        return registry
    }

    @Test("every family has the contract's name, type and labels")
    func followsTheContract() {
        let registry = MetricsRegistry()
        _ = ProxyMetrics(registry: registry)
        let declared = Set(registry.descriptors.map { Self.row($0.name, $0.kind.rawValue, $0.labels.map(\.name)) })
        let own = Set(MetricsRegistry().descriptors.map { Self.row($0.name, $0.kind.rawValue, $0.labels.map(\.name)) })
        #expect(declared.subtracting(own) == Set(Self.contract.map { Self.row($0.0, $0.1.rawValue, $0.2) }))
    }

    @Test("a key is 1 in its state and 0 in the others; an unknown time has no series (T-039)")
    func tellsKeyStates() {
        let lines = Set(Self.makeRegistry().render(.prometheus).split(separator: "\n"))
        for state in ProxyMetrics.KeyState.allCases {
            let value = state == .cooling ? 1 : 0
            #expect(
                lines.contains("kmi_key_state{key=\"alpha\",provider=\"kimi\",state=\"\(state.rawValue)\"} \(value)"))
        }
        #expect(lines.contains("kmi_key_usable_in_seconds{key=\"alpha\",provider=\"kimi\"} 1.5"))
        #expect(lines.count { $0.hasPrefix("kmi_key_usable_in_seconds{") } == 1)
        #expect(lines.contains("kmi_key_in_flight{key=\"alpha\",provider=\"kimi\"} 2"))
    }

    @Test("plain listeners show as tls=\"off\" (K-005)")
    func tellsListeners() {
        let text = Self.makeRegistry().render(.prometheus)
        #expect(text.contains("\nkmi_listener_info{listener=\"127.0.0.1:7878\",tls=\"off\"} 1\n"))
    }

    @Test("what does not work and what stands has a series for each, with a zero where all is well (T-039, X-047)")
    func tellsStanding() {
        let lines = Set(Self.makeRegistry().render(.prometheus).split(separator: "\n"))
        for line in [
            "kmi_degraded{reason=\"storage\"} 1", "kmi_degraded{reason=\"bus\"} 0",
            "kmi_warnings{code=\"prices_old\"} 2", "kmi_warnings{code=\"secrets_awaited\"} 0",
            "kmi_certificate_not_after_timestamp_seconds{file=\"certificate\"} 1800000000.5",
            "kmi_tls_handshake_failures_total{reason=\"refused\"} 4",
            "kmi_tls_handshake_failures_total{reason=\"gone\"} 0",
            "kmi_connections_limit 4096", "kmi_in_flight_limit 512", "kmi_queue_limit 256",
            "kmi_store_queue_limit 8192", "kmi_clock_timestamp_seconds 1763000000.25",
            "kmi_key_warn{key=\"alpha\",provider=\"kimi\"} 1",
        ] {
            #expect(lines.contains(Substring(line)), "\(line)")
        }
    }

    @Test func countsRequestsByStatus() {
        let text = Self.makeRegistry().render(.prometheus)
        #expect(text.contains("\nkmi_requests_total{dialect=\"openai\",provider=\"kimi\",code=\"200\"} 1\n"))
        #expect(text.contains("\nkmi_requests_total{dialect=\"openai\",provider=\"\",code=\"401\"} 1\n"))
        let labels = "dialect=\"anthropic\",provider=\"kimi\",stream=\"true\""
        #expect(text.contains("\nkmi_request_duration_seconds_bucket{\(labels),le=\"0.1\"} 1\n"))
    }

    @Test("the table of docs/metrics.md and the declared families are the same (K-012)")
    func isDocumented() throws {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        let documented = document.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        let declared = Self.makeRegistry().descriptors.map { descriptor in
            let labels = descriptor.labels.map { "`\($0.name)`" }.joined(separator: ", ")
            let cells = [descriptor.kind.rawValue, labels.isEmpty ? "–" : labels, descriptor.help]
            return "| `\(descriptor.name)` | \(cells.joined(separator: " | ")) |"
        }
        for row in declared where !documented.contains(row) { Issue.record("not in docs/metrics.md: \(row)") }
        for row in documented where !declared.contains(row) { Issue.record("not declared: \(row)") }
        #expect(documented.count == declared.count)
    }

    private static func row(_ name: String, _ kind: String, _ labels: [String]) -> String {
        "\(name) \(kind) \(labels.joined(separator: ","))"
    }
}
