import Metrics
import Testing

struct InstrumentTests {
    @Test func countersAddWholeAndFractionalAmounts() {
        let counter = MetricsRegistry().counter("test_total", help: "Test.")
        counter.increment()
        counter.increment(by: 4)
        counter.add(0.25)
        #expect(counter.value == 5.25)
    }

    @Test func gaugesGoUpAndDown() {
        let gauge = MetricsRegistry().gauge("test_level", help: "Test.")
        gauge.set(3)
        gauge.increment()
        gauge.decrement(by: 5.5)
        #expect(gauge.value == -1.5)
    }

    @Test(
        "an observation belongs to the first bucket whose bound is not below it (T-019)",
        arguments: [
            (0.0, [1, 0, 0]), (1.0, [1, 0, 0]), (1.000_1, [0, 1, 0]), (2.5, [0, 1, 0]), (2.6, [0, 0, 1]),
            (1e300, [0, 0, 1]),
        ] as [(Double, [UInt64])])
    func sortsIntoBuckets(value: Double, counts: [UInt64]) {
        let histogram = MetricsRegistry().histogram("test", help: "Test.", buckets: HistogramBuckets([1, 2.5]))
        histogram.observe(value)
        #expect(histogram.snapshot().counts == counts)
        #expect(histogram.snapshot().sum == value)
    }

    @Test func observesDurationsInSeconds() {
        let histogram = MetricsRegistry().histogram("test", help: "Test.", buckets: .overheads)
        histogram.observe(.microseconds(50))
        #expect(histogram.snapshot().counts.first == 1)
        histogram.observe(.milliseconds(1_500))
        #expect(histogram.snapshot().counts.last == 1)
        #expect(abs(histogram.snapshot().sum - 1.500_05) < 1e-12)
    }

    @Test("amounts that would spoil a sum are refused and counted", arguments: [-1, .nan, .infinity, -Double.infinity])
    func refusesSpoilingAmounts(amount: Double) {
        let registry = MetricsRegistry()
        let counter = registry.counter("test_total", help: "Test.")
        let histogram = registry.histogram("test_seconds", help: "Test.", buckets: .durations)
        counter.add(amount)
        histogram.observe(amount)
        #expect(counter.value == 0)
        #expect(histogram.snapshot().sum == 0)
        #expect(histogram.snapshot().counts.allSatisfy { $0 == 0 })
        let text = registry.render(.prometheus)
        #expect(text.contains("kmi_metrics_refused_updates_total{family=\"test_total\"} 1\n"))
        #expect(text.contains("kmi_metrics_refused_updates_total{family=\"test_seconds\"} 1\n"))
    }

    @Test func gaugesTakeNaNOnlyWhenSet() {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("test_level", help: "Test.")
        gauge.increment(by: .nan)
        #expect(gauge.value == 0)
        gauge.set(.nan)
        #expect(registry.render(.openMetrics).contains("\ntest_level NaN\n"))
    }

    @Test func bucketsCoverTheContractsRanges() {
        #expect(HistogramBuckets.durations.upperBounds.first == 0.005)
        #expect(HistogramBuckets.durations.upperBounds.last == 600)
        #expect(HistogramBuckets.overheads.upperBounds.first == 0.000_05)
        #expect(HistogramBuckets.overheads.upperBounds.last == 0.25)
    }
}
