import Synchronization
import Testing

@testable import Daemon

@Suite("One change at a time", .timeLimit(.minutes(1)))
struct ChangeTurnsTests {
    private final class Counts: Sendable {
        let running = Atomic(0)
        let most = Atomic(0)
    }

    @Test("changes never overlap, although each of them waits in its middle, and a failed one lets the next one in")
    func neverOverlap() async throws {
        struct Refused: Error {}
        let turns = ChangeTurns()
        let counts = Counts()
        let done = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        try await turns.take {
                            let now = counts.running.add(1, ordering: .relaxed).newValue
                            counts.most.max(now, ordering: .relaxed)
                            await Task.yield()
                            counts.running.subtract(1, ordering: .relaxed)
                            if number.isMultiple(of: 3) { throw Refused() }
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(counts.most.load(ordering: .relaxed) == 1)
        #expect(done == 200 - 67)
    }
}
