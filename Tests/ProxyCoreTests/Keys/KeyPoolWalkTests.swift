import ProxyCore
import TestSupport
import Testing

/// Tens of thousands of random steps in virtual time, with all that can happen to a pool.
@Suite(.timeLimit(.minutes(5)))
struct KeyPoolWalkTests {
    @Test(
        "whatever happens: limits hold, every state ends, every change is told once, explaining is choosing",
        arguments: 1...6)
    func walk(seed: UInt64) throws {
        var walk = try KeyPoolWalk(seed: seed)
        for step in 0..<(Tools.isSoak ? 25_000 : 10_000) {
            try walk.step()
            try walk.checkStanding()
            if step.isMultiple(of: 10) { try walk.checkFuture() }
            if step.isMultiple(of: 50) { try walk.checkRestart() }
        }
        #expect(walk.told > 400)
        #expect(walk.trials > 20)
        #expect(walk.checks > 20)
        #expect(walk.certain > (seed > 4 ? 500 : 100))
    }
}
