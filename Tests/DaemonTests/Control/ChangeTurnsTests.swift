import Synchronization
import Testing

@testable import Daemon

@Suite("One change at a time", .timeLimit(.minutes(5)))
struct ChangeTurnsTests {
    private struct Refused: Error {}

    private final class Counts: Sendable {
        let running = Atomic(0)
        let most = Atomic(0)
        let done = Atomic(0)
    }

    @Test("changes never overlap, although each of them waits in its middle, and a failed one lets the next one in")
    func neverOverlap() async throws {
        let turns = ChangeTurns()
        let counts = Counts()
        let done = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        try await turns.take(orElse: Refused()) { () throws(Refused) in
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

    @Test(
        "at the end the change that runs is waited for, those that wait are refused, and so is who comes later (K-028)")
    func ends() async throws {
        let turns = ChangeTurns()
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (permits, permit) = AsyncStream<Void>.makeStream()
        let counts = Counts()
        await withTaskGroup { group in
            group.addTask {
                try? await turns.take(orElse: Refused()) { () throws(Refused) in
                    begin.finish()
                    for await _ in permits {}
                    counts.done.store(1, ordering: .releasing)
                }
            }
            for await _ in begun {}
            group.addTask {
                await #expect(throws: Refused.self) {
                    try await turns.take(orElse: Refused()) { () throws(Refused) in }
                }
            }
            await turns.end()
            await turns.idle(within: .milliseconds(1))
            #expect(counts.done.load(ordering: .acquiring) == 0, "only so long")
            permit.finish()
            await turns.idle(within: .seconds(30))
            #expect(counts.done.load(ordering: .acquiring) == 1)
            await #expect(throws: Refused.self) { try await turns.take(orElse: Refused()) { () throws(Refused) in } }
        }
    }
}
