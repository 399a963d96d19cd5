import Metrics
import Testing

struct DeclarationTests {
    @Test(
        "names that would make invalid output are found (T-019)",
        arguments: [
            ("kmi_requests_total", MetricKind.counter, ["code"], true),
            ("a:b_total", .counter, [], true),
            ("requests", .counter, [], false),
            ("requests_total", .gauge, [], false),
            ("requests_total", .histogram, [], false),
            ("", .gauge, [], false),
            ("1st", .gauge, [], false),
            ("with-dash", .gauge, [], false),
            ("größe", .gauge, [], false),
            ("level_count", .gauge, [], false),
            ("level_bucket", .gauge, [], false),
            ("level", .gauge, ["a", "a"], false),
            ("level", .gauge, ["a:b"], false),
            ("level", .gauge, ["__a"], false),
            ("level", .gauge, [""], false),
            ("level", .gauge, ["le"], true),
            ("wait_seconds", .histogram, ["le"], false),
        ] as [(String, MetricKind, [String], Bool)])
    func judgesNames(name: String, kind: MetricKind, labels: [String], isValid: Bool) {
        let labels = labels.map { MetricLabel($0) }
        let descriptor = MetricDescriptor(name: name, help: "Test.", kind: kind, labels: labels)
        #expect((descriptor.fault == nil) == isValid)
    }

    @Test func wantsHelpAndRoomForValues() {
        #expect(MetricDescriptor(name: "a", help: "", kind: .gauge, labels: []).fault != nil)
        let label = MetricLabel("b", maximumValues: 0)
        #expect(MetricDescriptor(name: "a", help: "Test.", kind: .gauge, labels: [label]).fault != nil)
    }

    @Test("no two families share a name that either writes (T-019)")
    func refusesTakenNames() async {
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.counter("test_total", help: "Test.")
            _ = registry.gauge("test", help: "Test.")
        }
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.gauge("test", help: "Test.")
            _ = registry.gauge("test", help: "Test.")
        }
    }

    @Test func listsWhatWasDeclaredByName() {
        let registry = MetricsRegistry()
        _ = registry.gauge("z_level", help: "Test.")
        _ = registry.gauge("a_level", help: "Test.")
        #expect(registry.descriptors.map(\.name) == registry.descriptors.map(\.name).sorted())
        #expect(registry.descriptors.first?.name == "a_level")
        #expect(registry.descriptors.count == 4)
    }
}
