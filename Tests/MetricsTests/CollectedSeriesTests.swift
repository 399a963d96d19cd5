import Synchronization
import Testing

@testable import Metrics

/// What collected families keep from one scrape for the next changes nothing of what is written (T-019), and is bounded
/// (X-047).
struct CollectedSeriesTests {
    /// A registry whose collector reports one family, with what `reports` says at each scrape.
    private static func render(_ reports: [[(values: [String], value: Double)]]) -> [[String]] {
        let registry = MetricsRegistry()
        let family = registry.collected(.gauge, "test_level", help: "Test.", labels: ["key", "state"])
        let scrape = Mutex(0)
        registry.collect { samples in
            for (values, value) in reports[scrape.withLock(\.self)] {
                samples.set(family, values[0], values[1], to: value)
            }
        }
        return reports.indices.map { index in
            scrape.withLock { $0 = index }
            return registry.render(.prometheus).split(separator: "\n").filter { $0.hasPrefix("test_level{") }
                .map { String($0.dropFirst("test_level".count)) }
        }
    }

    @Test("series that come, go and come back stand in the order of their labels (T-019)")
    func keepsTheOrder() {
        let scrapes = Self.render([
            [(["b", "x"], 1), (["d", "x"], 2)],
            [(["d", "x"], 3), (["c", "y"], 4), (["a", "z"], 5), (["b", "x"], 6)],
            [(["c", "y"], 7)],
            [(["c", "x"], 8), (["a", "z"], 9), (["c", "y"], 10)],
            [],
            [(["b", "x"], 11)],
        ])
        #expect(
            scrapes == [
                [#"{key="b",state="x"} 1"#, #"{key="d",state="x"} 2"#],
                [
                    #"{key="a",state="z"} 5"#, #"{key="b",state="x"} 6"#, #"{key="c",state="y"} 4"#,
                    #"{key="d",state="x"} 3"#,
                ],
                [#"{key="c",state="y"} 7"#],
                [#"{key="a",state="z"} 9"#, #"{key="c",state="x"} 8"#, #"{key="c",state="y"} 10"#],
                [],
                [#"{key="b",state="x"} 11"#],
            ])
    }

    @Test("values that are cleaned are one series in every scrape, and the last report of it counts (A-005)")
    func joinsCleanedValues() {
        let report: [(values: [String], value: Double)] = [(["a\u{1}", "<"], 1), (["a\u{2}", "<"], 2)]
        let line = "{key=\"a\u{FFFD}\",state=\"\u{2039}\"} 2"
        #expect(Self.render([report, report]) == [[line], [line]])
    }

    @Test("series that have gone take no room of those that come (X-047)")
    func givesTheRoomToThoseThatCome() {
        let registry = MetricsRegistry()
        let family = registry.collected(.gauge, "test_level", help: "Test.", labels: ["key"], maximumSeries: 3)
        let scrape = Mutex(0)
        registry.collect { samples in
            let first = scrape.withLock(\.self) * 2
            for number in first..<(first + 4) { samples.set(family, "k\(number)", to: Double(number)) }
        }
        for number in 0..<100 {
            scrape.withLock { $0 = number }
            let lines = registry.render(.prometheus).split(separator: "\n")
            #expect(lines.count { $0.hasPrefix("test_level{") } == 3)
            #expect(lines.contains("test_level{key=\"k\(number * 2)\"} \(number * 2)"))
            #expect(lines.contains("kmi_metrics_label_overflow_total{family=\"test_level\"} \(number + 1)"))
            #expect(family.begin().room <= 6)
        }
    }

    @Test("of series that have gone no more are kept than of those that are there (X-047)")
    func forgetsWhatHasGone() {
        let family = CollectedFamily(
            MetricDescriptor(name: "test_level", help: "Test.", kind: .gauge, labels: ["key"]), maximumSeries: 1_000,
            faults: FamilyFaults())
        for scrape in 0..<50 {
            var collected = SampleWriter()
            for number in 0..<20 { collected.set(family, "k\(scrape * 7 + number)", to: 1) }
            var writer = ExpositionWriter(format: .prometheus, bytes: [])
            family.write(to: &writer, collected: collected)
            #expect(writer.bytes.count { $0 == UInt8(ascii: "\n") } == 20)
            #expect(family.begin().room <= 40)
        }
        var writer = ExpositionWriter(format: .prometheus, bytes: [])
        family.write(to: &writer, collected: SampleWriter())
        #expect(writer.bytes.isEmpty)
        #expect(family.begin().room == 0)
    }

    @Test(
        "values are written as the shortest text that reads back the same (T-019)",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (10, "10"), (1_234_567_890, "1234567890"), (0.1, "0.1"),
            (-2.5, "-2.5"), (0x1p53, "9007199254740992"), (-0x1p53, "-9007199254740992"),
            (0x1p53 + 2, "9.007199254740994e+15"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)])
    func writesValues(value: Double, text: String) {
        var writer = ExpositionWriter(format: .prometheus, bytes: [])
        writer.sample(SeriesText("test_level", labels: ""), value: value)
        #expect(writer.bytes == Array("test_level \(text)\n".utf8))
    }

    @Test(arguments: [0, 9, 10, 99, 100, UInt64.max] as [UInt64])
    func writesWholeNumbers(value: UInt64) {
        var writer = ExpositionWriter(format: .openMetrics, bytes: [])
        writer.sample(SeriesText("test_total", labels: "a=\"b\""), value: value)
        #expect(writer.bytes == Array("test_total{a=\"b\"} \(value)\n".utf8))
    }
}
