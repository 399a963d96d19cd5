import ProxyCore
import Testing

@Suite("Calls that are one run of a job (A-009)")
struct GatheredRunTests {
    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    /// What became of a run of so many calls that began together and ended like this.
    private func steps(_ ends: [GatheredRun.End]) -> [GatheredRun.Step] {
        var run = GatheredRun()
        var steps: [GatheredRun.Step] = []
        for _ in ends { steps += run.begin(at: self.at(0)) }
        for end in ends { steps += run.end(end, at: self.at(1)) }
        // Nothing is left of it.
        #expect(run == GatheredRun())
        return steps
    }

    @Test("calls under way together begin once and end once; one failure is a failed run")
    func gathers() {
        #expect(self.steps([.succeeded]) == [.begin, .succeed])
        #expect(self.steps([.succeeded, .succeeded, .abandoned]) == [.begin, .succeed])
        #expect(self.steps([.succeeded, .failed("a"), .succeeded]) == [.begin, .fail("a")])
        #expect(self.steps([.failed("a"), .failed("b")]) == [.begin, .fail("b")])
        #expect(self.steps([.abandoned, .abandoned]) == [.begin, .abandon])
        #expect(self.steps(Array(repeating: .failed("a"), count: 20)) == [.begin, .fail("a")])
    }

    @Test("calls one after the other are a run each")
    func separates() {
        var run = GatheredRun()
        for second: Int64 in 0..<3 {
            #expect(run.begin(at: self.at(10 * second)) == [.begin])
            #expect(run.end(.succeeded, at: self.at(10 * second + 5)) == [.succeed])
        }
        #expect(run.end(.succeeded, at: self.at(60)) == [])
    }

    @Test("where calls never stop to overlap, a run ends after a minute all the same")
    func bounds() {
        var run = GatheredRun()
        var steps = run.begin(at: self.at(0))
        for second: Int64 in 1...600 {
            steps += run.begin(at: self.at(second))
            steps += run.end(second < 300 ? .failed("a") : .succeeded, at: self.at(second))
        }
        #expect(steps.count { $0 == .begin } == 11)
        #expect(steps.count { $0 == .fail("a") } == 5)
        #expect(steps.count { $0 == .succeed } == 5)
        #expect(run.end(.succeeded, at: self.at(601)) == [.succeed])
    }
}
