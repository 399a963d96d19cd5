import Foundation
import Metrics
import Testing

/// What others make of our text (T-019).
///
/// A missing tool is a failure, not a skip.
@Suite(.timeLimit(.minutes(5)))
struct ExternalParserTests {
    /// Reads an exposition with the strict parser of its format and prints its samples, one JSON array a line.
    private static let parserScript = """
        import json, math, sys
        if sys.argv[1] == "openMetrics":
            from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
        else:
            from prometheus_client.parser import text_string_to_metric_families as parse
        seen = set()
        for family in parse(sys.stdin.buffer.read().decode("utf-8", "strict")):
            for sample in family.samples:
                series = (sample.name, tuple(sorted(sample.labels.items())))
                if series in seen:
                    sys.exit("duplicate series: %r" % (series,))
                seen.add(series)
                print(json.dumps([family.name, family.type, sample.name, sample.labels, repr(float(sample.value))]))
        """

    private struct Sample: Decodable, Equatable {
        let family: String
        let type: String
        let name: String
        let labels: [String: String]
        let value: String

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            self.family = try container.decode(String.self)
            self.type = try container.decode(String.self)
            self.name = try container.decode(String.self)
            self.labels = try container.decode([String: String].self)
            self.value = try container.decode(String.self)
        }
    }

    @Test("promtool has nothing to say about the daemon's families (T-019)")
    func promtoolAcceptsAll() throws {
        let text = ProxyMetricsTests.makeRegistry().render(.prometheus)
        let result = try ExternalTool.promtool.run(["check", "metrics"], input: text)
        #expect(result.status == 0)
        #expect(result.output + result.errors == "")
    }

    @Test("promtool sees a fault, so that its silence means something")
    func promtoolRefusesFaults() throws {
        let text = ProxyMetricsTests.makeRegistry().render(.prometheus) + "kmi_overhead_seconds_bucket{le=\"1} 3\n"
        #expect(try ExternalTool.promtool.run(["check", "metrics"], input: text).status != 0)
    }

    @Test("the strict parsers read back every sample (T-019, A-005)", arguments: ExpositionFormat.allCases)
    func pythonReadsAll(format: ExpositionFormat) throws {
        let text = ProxyMetricsTests.makeRegistry().render(format)
        let samples = try Self.parse(text, format: format)
        #expect(samples.count == text.split(separator: "\n").count { !$0.hasPrefix("#") })
        #expect(Set(samples.map(\.type)) == ["counter", "gauge", "histogram"])
        #expect(samples.contains { $0.name == "kmi_build_info" && $0.type == "gauge" && $0.value == "1.0" })
        #expect(
            samples.contains { $0.family == "kmi_requests" && $0.name == "kmi_requests_total" && $0.type == "counter" })
        let key = samples.first { $0.name == "kmi_key_in_flight" && $0.value == "0.0" }
        #expect(key?.labels["key"] == "\u{2039}b\u{203A}\"\n\u{FFFD}]8;;")
    }

    @Test("the strict parsers read back every form of value and label", arguments: ExpositionFormat.allCases)
    func pythonReadsForms(format: ExpositionFormat) throws {
        let samples = try Self.parse(ExpositionTests.makeRegistry().render(format), format: format)
        #expect(samples.contains { $0.name == "test_requests_total" && $0.labels["by"] == "y\"\\\n" })
        #expect(samples.contains { $0.name == "test_requests_total" && $0.value == "2.125" })
        #expect(samples.contains { $0.name == "test_state" && $0.value == "inf" })
        #expect(samples.contains { $0.name == "test_wait_seconds_bucket" && $0.labels["le"] == "5e-05" })
    }

    @Test("the strict OpenMetrics parser sees a fault, so that its silence means something")
    func pythonRefusesFaults() throws {
        let text = ProxyMetricsTests.makeRegistry().render(.prometheus)
        let result = try ExternalTool.python.run(["-c", Self.parserScript, "openMetrics"], input: text)
        #expect(result.status != 0)
    }

    private static func parse(_ text: String, format: ExpositionFormat) throws -> [Sample] {
        let result = try ExternalTool.python.run(["-c", Self.parserScript, "\(format)"], input: text)
        try #require(result.status == 0, "\(result.errors)\nif prometheus_client is missing: `make setup`")
        return try result.output.split(separator: "\n").map {
            try JSONDecoder().decode(Sample.self, from: Data($0.utf8))
        }
    }
}
