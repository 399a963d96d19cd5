import DBusControl
import Testing

@testable import kmictl

struct TopRatesTests {
    private static let now = Samples.now

    private func figures(_ rows: [RequestRow], dropped: UInt64 = 0) -> TopFigures {
        var (rates, ring) = (TopRates(), RequestRing())
        for row in rows where ring.append(row) { rates.count(row, now: Self.now) }
        if dropped > 0 { rates.count(dropped: dropped, now: Self.now) }
        return rates.figures(of: ring, now: Self.now)
    }

    @Test func areNothingWithoutRequests() {
        let figures = self.figures([])
        #expect(figures.requestsPerSecond == 0)
        #expect(figures.median == nil)
        #expect(figures.firstByte == nil)
        #expect(figures.failureShare == nil)
        #expect(figures.tokensPerMinute == 0)
        #expect(!figures.isIncomplete)
    }

    @Test func countTheLastMinuteAndNoMore() {
        let rows = [1, 30, 59, 60, 61, 3600].map { TopSamples.row("req-\($0)", ago: $0) }
        let figures = self.figures(rows)
        // 30 tokens and 1,500,000 pico-dollars each.
        #expect(figures.tokensPerMinute == 90)
        #expect(figures.costPerMinute == 4_500_000)
        #expect(figures.requestsPerSecond == 0.1)
    }

    @Test func tellTheRateOfTheLastTenSeconds() {
        let figures = self.figures((0..<200).map { TopSamples.row("req-\($0)", ago: UInt64($0) / 10 + 1) })
        #expect(figures.requestsPerSecond == 10)
    }

    @Test func tellPercentilesByTheNearestRank() {
        let figures = self.figures((1...100).map { TopSamples.row("\($0)", ago: 5, took: UInt64($0) * 1000) })
        #expect(figures.median == 50_000)
        #expect(figures.percentile95 == 95_000)
        #expect(figures.percentile99 == 99_000)
        #expect(figures.firstByte == 12_500)
        #expect(TopRates.percentile(99, of: [7]) == 7)
        #expect(TopRates.percentile(50, of: [1, 2]) == 1)
    }

    @Test("count requests that were left out, and say that the rest lacks them")
    func countDropped() {
        var row = TopSamples.row("req", ago: 1)
        row.dropped = 99
        var model = TopSamples.model(TopSamples.size, [.status(Samples.manager, []), .finished(row)])
        model.take(.tick, now: Self.now + Samples.second)
        #expect(model.shown.figures.requestsPerSecond == 10)
        #expect(model.shown.figures.isIncomplete)
        #expect(TopSamples.text(model).contains("tokens ≥30/min  cost ≥$0.0000015/min"))
        #expect(TopSamples.text(model, isUTF8: false).contains("tokens >=30/min"))
        model.take(.missed(10), now: Self.now + Samples.second)
        model.take(.tick, now: Self.now + 2 * Samples.second)
        #expect(model.shown.figures.requestsPerSecond == 11)
    }

    @Test("take what failed for a failure, and what its caller left for none")
    func countFailures() {
        let rows = (0..<8).map { number in
            var row = TopSamples.row("req-\(number)", ago: 3)
            switch number {
            case 0: row.status = 502
            case 1: row.outcome = "cut"
            case 2: row.outcome = "left"
            case 3: row.errorClass = "provider_timeout"
            default: break
            }
            return row
        }
        #expect(self.figures(rows).failureShare == 3.0 / 8)
    }

    @Test("stay in their bounds, whatever is told")
    func saturate() {
        var row = TopSamples.row("req", ago: 0)
        row.tokens = ["input": .max, "output": .max]
        row.cost = .max
        row.duration = .max
        var other = row
        other.id = "other"
        other.pricing = "unpriced"
        let figures = self.figures([row, other])
        #expect(figures.tokensPerMinute == .max)
        #expect(figures.costPerMinute == .max)
        #expect(figures.isUnpriced)
    }

    @Test("keep a thousand requests, each once")
    func boundTheRing() {
        var ring = RequestRing()
        for number in 0..<2500 {
            let isNew = ring.append(TopSamples.row("req-\(number)", ago: 1))
            #expect(isNew)
        }
        #expect(ring.count == 1000)
        let kept = Set(ring.indices.map { ring[$0].id })
        #expect(kept.contains("req-1500"))
        #expect(!kept.contains("req-1499"))
        let before = ring.count
        let again = [ring.append(TopSamples.row("req-2499", ago: 1)), ring.append(TopSamples.row("req-0", ago: 1))]
        #expect(again == [false, true])
        #expect(ring.count == before)
    }
}
