import ProxyCore
import Testing

struct QuantityTextTests {
    @Test(
        "reads durations (T-008)",
        arguments: [
            ("250ms", Duration.milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("1h", .seconds(3600)),
            ("7d", .seconds(604_800)), ("0s", .zero), ("36500d", .seconds(36_500 * 86_400)),
        ])
    func readsDurations(_ text: String, _ expected: Duration) throws {
        #expect(try Duration(configurationText: text) == expected)
        #expect(expected.configurationText == text)
    }

    @Test(
        "refuses what is no duration (T-008)",
        arguments: [
            "", "5", "s", "-5s", "+5s", "5 s", "5S", "5sec", "1.5s", "1h30m", "36501d", "99999999999999999999s",
            "999999999999999999d", "٥s", " 5s", "5s ",
        ])
    func refusesDurations(_ text: String) {
        #expect(throws: ConfigurationValueError.self) { try Duration(configurationText: text) }
    }

    @Test func readsSeconds() throws {
        #expect(try Duration(configurationSeconds: 0.25) == .milliseconds(250))
        #expect(try Duration(configurationSeconds: 90) == .seconds(90))
        for bad in [-1, -.infinity, .infinity, .nan, 1e18] {
            #expect(throws: ConfigurationValueError.self) { try Duration(configurationSeconds: bad) }
        }
    }

    @Test(
        "reads sizes",
        arguments: [
            ("0KiB", 0), ("64KiB", 65_536), ("32MiB", 33_554_432), ("1GiB", 1_073_741_824), ("2TiB", 2_199_023_255_552),
        ])
    func readsSizes(_ text: String, _ expected: Int) throws {
        #expect(try ByteSize.parse(text) == expected)
    }

    @Test(
        "refuses what is no size",
        arguments: [
            "", "64", "KiB", "64KB", "64kib", "64 KiB", "-1KiB", "1.5MiB", "1025TiB", "999999999999999999TiB",
        ])
    func refusesSizes(_ text: String) {
        #expect(throws: ConfigurationValueError.self) { try ByteSize.parse(text) }
    }
}
