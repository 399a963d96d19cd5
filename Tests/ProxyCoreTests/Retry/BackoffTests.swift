import ProxyCore
import Testing

struct BackoffTests {
    private static let backoff = Backoff(base: .milliseconds(250), cap: .seconds(8))

    @Test(
        "the bound doubles up to the cap",
        arguments: [
            (-1, 250), (0, 250), (1, 500), (2, 1000), (4, 4000), (5, 8000), (6, 8000), (62, 8000), (63, 8000),
            (Int.max, 8000), (Int.min, 250),
        ])
    func doubles(step: Int, milliseconds: Int) {
        #expect(Self.backoff.bound(step: step) == .milliseconds(milliseconds))
    }

    @Test("a thousand delays of each step are spread evenly below the bound (K-008)", arguments: 0..<8)
    func isUniform(step: Int) {
        var random = SeededGenerator(seed: UInt64(4711 + step))
        let bound = Self.backoff.bound(step: step).seconds
        let sample = (0..<1000).map { _ in Self.backoff.delay(step: step, using: &random).seconds / bound }
        #expect(sample.allSatisfy { $0 >= 0 && $0 < 1 })
        // Kolmogorov's 1.95 / √n: an even distribution passes it once in a thousand times, and these seeds do not.
        #expect(Self.distanceFromUniform(sample) < 1.95 / 1000.0.squareRoot())
        #expect(Self.deviation(sample) >= 0.2)
    }

    @Test func seesThatWhatIsNotFullJitterIsNotUniform() {
        var random = SeededGenerator(seed: 5)
        let equalJitter = (0..<1000).map { _ in Double.random(in: 0.5..<1, using: &random) }
        #expect(Self.distanceFromUniform(equalJitter) > 0.4)
        let slightlyUneven = (0..<1000).map { _ in Double.random(in: 0.1..<1, using: &random) }
        #expect(Self.distanceFromUniform(slightlyUneven) > 1.95 / 1000.0.squareRoot())
    }

    @Test func neverOverflowsAndNeverIsNegative() {
        var random = SeededGenerator(seed: 1)
        let long = Backoff(base: .seconds(Int64.max), cap: .seconds(Int64.max))
        #expect(long.delay(step: .max, using: &random) >= .zero)
        #expect(Backoff(base: .zero, cap: .seconds(8)).delay(step: .max, using: &random) == .zero)
        #expect(Backoff(base: .seconds(-1), cap: .seconds(-8)).delay(step: 3, using: &random) == .zero)
        #expect(Backoff(base: .seconds(9), cap: .seconds(2)).bound(step: 0) == .seconds(2))
    }

    /// The Kolmogorov–Smirnov statistic of a sample of [0, 1): the largest distance of its distribution from the even one.
    private static func distanceFromUniform(_ sample: [Double]) -> Double {
        let count = Double(sample.count)
        return sample.sorted().enumerated().reduce(0) { largest, element in
            let (place, value) = (Double(element.offset), element.element)
            return max(largest, (place + 1) / count - value, value - place / count)
        }
    }

    private static func deviation(_ sample: [Double]) -> Double {
        let mean = sample.reduce(0, +) / Double(sample.count)
        return (sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sample.count)).squareRoot()
    }
}
