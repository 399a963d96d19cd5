import Foundation
import Metrics
import Synchronization
import Testing

/// Updates from many threads while others render (T-033).
@Suite(.timeLimit(.minutes(5)))
struct ConcurrencyTests {
    /// How many threads still update.
    private final class Running: Sendable {
        let count: Atomic<Int>

        init(_ count: Int) {
            self.count = Atomic(count)
        }
    }

    private static let threads = 8
    private static let rounds = 5_000

    @Test("totals are exact and each exposition is consistent under concurrent updates (T-019, T-033)")
    func staysConsistent() async throws {
        let registry = MetricsRegistry()
        let counter = registry.counter("test_whole_total", help: "Test.")
        let money = registry.counter("test_money_total", help: "Test.")
        let level = registry.gauge("test_level", help: "Test.")
        let labelled = registry.counter("test_labelled_total", help: "Test.", labels: ["n"], maximumSeries: 50)
        let waits = registry.histogram("test_seconds", help: "Test.", labels: ["n"], buckets: .durations)
        let running = Running(Self.threads)

        let expositions = await withTaskGroup(of: Int.self) { group in
            for thread in 0..<Self.threads {
                group.addTask {
                    await Self.onThread {
                        let own = waits.with("\(thread % 2)")
                        for round in 0..<Self.rounds {
                            counter.increment()
                            money.add(0.25)
                            level.increment()
                            if round % 4 == 0 { level.decrement() }
                            labelled.with(String(round % 100)).increment()
                            own.observe(Double(round % 1_024))
                        }
                        running.count.subtract(1, ordering: .releasing)
                        return 0
                    }
                }
            }
            group.addTask {
                await Self.onThread {
                    var count = 0
                    var previous: [String: Double] = [:]
                    while running.count.load(ordering: .acquiring) > 0 || count == 0 {
                        count += 1
                        previous = Self.check(registry.render(.prometheus), after: previous)
                    }
                    return count
                }
            }
            return await group.reduce(0, +)
        }

        #expect(expositions > 0)
        let total = Self.threads * Self.rounds
        #expect(counter.value == Double(total))
        #expect(money.value == Double(total) / 4)
        #expect(level.value == Double(total) * 3 / 4)
        let final = Self.samples(registry.render(.prometheus))
        #expect(final.filter { $0.key.hasPrefix("test_labelled_total{") }.map(\.value).reduce(0, +) == Double(total))
        #expect(final.keys.count { $0.hasPrefix("test_labelled_total{") } == 51)
        let expectedSum = (0..<Self.rounds).reduce(0) { $0 + $1 % 1_024 } * Self.threads
        for (suffix, expected) in [("_count", total), ("_sum", expectedSum)] {
            let values = final.filter { $0.key.hasPrefix("test_seconds\(suffix)") }.map(\.value)
            #expect(values.count == 2)
            #expect(values.reduce(0, +) == Double(expected))
        }
    }

    /// Runs work on a thread of its own, so that it is truly concurrent with all others.
    private static func onThread(_ body: @escaping @Sendable () -> Int) async -> Int {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    /// Checks one exposition: buckets never fall, the last equals the count, and no counter is below the one before.
    private static func check(_ text: String, after previous: [String: Double]) -> [String: Double] {
        let samples = Self.samples(text)
        for series in ["0", "1"] {
            let buckets = text.split(separator: "\n")
                .filter { $0.hasPrefix("test_seconds_bucket{n=\"\(series)\"") }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
            #expect(buckets == buckets.sorted())
            #expect(buckets.last == samples["test_seconds_count{n=\"\(series)\"}"])
        }
        for (name, value) in samples where !name.hasPrefix("test_level") {
            #expect(value >= previous[name, default: 0], "\(name) fell")
        }
        return samples
    }

    private static func samples(_ text: String) -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                Issue.record("no sample: \(line)")
                continue
            }
            #expect(samples.updateValue(value, forKey: String(line[..<space])) == nil, "twice: \(line)")
        }
        return samples
    }
}
