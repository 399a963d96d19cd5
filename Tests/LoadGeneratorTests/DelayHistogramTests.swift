import Testing

@testable import LoadGenerator

struct DelayHistogramTests {
    @Test(
        "tells each percentile up to a hundredth too long, and never too short",
        arguments: [1, 50, 255, 256, 90_000, 7_000_000_000]
    )
    func tellsPercentiles(of scale: UInt64) {
        var histogram = DelayHistogram()
        for number in 1...1_000 { histogram.record(UInt64(number) * scale) }
        for (share, rank) in [(0.001, 1), (0.5, 500), (0.99, 990), (0.999, 999), (1, 1_000)] {
            let exact = UInt64(rank) * scale
            let told = histogram.percentile(share)
            #expect(told >= exact && Double(told) <= Double(exact) * 1.01, "\(share) of \(scale)")
        }
        #expect(histogram.count == 1_000)
        #expect(histogram.longest == 1_000 * scale)
    }

    @Test func holdsEveryDuration() {
        var histogram = DelayHistogram()
        #expect(histogram.percentile(0.5) == 0)
        histogram.record(0)
        #expect(histogram.percentile(1) == 0)
        histogram.record(.max)
        #expect(histogram.percentile(1) == .max)
        #expect(histogram.percentile(0.5) == 0)
    }
}
