import Metrics
import Testing

/// Label values are escaped and harmless, and their number is bounded.
struct LabelTests {
    @Test(
        "values are escaped and what could steer a reader is replaced (A-005)",
        arguments: [
            ("plain", "plain"),
            ("", ""),
            ("back\\slash", "back\\\\slash"),
            ("\"\n", "\\\"\\n"),
            ("a\r\nb", "a\u{FFFD}\\nb"),
            ("\u{1B}]8;;http://x\u{1B}\\", "\u{FFFD}]8;;http://x\u{FFFD}\\\\"),
            ("\0\t\u{7F}\u{9B}", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("<b>", "\u{2039}b\u{203A}"),
            ("a\u{202E}b\u{2066}c\u{2028}", "a\u{FFFD}b\u{FFFD}c\u{FFFD}"),
            ("größe 模型", "größe 模型"),
            (String(repeating: "x", count: 300), String(repeating: "x", count: 256)),
            (String(repeating: "é", count: 200), String(repeating: "é", count: 128)),
        ])
    func neutralisesValues(value: String, written: String) {
        let registry = MetricsRegistry()
        let counters = registry.counter("test_total", help: "Test.", labels: ["model"])
        counters.with(value).increment()
        let collected = registry.collected(.gauge, "test_level", help: "Test.", labels: ["model"])
        registry.collect { $0.set(collected, value, to: 1) }
        for format in ExpositionFormat.allCases {
            let text = registry.render(format)
            #expect(text.contains("\ntest_total{model=\"\(written)\"} 1\n"))
            #expect(text.contains("\ntest_level{model=\"\(written)\"} 1\n"))
            #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || !$0.properties.generalCategory.isControl })
        }
    }

    @Test("values that become the same text are one series (A-005)")
    func joinsEqualTexts() {
        let registry = MetricsRegistry()
        let counters = registry.counter("test_total", help: "Test.", labels: ["model"])
        #expect(counters.with("a\u{1}") === counters.with("a\u{2}"))
        #expect(counters.with("a\u{1}") !== counters.with("a"))
    }

    @Test func givesTheSameInstrumentAgain() {
        let counters = MetricsRegistry().counter("test_total", help: "Test.", labels: ["a", "b"])
        #expect(counters.with("x", "y") === counters.with("x", "y"))
        #expect(counters.with("x", "y") !== counters.with("y", "x"))
    }

    @Test(
        "past a family's bound everything lands in one series of `other` (X-047)",
        arguments: [
            (1, 1, 0), (3, 3, 0), (4, 4, 1), (50, 4, 47),
        ])
    func boundsFamilies(combinations: Int, series: Int, overflows: Int) {
        let registry = MetricsRegistry()
        let counters = registry.counter("test_total", help: "Test.", labels: ["a", "b"], maximumSeries: 3)
        for number in 0..<combinations { counters.with("a\(number)", "b").increment() }
        // What was there before the bound was met stays reachable.
        counters.with("a0", "b").increment()
        let text = registry.render(.prometheus)
        #expect(text.split(separator: "\n").count { $0.hasPrefix("test_total{") } == series)
        #expect(text.contains("test_total{a=\"a0\",b=\"b\"} 2\n"))
        #expect(text.contains("test_total{a=\"other\",b=\"other\"} \(overflows)\n") == (overflows > 0))
        #expect(text.contains("kmi_metrics_label_overflow_total{family=\"test_total\"} \(overflows)\n"))
    }

    @Test("past a label's bound only that label becomes `other` (X-047)")
    func boundsLabels() {
        let registry = MetricsRegistry()
        let model = MetricLabel("model", maximumValues: 64)
        let counters = registry.counter("test_total", help: "Test.", labels: ["provider", model])
        // The word itself takes no place.
        counters.with("p", "other").increment()
        for number in 0..<100 { counters.with("p", "m\(number)").increment() }
        counters.with("q", "m63").increment()
        counters.with("q", "m64").increment()
        let lines = registry.render(.prometheus).split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("test_total{provider=\"p\",model=\"m") } == 64)
        #expect(lines.contains("test_total{provider=\"p\",model=\"other\"} 37"))
        #expect(lines.contains("test_total{provider=\"q\",model=\"m63\"} 1"))
        #expect(lines.contains("test_total{provider=\"q\",model=\"other\"} 1"))
        #expect(lines.contains("kmi_metrics_label_overflow_total{family=\"test_total\"} 37"))
    }

    @Test("collected samples past the bound are left out and counted (X-047)")
    func boundsCollectedFamilies() {
        let registry = MetricsRegistry()
        let family = registry.collected(.gauge, "test_level", help: "Test.", labels: ["key"], maximumSeries: 2)
        registry.collect { samples in
            for number in 0..<5 { samples.set(family, "k\(number)", to: 1) }
            samples.set(family, "k0", to: 7)
        }
        let lines = registry.render(.prometheus).split(separator: "\n")
        #expect(
            lines.filter { $0.hasPrefix("test_level{") } == ["test_level{key=\"k0\"} 7", "test_level{key=\"k1\"} 1"])
        #expect(lines.contains("kmi_metrics_label_overflow_total{family=\"test_level\"} 3"))
    }

    @Test("a cache makes label values once for each key, except past a bound (X-047)")
    func cachesInstruments() {
        let registry = MetricsRegistry()
        let formatted = registry.gauge("test_formatted", help: "Test.")
        let family = registry.counter("test_total", help: "Test.", labels: ["code"], maximumSeries: 2)
        let cache = InstrumentCache<Int, Counter>(family) { code in
            formatted.increment()
            return [String(code)]
        }
        for _ in 0..<10 { cache[200].increment() }
        #expect(formatted.value == 1)
        #expect(family.with("200").value == 10)
        for code in [404, 500, 500, 501] { cache[code].increment() }
        #expect(family.with("other").value == 3)
        #expect(registry.render(.prometheus).contains("kmi_metrics_label_overflow_total{family=\"test_total\"} 3\n"))
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isControl: Bool { self == .control || self == .lineSeparator || self == .paragraphSeparator }
}
