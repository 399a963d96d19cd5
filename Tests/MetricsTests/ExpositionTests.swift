import Metrics
import Testing

/// The exact text of a small registry (T-019).
struct ExpositionTests {
    /// One family of each kind, with every form that a value or a label set can take.
    static func makeRegistry() -> MetricsRegistry {
        let registry = MetricsRegistry()
        let wait = registry.histogram(
            "test_wait_seconds",
            help: "A wait.",
            labels: ["route"],
            buckets: HistogramBuckets([0.000_05, 0.5, 1, 600])
        )
        for seconds in [0.000_05, 0.25, 0.5, 2, 1_000] { wait.with("b").observe(seconds) }
        _ = wait.with("a")
        registry.histogram("test_plain_seconds", help: "Without labels.", buckets: HistogramBuckets([1])).observe(3)
        let requests = registry.counter(
            "test_requests_total", help: "Some \"requests\".\\ \nEnd.", labels: ["code", "by"])
        requests.with("500", "x").increment(by: .max)
        requests.with("200", "y\"\\\n").increment()
        requests.with("200", "x").add(0.125)
        requests.with("200", "x").increment(by: 2)
        registry.gauge("test_level", help: "A level.").set(-1.5)
        let collected = registry.collected(.gauge, "test_state", help: "States.", labels: ["state"])
        registry.collect { samples in
            samples.set(collected, "on", to: .infinity)
            samples.set(collected, "off", to: .nan)
            samples.set(collected, "off", to: 0)
        }
        return registry
    }

    @Test("writes the Prometheus text format 0.0.4 exactly (T-019)")
    func writesPrometheusText() {
        #expect(
            Self.makeRegistry().render(.prometheus) == #"""
                # HELP kmi_metrics_label_overflow_total Look-ups and samples past a bound of the family's label set.
                # TYPE kmi_metrics_label_overflow_total counter
                kmi_metrics_label_overflow_total{family="test_requests_total"} 0
                kmi_metrics_label_overflow_total{family="test_state"} 0
                kmi_metrics_label_overflow_total{family="test_wait_seconds"} 0
                # HELP kmi_metrics_refused_updates_total Updates refused because the amount was negative or not a number.
                # TYPE kmi_metrics_refused_updates_total counter
                # HELP test_level A level.
                # TYPE test_level gauge
                test_level -1.5
                # HELP test_plain_seconds Without labels.
                # TYPE test_plain_seconds histogram
                test_plain_seconds_bucket{le="1.0"} 0
                test_plain_seconds_bucket{le="+Inf"} 1
                test_plain_seconds_sum 3
                test_plain_seconds_count 1
                # HELP test_requests_total Some "requests".\\ \nEnd.
                # TYPE test_requests_total counter
                test_requests_total{code="200",by="x"} 2.125
                test_requests_total{code="200",by="y\"\\\n"} 1
                test_requests_total{code="500",by="x"} 18446744073709551615
                # HELP test_state States.
                # TYPE test_state gauge
                test_state{state="off"} 0
                test_state{state="on"} +Inf
                # HELP test_wait_seconds A wait.
                # TYPE test_wait_seconds histogram
                test_wait_seconds_bucket{route="a",le="5e-05"} 0
                test_wait_seconds_bucket{route="a",le="0.5"} 0
                test_wait_seconds_bucket{route="a",le="1.0"} 0
                test_wait_seconds_bucket{route="a",le="600.0"} 0
                test_wait_seconds_bucket{route="a",le="+Inf"} 0
                test_wait_seconds_sum{route="a"} 0
                test_wait_seconds_count{route="a"} 0
                test_wait_seconds_bucket{route="b",le="5e-05"} 1
                test_wait_seconds_bucket{route="b",le="0.5"} 3
                test_wait_seconds_bucket{route="b",le="1.0"} 3
                test_wait_seconds_bucket{route="b",le="600.0"} 4
                test_wait_seconds_bucket{route="b",le="+Inf"} 5
                test_wait_seconds_sum{route="b"} 1002.75005
                test_wait_seconds_count{route="b"} 5

                """#
        )
    }

    @Test("writes OpenMetrics 1.0: the same samples, other headers for counters, an end mark (T-019)")
    func writesOpenMetrics() {
        let registry = Self.makeRegistry()
        let expected = registry.render(.prometheus)
            .replacing(
                "# HELP test_requests_total Some \"requests\".", with: "# HELP test_requests Some \\\"requests\\\"."
            )
            .replacing("# TYPE test_requests_total counter", with: "# TYPE test_requests counter")
            .replacing("# HELP kmi_metrics_label_overflow_total", with: "# HELP kmi_metrics_label_overflow")
            .replacing("# TYPE kmi_metrics_label_overflow_total", with: "# TYPE kmi_metrics_label_overflow")
            .replacing("# HELP kmi_metrics_refused_updates_total", with: "# HELP kmi_metrics_refused_updates")
            .replacing("# TYPE kmi_metrics_refused_updates_total", with: "# TYPE kmi_metrics_refused_updates")
        #expect(registry.render(.openMetrics) == expected + "# EOF\n")
        #expect(expected.contains("# TYPE test_requests counter\ntest_requests_total{code="))
    }

    @Test func appendsToWhatIsThere() {
        var bytes = Array("before\n".utf8)
        MetricsRegistry().render(.openMetrics, into: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("before\n# HELP kmi_metrics_label_overflow "))
        #expect(text.hasSuffix("\n# EOF\n"))
    }

    @Test func collectorsMaySetGaugesAndDeclareFamilies() {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("test_level", help: "A level.")
        registry.collect { _ in
            gauge.increment()
            _ = registry.descriptors
        }
        #expect(registry.render(.prometheus).contains("\ntest_level 1\n"))
        #expect(registry.render(.prometheus).contains("\ntest_level 2\n"))
    }

    @Test func collectedSeriesThatAreNoLongerReportedGo() {
        let registry = MetricsRegistry()
        let family = registry.collected(.gauge, "test_state", help: "States.", labels: ["scrape"])
        let scrapes = registry.gauge("test_scrapes", help: "Scrapes.")
        registry.collect { samples in
            scrapes.increment()
            samples.set(family, String(Int(scrapes.value)), to: 1)
        }
        #expect(registry.render(.prometheus).contains("test_state{scrape=\"1\"} 1"))
        let second = registry.render(.prometheus)
        #expect(second.contains("test_state{scrape=\"2\"} 1"))
        #expect(!second.contains("test_state{scrape=\"1\"}"))
    }
}
