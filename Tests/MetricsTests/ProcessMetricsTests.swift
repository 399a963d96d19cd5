import Foundation
import Glibc
import Testing

@testable import Metrics

struct ProcessMetricsTests {
    @Test func readsStatisticsWhateverTheProgramIsCalled() {
        let rest = "S 1 2 3 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 7 0 123456 8589934592 2048 18446744073709551615 1\n"
        for name in ["kmid", "a) S 1 (b", "with space", ")"] {
            let status = ProcessStatus(statistics: "42 (\(name)) \(rest)")
            #expect(status?.cpuTicks == 300)
            #expect(status?.threads == 7)
            #expect(status?.startTicks == 123_456)
            #expect(status?.virtualBytes == 8_589_934_592)
            #expect(status?.residentPages == 2_048)
        }
    }

    @Test(arguments: ["", "42 (kmid) S 1 2", "42 kmid S", "42 (kmid) S 1 2 3 0 -1 4 1 0 0 0 x 50 0 0 20 0 7 0 1 2 3 4"])
    func refusesOtherText(text: String) {
        #expect(ProcessStatus(statistics: text) == nil)
    }

    @Test func readsBootTime() {
        #expect(ProcessStatus.bootTime(inSystemStatistics: "cpu 1 2\nbtime 1700000000\nprocesses 5\n") == 1_700_000_000)
        #expect(ProcessStatus.bootTime(inSystemStatistics: "cpu 1 2\n") == nil)
    }

    @Test func readsNothingFromWhereNothingIs() {
        #expect(SystemFile.text("/proc/self/no-such-file") == nil)
        #expect(SystemFile.text("/proc") == nil)
        #expect(SystemFile.entryCount("/proc/self/stat") == nil)
    }

    @Test("tells plausible values of this process, as every exporter has them")
    func tellsThisProcess() throws {
        // The kernel tells CPU time in ticks of 10 ms: use some up.
        while clock() < CLOCKS_PER_SEC / 20 {}
        let registry = MetricsRegistry()
        ProcessMetrics(registry: registry)
        var values: [String: Double] = [:]
        for line in registry.render(.prometheus).split(separator: "\n") where line.hasPrefix("process_") {
            let parts = line.split(separator: " ")
            let value: Double = try #require(Double(parts[1]))
            values[String(parts[0])] = value
        }
        #expect(values.count == 7)
        #expect(try #require(values["process_cpu_seconds_total"]) > 0)
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        let resident = try #require(values["process_resident_memory_bytes"])
        #expect(try #require(values["process_virtual_memory_bytes"]) > resident)
        #expect(try #require(values["process_open_fds"]) >= 3)
        #expect(try #require(values["process_max_fds"]) >= #require(values["process_open_fds"]))
        let limits = try #require(SystemFile.text("/proc/self/limits"))
        let soft = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files ") })
        let limit = try #require(soft.dropFirst("Max open files ".count).split(separator: " ").first)
        #expect(values["process_max_fds"] == (limit == "unlimited" ? .infinity : Double(limit)))
        #expect(try #require(values["process_threads"]) >= 1)
        let age = try Date().timeIntervalSince1970 - #require(values["process_start_time_seconds"])
        // Boot time is known to the second only.
        #expect(age > -2 && age < 86_400)
    }
}
